"""Publishing, cancelling and the program's view of all hours."""

import uuid
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import CloseForm
from officehours.models import Assignment, Shift
from officehours.queries import pages
from officehours.services import hours
from officehours.views.acts import act_and_return
from peersupport.core import clock, words
from program.queries import facts


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_own(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Cancel one's own hours, after a page that says who is affected."""
    theirs = Assignment.objects.filter(shift=shift, supporter=signed_in(request), is_active=True)
    if not theirs.exists():
        raise Http404
    return _cancel(request, shift, "hours:cancel", "hours:console")


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_safe
def program(request: HttpRequest) -> HttpResponse:
    """Show all hours, and never who came."""
    now = clock.now()
    zone = facts().zone
    kinds = {
        "published": ("info", _("Published")),
        "open": ("ok", _("Open")),
        "closed": ("off", _("Closed")),
        "cancelled": ("off", _("Cancelled")),
    }
    rows = [
        {
            "id": row.shift,
            "names": ", ".join(row.names),
            "day": words.day_near(
                clock.local_date(row.starts_at, zone), clock.local_date(now, zone)
            ).capitalize(),
            "range": words.time_range(row.starts_at, row.ends_at, zone),
            "place": row.place,
            "tag": kinds[row.state],
            "may_cancel": row.may_cancel,
        }
        for row in pages.program_hours(now)
    ]
    return render(request, "officehours/program.html", {"personal": True, "rows": rows})


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def close_all(request: HttpRequest) -> HttpResponse:
    """Close everything for some days, after showing which hours; never who has a time in them."""
    now, zone = clock.now(), facts().zone
    today = clock.local_date(now, zone)
    if request.method != "POST":
        form = CloseForm(today=today, initial={"first": today, "last": today})
        return render(request, "officehours/close_all.html", {"personal": True, "form": form})
    form = CloseForm(request.POST, today=today)
    context: dict[str, Any] = {"personal": True, "form": form}
    if not form.is_valid():
        return render(request, "officehours/close_all.html", context, status=400)
    data = form.cleaned_data
    start = rules.bounds(data["first"], time(0), time(0), zone)[0]
    end = rules.bounds(data["last"], time(0), time(0), zone)[1]
    if not data["is_sure"]:
        standing = hours.shifts_between(max(start, now), end)
        context |= {"asks": True, "standing": [_standing(one, now, zone) for one in standing]}
        return render(request, "officehours/close_all.html", context)
    closed, left = hours.close_between(start=start, end=end, by=signed_in(request), now=now)
    context = {"personal": True, "closed": closed, "left": left}
    return render(request, "officehours/closed_all.html", context)


def _standing(shift: Shift, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    day = clock.local_date(shift.starts_at, zone)
    near = words.day_near(day, clock.local_date(now, zone))
    return {
        "day": near[:1].upper() + near[1:],
        "range": words.time_range(shift.starts_at, shift.ends_at, zone),
        "place": shift.place,
    }


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_program(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Cancel hours for the program, after a page that asks."""
    if not Shift.objects.filter(pk=shift).exists():
        raise Http404
    return _cancel(request, shift, "hours:cancel-for-program", "hours:program")


def _cancel(request: HttpRequest, shift: uuid.UUID, address: str, back: str) -> HttpResponse:
    if request.method == "POST":
        done = act_and_return(
            request,
            lambda person, now: hours.cancel_shift(shift=Shift(pk=shift), by=person, now=now),
        )
        return redirect(back) if done.status_code == 302 else done
    context = {
        "personal": True,
        "title": _("Cancel these hours?"),
        "text": _("Whoever has a time in them is told and offered others. It cannot be undone."),
        "action": reverse(address, args=[shift]),
        "field": "",
        "yes": _("Cancel the hours"),
        "no": reverse(back),
    }
    return render(request, "officehours/confirm.html", context)
