"""When counselors read, and within how long they answer."""

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from peersupport.core import clock, words
from peersupport.core.datamap.registry import Words
from program.queries import facts
from program.rules import Span
from referrals import rules
from referrals.forms.duty import AwayForm, HoursForm, TimersForm, initial_of
from referrals.models import Counselor
from referrals.permissions import require_counselor, require_lead, seated
from referrals.queries.desk import in_hand
from referrals.queries.duty import Consequence, DayAhead, Duty, consequences, duty, settled
from referrals.rules import CareRole, Rung
from referrals.services import duty as services
from referrals.views.cases import calmly
from referrals.views.desk_words import URGENCIES
from referrals.views.pages import show

_GET_OR_POST = ["GET", "HEAD", "POST"]


def _bar(gap: Span, day: DayAhead) -> tuple[int, int]:
    """Return a stretch of a day as the drawing needs it: begin and width, of a thousand."""
    whole = (day.end - day.start).total_seconds()
    start = round(1000 * (gap.start - day.start).total_seconds() / whole)
    return start, round(1000 * (gap.end - day.start).total_seconds() / whole) - start


def _day(day: DayAhead, zone: ZoneInfo) -> dict[str, Any]:
    reads = [
        {"time": words.time_range(one.start, one.end, zone), "name": one.name} for one in day.reads
    ]
    return {
        "day": words.day(day.day),
        "holiday": day.holiday,
        "reads": reads,
        "bars": [_bar(gap, day) for gap in day.gaps],
    }


def _readers(found: Duty, by: Counselor, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    is_lead = by.role == CareRole.LEAD
    return [
        {
            "name": one.name,
            "may_change": is_lead or one.id == by.pk,
            "is_me": one.id == by.pk,
            "hours": [
                {
                    "id": hours.id,
                    "day": words.weekday(hours.weekday),
                    "time": _("%(start)s to %(end)s")
                    % {
                        "start": _wall(hours.starts, now, zone),
                        "end": _wall(hours.ends, now, zone),
                    },
                    "days": _days(hours.first_on, hours.last_on),
                }
                for hours in one.hours
            ],
            "away": [
                {"id": days.id, "days": words.dates(days.first_on, days.last_on)}
                for days in one.away
            ],
        }
        for one in found.readers
    ]


def _days(first: date | None, last: date | None) -> str:
    """Return from which day and until which weekly hours hold; nothing if always."""
    if first is not None and last is not None:
        return words.dates(first, last)
    if first is not None:
        return _("from %s on") % words.dated(first)
    return _("until %s") % words.dated(last) if last is not None else ""


def _wall(time: Any, now: datetime, zone: ZoneInfo) -> str:
    day = clock.local_date(now, zone)
    return words.time_of_day(datetime.combine(day, time, tzinfo=zone), zone)


@require_http_methods(_GET_OR_POST)
@require_counselor
@calmly
def hours(request: HttpRequest) -> HttpResponse:
    """Show who reads when and the coming two weeks; add hours."""
    by, now, zone = seated(request), clock.now(), facts().zone
    found = duty(now, zone)
    posted = request.POST if request.method == "POST" else None
    form = HoursForm(posted, **_of_whom(found, by, now, zone))
    if form.is_valid():
        services.add_hours(**form.cleaned_data, by=by, now=now)
        messages.success(request, _("Added. Students are told these times from now on."))
        return redirect("care:duty")
    return _page(request, found, form=form)


def _of_whom(found: Duty, by: Counselor, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the forms need: for whom this counselor may set something, and the day."""
    is_lead = by.role == CareRole.LEAD
    people = [(one.id, one.name) for one in found.readers if is_lead or one.id == by.pk]
    initial = {"card": str(by.pk)}
    return {"people": people, "today": clock.local_date(now, zone), "initial": initial}


def _page(
    request: HttpRequest,
    found: Duty,
    *,
    form: HoursForm | None = None,
    away: AwayForm | None = None,
) -> HttpResponse:
    by, now, zone = seated(request), clock.now(), facts().zone
    wrong = away if away is not None else form
    whom = _of_whom(found, by, now, zone)
    context = {
        "form": form or HoursForm(**whom),
        "away": away or AwayForm(prefix="away", **whom),
        "wrong": wrong,
        "readers": _readers(found, by, now, zone),
        "days": [_day(day, zone) for day in found.days],
        "nobody": not any(one.hours for one in found.readers),
        "zone_name": words.zone_name(now, zone),
    }
    is_wrong = wrong is not None and bool(wrong.errors)
    return show(request, "duty", context, status=400 if is_wrong else 200)


@require_http_methods(_GET_OR_POST)
@require_counselor
@calmly
def add_away(request: HttpRequest) -> HttpResponse:
    """Note days on which somebody is away. Asked for by itself, it is the page of hours."""
    by, now, zone = seated(request), clock.now(), facts().zone
    found = duty(now, zone)
    posted = request.POST if request.method == "POST" else None
    form = AwayForm(posted, prefix="away", **_of_whom(found, by, now, zone))
    if not form.is_valid():
        return _page(request, found, away=form)
    services.add_away(**form.cleaned_data, by=by, now=now)
    messages.success(request, _("Noted. Students are told no time on these days."))
    count = in_hand(by, form.cleaned_data["card"])
    if count:
        said = ngettext(
            "%d is still in hand: hand it on before these days begin.",
            "%d are still in hand: hand them on before these days begin.",
            count,
        )
        messages.warning(request, said % count)
    return redirect("care:duty")


@require_POST
@require_counselor
@calmly
def remove_away(request: HttpRequest, away: uuid.UUID) -> HttpResponse:
    """Take days away back."""
    services.remove_away(away=away, by=seated(request), now=clock.now())
    messages.success(request, _("Removed. These days are read as in every week."))
    return redirect("care:duty")


@require_POST
@require_counselor
@calmly
def remove_hours(request: HttpRequest, hours: uuid.UUID) -> HttpResponse:
    """Take weekly hours away."""
    services.remove_hours(hours=hours, by=seated(request), now=clock.now())
    messages.success(request, _("Removed. What already waits keeps the time its student knows."))
    return redirect("care:duty")


_RUNGS: dict[Rung, Words] = {
    Rung.DUTY: gettext_lazy("whoever reads then"),
    Rung.AGAIN: gettext_lazy("everybody who may see it"),
    Rung.LEAD: gettext_lazy("the lead"),
    Rung.LINE: gettext_lazy("the on-call line"),
}


def _follows(one: Consequence, line_name: str, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    kind, word = URGENCIES.get(one.urgency, ("danger", gettext_lazy("In danger")))
    rungs = [
        {
            "who": line_name if rung is Rung.LINE and line_name else str(_RUNGS[rung]),
            "when": words.moment_near(at, now, zone),
        }
        for rung, at in one.rungs
    ]
    return {
        "kind": kind,
        "word": str(word),
        "rungs": rungs,
        "taken": words.moment_near(one.acknowledge_by, now, zone),
        "reached": words.moment_near(one.contact_by, now, zone),
    }


@require_http_methods(_GET_OR_POST)
@require_lead
def timers(request: HttpRequest) -> HttpResponse:
    """Show how soon each urgency is answered and what follows from it; change it."""
    now, zone = clock.now(), facts().zone
    found = settled(now, zone)
    line = {"line_name": found.line_name, "line_email": found.line_email}
    initial = {**initial_of(dict(found.plan.timers)), **line}
    form = TimersForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        services.set_timers(
            timers=form.timers(),
            line_name=form.cleaned_data["line_name"],
            line_email=form.cleaned_data["line_email"],
            by=seated(request),
            now=now,
        )
        messages.success(request, _("Saved. What comes from now on is counted by it."))
        return redirect("care:timers")
    context = {
        "form": form,
        "groups": [(*URGENCIES[name], fields) for name, fields in form.groups()],
        "follows": [
            _follows(one, found.line_name, now, zone) for one in consequences(found.plan, now)
        ],
        "now": words.moment_near(now, now, zone),
        "has_line": bool(found.line_email),
        "danger": words.minutes(rules.DANGER.acknowledge),
    }
    return show(request, "timers", context)
