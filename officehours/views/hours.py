"""Cancelling hours, after a page that asks."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours.models import Assignment, Shift
from officehours.queries.cover import partner_in
from officehours.services import hours
from officehours.views.acts import act_and_return
from peersupport.core import clock, words
from program.queries import facts


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_own(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Cancel one's own hours, after a page that says who is affected."""
    person = signed_in(request)
    theirs = Assignment.objects.filter(shift=shift, supporter=person, is_active=True)
    if not theirs.exists():
        raise Http404
    return _cancel(request, shift, "hours:cancel", "hours:console", partner_in(person, shift))


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_program(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Cancel hours for the program, after a page that asks."""
    if not Shift.objects.filter(pk=shift).exists():
        raise Http404
    return _cancel(request, shift, "hours:cancel-for-program", "hours:program")


def _which(shift: uuid.UUID) -> str:
    """Return which hours these are: one wrong tap on a list must be seen before it is sent."""
    zone = facts().zone
    found = Shift.objects.get(pk=shift)
    day = words.day_near(
        clock.local_date(found.starts_at, zone), clock.local_date(clock.now(), zone)
    )
    said = words.time_range(found.starts_at, found.ends_at, zone)
    return f"{words.upper_first(day)}, {said}, {found.place}"


def _cancel(
    request: HttpRequest, shift: uuid.UUID, address: str, back: str, partner: str | None = None
) -> HttpResponse:
    if request.method == "POST":
        done = act_and_return(
            request,
            lambda person, now: hours.cancel_shift(shift=Shift(pk=shift), by=person, now=now),
        )
        return redirect(back) if done.status_code == 302 else done
    context: dict[str, Any] = {
        "personal": True,
        "title": _("Cancel these hours?"),
        "text": _("Whoever has a time in them is told and offered others. It cannot be undone."),
        "action": reverse(address, args=[shift]),
        "field": "",
        "yes": _("Cancel the hours"),
        "is_danger": True,
        "which": _which(shift),
        "no": reverse(back),
    }
    if partner is not None:
        context["title"] = _("Leave these hours?")
        context["text"] = _(
            "%s stays. Whoever has a time with you is offered the same time with them."
        ) % (partner or _("The other supporter"))
        context["yes"] = _("Leave the hours")
    return render(request, "officehours/confirm.html", context)
