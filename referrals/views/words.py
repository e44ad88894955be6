"""A supporter's words for a student, and what became of earlier ones."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock
from referrals import limits
from referrals.forms.words import AttachForm
from referrals.models import Attachment
from referrals.queries.attached import attached_by
from referrals.services import attaching
from referrals.views.browser import handle_of, kept_nowhere


def _states() -> dict[str, tuple[str, str, str]]:
    states = Attachment.State
    return {
        states.WAITING: ("info", _("Waiting"), _("The student has not sent anything yet.")),
        states.RECEIVED: ("ok", _("Received"), _("The counselors' side has received it.")),
        states.GONE: ("off", _("Gone"), _("It was not sent on. Nothing of it is left.")),
    }


@kept_nowhere
@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: HttpRequest) -> HttpResponse:
    """Take words for whoever began and reads out a code. Only their browser can open them."""
    now = clock.now()
    person = signed_in(request)
    form = AttachForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            wrong = _attach(request, form)
            if not wrong:
                messages.success(request, _("Done. The student sees your words now."))
                return redirect("referrals:words")
            form.add_error("code", wrong)
    known = _states()
    context: dict[str, Any] = {
        "personal": True,
        "form": form,
        "sent": [known[state] for state in attached_by(person.pk, now)],
    }
    return render(request, "referrals/words.html", context, status=status)


def _attach(request: HttpRequest, form: AttachForm) -> str:
    """Attach the words; return what is wrong, or nothing."""
    person = signed_in(request)
    if not limits.may_try_code(person.pk.hex):
        return _("You have tried many codes. Wait ten minutes, and ask for a new one.")
    try:
        attaching.attach(
            supporter=person,
            code=form.cleaned_data["code"],
            words=form.cleaned_data["words"],
            request_key=form.cleaned_data["request_key"],
            here=handle_of(request),
            now=clock.now(),
        )
    except attaching.WrongCode:
        return _("This code does not work. Codes last half an hour: ask for a new one.")
    except attaching.Enough:
        return _("Others have attached words already, and there is no more room.")
    return ""
