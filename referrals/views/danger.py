"""In danger: who answers first, then what a supporter hands to the counselors without consent."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock, emergency, words
from peersupport.core.ui.crisis import Line
from program.queries import behind, facts
from referrals.envelope import TooLong
from referrals.forms.danger import DangerForm
from referrals.queries import danger as reads
from referrals.rules import NotSealed
from referrals.services import danger
from referrals.views.browser import kept_nowhere


def _talk(talk: emergency.Talk, now: datetime, zone: ZoneInfo) -> str:
    said = {"when": words.moment_near(talk.at, now, zone), "reference": talk.reference}
    line = (
        _("The talk that ended, %(when)s (%(reference)s)") % said
        if talk.is_over
        else _("The talk at %(when)s (%(reference)s)") % said
    )
    if talk.has_contact:
        line = _("%s. Where they are is handed over with it") % line
    return line


def _form(request: HttpRequest, person: Person, now: datetime) -> DangerForm:
    zone = facts().zone
    talks = [(one.reference, _talk(one, now, zone)) for one in emergency.talks(person.pk, now)]
    return DangerForm(request.POST if request.method == "POST" else None, talks=talks)


@kept_nowhere
@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def raise_danger(request: HttpRequest) -> HttpResponse:
    """Numbers and steps first; then who and where, why, and which talk. Nothing limits it."""
    now = clock.now()
    person = signed_in(request)
    form = _form(request, person, now)
    status, cannot = 200, False
    if request.method == "POST":
        status = 400
        if form.is_valid():
            wrong = _raise(person, form, now)
            if not wrong:
                return redirect("referrals:danger-raised", nonce=form.cleaned_data["nonce"])
            cannot, status = wrong == "cannot", 503 if wrong == "cannot" else 400
            if not cannot:
                form.add_error(None, wrong)
    context = {
        "personal": True,
        "form": form,
        "cannot": cannot,
        "is_now": True,
        "lines": _lines(now),
    }
    return render(request, "referrals/danger.html", context, status=status)


def _lines(now: datetime) -> list[Line]:
    return [Line(one.label, one.phone) for one in behind(now, facts().zone)]


def _raise(person: Person, form: DangerForm, now: datetime) -> str:
    """Hand it on; return what is in the way, or nothing."""
    said = form.cleaned_data
    try:
        danger.raise_danger(
            supporter=person,
            told=said["told"],
            reason=said["reason"],
            visit=said.get("visit") or "",
            nonce=said["nonce"],
            now=now,
        )
    except NotSealed:
        return "cannot"
    except danger.NotYourTalk:
        return _("That talk is over by now. Choose another, or none.")
    except (danger.NoReason, TooLong):
        return _("Write what you know and why, in a few sentences.")
    return ""


@kept_nowhere
@require_role(Role.SUPPORTER)
@require_safe
def raised(request: HttpRequest, nonce: uuid.UUID) -> HttpResponse:
    """Say that it was received, and who is there for the supporter now. Nothing else, ever."""
    now = clock.now()
    code = reads.raised(signed_in(request).pk, nonce)
    if code is None:
        raise Http404
    context = {"personal": True, "code": code, "lines": _lines(now)}
    return render(request, "referrals/danger_raised.html", context)
