"""The program's view of all hours: gaps, holidays, pairs. Never who came, or how many."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import CloseForm
from officehours.models import Shift
from officehours.planning_forms import EndForm, KeepForm
from officehours.queries import pages
from officehours.queries import planning as reads
from officehours.services import hours, planning
from officehours.views import preview
from peersupport.core import clock, words
from peersupport.core.states import NotAllowedFrom
from program.queries import facts, holidays
from program.queries import holiday as one_holiday

_STATES = {
    "published": ("info", gettext_lazy("Published")),
    "open": ("ok", gettext_lazy("Open")),
    "closed": ("off", gettext_lazy("Closed")),
    "cancelled": ("off", gettext_lazy("Cancelled")),
}


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_safe
def program(request: HttpRequest) -> HttpResponse:
    """Show all hours, where nobody stands behind them, and the holidays."""
    now, zone = clock.now(), facts().zone
    today = clock.local_date(now, zone)
    found = pages.program_hours(now)
    standing = [(row.shift, row.starts_at, row.ends_at) for row in found if row.may_cancel]
    missing = {one.shift: one.gaps for one in reads.uncovered_ahead(standing)}
    rows = []
    for row in found:
        gaps = [words.time_range(gap.start, gap.end, zone) for gap in missing.get(row.shift, ())]
        rows.append(
            {
                "id": row.shift,
                "names": _(" and ").join(row.names),
                "is_pair": len(row.names) > 1,
                **_near(row.starts_at, row.ends_at, now, zone),
                "place": row.place,
                "tag": _STATES[row.state],
                "gaps": _("Nobody behind, %s") % ", ".join(gaps) if gaps else "",
                "may_cancel": row.may_cancel,
            }
        )
    context = {
        "personal": True,
        "rows": rows,
        "has_gaps": bool(missing),
        "holidays": [
            (one.name, words.day(one.first_on), words.day(one.last_on))
            for one in holidays(today, today + rules.HORIZON)
        ],
        "weekly": [
            {
                "rule": one.rule.pk,
                "names": _(" and ").join(filter(None, (one.who, one.partner))),
                "day": words.weekday(one.rule.weekday),
                "place": one.rule.place,
            }
            for one in reads.weekly_hours(today)
        ],
    }
    return render(request, "officehours/program.html", context)


def _near(start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    near = words.day_near(clock.local_date(start, zone), clock.local_date(now, zone))
    return {"day": words.upper_first(near), "range": words.time_range(start, end, zone)}


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def decide_holiday(request: HttpRequest, holiday: uuid.UUID) -> HttpResponse:
    """Keep or cancel each of the hours that still stand in a holiday."""
    now, zone = clock.now(), facts().zone
    found = one_holiday(holiday)
    if found is None:
        raise Http404
    standing = list(reads.in_days(found.first_on, found.last_on, now))
    asked = [(shift.pk, _line(shift, now, zone)) for shift in standing]
    form = KeepForm(request.POST if request.method == "POST" else None, shifts=asked)
    if request.method == "POST" and form.is_valid():
        _cancel_chosen(request, form, now)
        return redirect("hours:program")
    context = {"personal": True, "form": form, "holiday": found.name}
    status = 400 if form.errors else 200
    return render(request, "officehours/program_holiday.html", context, status=status)


def _line(shift: Shift, now: datetime, zone: ZoneInfo) -> str:
    near = _near(shift.starts_at, shift.ends_at, now, zone)
    return f"{near['day']}, {near['range']}, {shift.place}"


def _cancel_chosen(request: HttpRequest, form: KeepForm, now: datetime) -> None:
    """Cancel the hours that were chosen, one transaction each, and say how it went."""
    done = left = 0
    for shift in form.to_cancel():
        try:
            hours.cancel_shift(shift=Shift(pk=shift), by=signed_in(request), now=now)
            done += 1
        except (rules.AlreadyTalking, NotAllowedFrom):
            left += 1
    if done:
        said = ngettext(
            "%d stretch of hours is cancelled.", "%d stretches of hours are cancelled.", done
        )
        messages.success(request, said % done)
    if left:
        messages.warning(request, _("Some had changed or had a talk going on, and are as before."))


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def end_weekly(request: HttpRequest, rule: uuid.UUID) -> HttpResponse:
    """End anybody's weekly hours; what is published stays, and can be cancelled singly."""
    found = reads.any_rule(rule)
    if found is None:
        raise Http404
    now = clock.now()
    today = clock.local_date(now, ZoneInfo(found.zone))
    data = request.POST if request.method == "POST" else None
    form = EndForm(data, rule=found, today=today, initial={"last_on": today})
    if request.method == "POST" and form.is_valid():
        planning.end_for_program(rule=found, by=signed_in(request), now=now, **form.values())
        messages.success(request, _("Ended. What is published stays: cancel it singly."))
        return redirect("hours:program")
    context = {
        "personal": True,
        "form": form,
        "back": reverse("hours:program"),
        "text": preview.summary(reads.hours_of_rule(found), words.weekday(found.weekday)),
        "for_program": True,
    }
    status = 400 if form.errors else 200
    return render(request, "officehours/rule_end.html", context, status=status)


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
    start, end = form.stretch(zone)
    if not form.cleaned_data["is_sure"]:
        standing = hours.shifts_between(max(start, now), end)
        context |= {"asks": True, "standing": [_standing(one, now, zone) for one in standing]}
        return render(request, "officehours/close_all.html", context)
    closed, left = hours.close_between(start=start, end=end, by=signed_in(request), now=now)
    context = {"personal": True, "closed": closed, "left": left}
    return render(request, "officehours/closed_all.html", context)


def _standing(shift: Shift, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {**_near(shift.starts_at, shift.ends_at, now, zone), "place": shift.place}
