"""One's own passkeys, recovery codes and sessions on the care side."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peersupport.core import clock
from peersupport.core.states import NotAllowedFrom
from referrals import care_passkeys, care_sessions, rules
from referrals.care_passkeys import ADD, NotRight
from referrals.forms.people import NewKeyForm
from referrals.permissions import require_counselor, require_proof, seated
from referrals.queries.counselors import codes_left, passkeys_of
from referrals.services import care_factors
from referrals.views.pages import show

_GET_OR_POST = ["GET", "HEAD", "POST"]


def _came_by_code(request: HttpRequest) -> bool:
    found = care_sessions.seat(request)
    return found is not None and found.proved_at is None


@require_safe
@require_counselor
def me(request: HttpRequest) -> HttpResponse:
    """Show one's passkeys and how many recovery codes are left."""
    who = seated(request)
    context = {
        "keys": passkeys_of(who.pk),
        "codes_left": codes_left(who),
        "came_by_code": _came_by_code(request),
    }
    return show(request, "me", context)


@require_http_methods(_GET_OR_POST)
@require_counselor
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey: proved by another, or, after a recovery code, for the lead to confirm."""
    return _add(request) if _came_by_code(request) else require_proof(_add)(request)


def _add(request: HttpRequest) -> HttpResponse:
    who, now = seated(request), clock.now()
    form = NewKeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            new = care_passkeys.made(request, ADD, form.cleaned_data["passkey"], now)
            if new.counselor.pk != who.pk:
                raise NotRight
            care_factors.add_passkey(
                credential=new.credential,
                name=form.cleaned_data["name"],
                is_proved=not _came_by_code(request),
                by=who,
                now=now,
            )
        except NotRight:
            form.add_error(None, _("That did not work. Try once more."))
        except rules.TooMany:
            form.add_error(None, _("You have as many as anybody needs. Remove one first."))
        except rules.NotAllowed:
            raise Http404 from None
        else:
            messages.success(request, _("The passkey is here."))
            return redirect("care:me")
    works = care_passkeys.work_here(request)
    options = care_passkeys.ask_to_make(request, ADD, who, now) if works else None
    return show(request, "passkey_add", {"form": form, "options": options})


@require_http_methods(_GET_OR_POST)
@require_counselor
@require_proof
def remove_passkey(request: HttpRequest, passkey: uuid.UUID) -> HttpResponse:
    """Ask, then remove a passkey of one's own."""
    who = seated(request)
    key = next((each for each in passkeys_of(who.pk) if each.id == passkey), None)
    if key is None:
        raise Http404
    if request.method != "POST":
        return show(request, "passkey_remove", {"key": key})
    try:
        care_factors.remove_passkey(passkey=key.id, by=who, now=clock.now())
    except rules.LastPasskey:
        messages.error(request, _("The last passkey stays. Add another one first."))
    except (rules.NotAllowed, NotAllowedFrom):
        raise Http404 from None
    else:
        messages.success(request, _("It is removed."))
    return redirect("care:me")


@require_http_methods(_GET_OR_POST)
@require_counselor
@require_proof
def codes(request: HttpRequest) -> HttpResponse:
    """Make recovery codes; they are shown once, here."""
    who = seated(request)
    if request.method != "POST":
        return show(request, "codes_make", {"codes_left": codes_left(who)})
    try:
        made = care_factors.make_codes(by=who, now=clock.now())
    except rules.NotAllowed:
        raise Http404 from None
    return show(request, "codes", {"codes": made})


@require_POST
@require_counselor
def end_others(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    care_sessions.end_all(seated(request), but=request)
    messages.success(request, _("You are signed in nowhere else."))
    return redirect("care:me")
