"""Pages for planning events: the list, a month, what has been, one event and what can be done."""

import uuid
from calendar import Calendar
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.forms import IS_OVER
from events.markdown import to_html
from events.models import Event
from events.permissions import may_draft, may_keep, may_plan, may_publish
from events.planning_forms import DayForm
from events.planning_rules import ChangedMeanwhile, HasPeople, InThePast, Letting, NoPlaceYet
from events.queries import clashes, plans
from events.rules import Kind, NotAllowed, NotAllowedFrom, State
from events.services import planning, writing
from events.views import plan_words as said
from events.views.desk import Desk, desk, event_or_404, meanwhile, needs_keeper, planners
from peersupport.core import clock, words

_YEAR_ON = timedelta(days=364)  # a Monday stays a Monday
_LONG_AGO = timedelta(days=120)
_DAY = timedelta(days=1)
_WEEK = 7 * _DAY


@planners
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what is planned, month by month, and drafts that wait for somebody to publish them."""
    at = desk(request, drafting=True)
    zone = at.known.zone
    page = plans.ahead(at.by, at.now, request.GET.get("page"))
    rows = list(page)
    drafts = [row for row in rows if row.state == State.DRAFT]
    hosts = plans.hosts_of([row.pk for row in drafts])
    shown = [said.row_of(row, at.now, zone) | {"month": _month(row, at)} for row in rows]
    standing = _by_month([row for row in shown if not row["is_draft"]])
    context = {
        "personal": True,
        "is_planner": may_plan(at.by),
        "lets_publish": at.letting == Letting.PUBLISH,
        "months": standing,
        "page": page,
        "drafts": [
            row | {"hosts": ", ".join(sorted(hosts.get(row["id"], {}).values()))}
            for row in shown
            if row["is_draft"]
        ],
        "zone": words.zone_name(at.now, zone),
    }
    return render(request, "events/plan/list.html", context)


def _month(row: Event, at: Desk) -> str:
    return month_words(said.day_of(row, at.known.zone))


def month_words(day: date) -> str:
    """Return "December 2026"."""
    return formats.date_format(day, "F Y", use_l10n=False)


def _by_month(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(month, list(found)) for month, found in groupby(rows, key=lambda one: one["month"])]


def _asked_month(request: HttpRequest, today: date) -> date:
    """Return the first day of the month that is asked for; this one if it is none."""
    asked = request.GET.get("month", "")
    try:
        first = date.fromisoformat(f"{asked}-01") if len(asked) == 7 else today
    except ValueError:
        first = today
    return first.replace(day=1) if 2000 <= first.year <= 2200 else today.replace(day=1)


def _cell(
    day: date, first: date, rows: list[Event], around: list[clashes.Day], at: Desk
) -> dict[str, Any]:
    """Return one day of a month. On a phone a day on which something only goes on is left out."""
    zone = at.known.zone
    notes = [one for one in around if one.first_on <= day <= one.last_on]
    begins = first - timedelta(days=first.weekday())  # the first day that is shown
    events = [
        said.row_of(row, at.now, zone) | {"time": words.time_of_day(row.starts_at, zone)}
        for row in rows
        if said.day_of(row, zone) == day
    ]
    return {
        "day": day,
        "words": words.day(day),
        "is_other": day.month != first.month,
        "is_today": day == at.today,
        "is_quiet": not events and all(max(one.first_on, begins) < day for one in notes),
        "notes": [_note(one, day, begins) for one in notes],
        "events": events,
    }


def _note(one: clashes.Day, day: date, begins: date) -> str:
    named = f"{one.title} ({one.whom})" if one.whom else one.title
    if one.last_on > day == max(one.first_on, begins):
        last = {"title": named, "day": words.day(one.last_on)}
        return _("%(title)s, until %(day)s") % last
    return named


@planners
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """Show a month with everything that is planned, its exams and its holidays."""
    at = desk(request, drafting=True)
    zone, first = at.known.zone, _asked_month(request, at.today)
    days = list(Calendar().itermonthdates(first.year, first.month))
    start, _end = clock.day_bounds(days[0], zone)
    _start, end = clock.day_bounds(days[-1], zone)
    rows = plans.between(at.by, start, end)
    around = clashes.days(days[0], days[-1])
    cells = [_cell(day, first, rows, around, at) for day in days]
    before, after = (first - timedelta(days=1)).replace(day=1), (first + 31 * _DAY).replace(day=1)
    address = reverse("events:plan-calendar")
    context = {
        "personal": True,
        "title": month_words(first),
        "weekdays": [words.weekday(number) for number in range(7)],
        "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)],
        "is_empty": not any(cell["events"] or cell["notes"] for cell in cells),
        "earlier": (f"{address}?month={before:%Y-%m}", month_words(before)),
        "later": (f"{address}?month={after:%Y-%m}", month_words(after)),
    }
    return render(request, "events/plan/calendar.html", context)


@planners
@require_safe
def earlier(request: HttpRequest) -> HttpResponse:
    """Show what has been, the latest first: to be copied."""
    at = desk(request, drafting=True)
    zone = at.known.zone
    page = plans.earlier(at.by, at.now, request.GET.get("page"))
    found = [
        {
            "id": one.event.pk,
            "series": one.event.series_id,
            "title": one.event.title,
            "when": words.dated(said.day_of(one.event, zone)),
            "dates": one.dates,
            "month": _month(one.event, at),
            "tag": said.tag(one.event, at.now),
        }
        for one in page
    ]
    context = {"personal": True, "months": _by_month(found), "page": page}
    return render(request, "events/plan/earlier.html", context)


@planners
@require_safe
def one(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Show one event as people will read it, what stands in its way, and what can be done."""
    at = desk(request)
    return page(request, at, event_or_404(at, event))


def page(request: HttpRequest, at: Desk, row: Event) -> HttpResponse:
    """Return the page of one event: four queries more."""
    zone = at.known.zone
    hosts = plans.hosts_of([row.pk])[row.pk]
    facts = plans.facts_of(row, plans.invited_to(row.pk), hosts)
    found, dates = clashes.around(row, facts, zone)
    is_host = at.by.pk in hosts
    is_ahead = row.ends_at > at.now
    keeps = may_keep(at.by, row, at.letting, is_host=is_host) and row.state != State.CANCELLED
    publishes = may_publish(at.by, row, at.letting, is_host=is_host)
    context = {
        "personal": True,
        "row": row,
        "tag": said.tag(row, at.now),
        "taken": said.taken(row) if row.state == State.PUBLISHED else "",
        "when": said.when(row.starts_at, row.ends_at, zone),
        "zone": words.zone_name(row.starts_at, zone),
        "html": to_html(row.words),
        "facts": said.summary(facts, sorted(hosts.values()), zone),
        "clashes": [said.clash(each, zone) for each in found]
        if is_ahead and row.state != State.CANCELLED
        else [],
        "dates": [
            said.row_of(each, at.now, zone) | {"is_this": each.pk == row.pk} for each in dates
        ],
        "rhythm": said.rhythm(row.series) if row.series else "",
        "mark": plans.mark_of([row], {row.pk: facts}),
        "may_change": keeps and (is_ahead or row.state == State.DRAFT),
        "may_publish": publishes and row.state == State.DRAFT and row.starts_at > at.now,
        "waits_for_staff": row.state == State.DRAFT and not publishes,
        "is_past_draft": row.state == State.DRAFT and row.starts_at <= at.now,
        "has_place": bool(row.place or row.link),
        "may_cancel": keeps and row.state == State.PUBLISHED and is_ahead,
        "may_drop": keeps and writing.is_empty(row) and (is_ahead or row.state == State.DRAFT),
        "may_copy": row.kind != Kind.DEBRIEF and may_draft(at.by, at.letting),
    }
    return render(request, "events/plan/event.html", context)


@planners
@require_POST
def publish(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Publish a draft as it was looked at."""
    at = desk(request)
    row = event_or_404(at, event)
    try:
        planning.publish(event=row.pk, seen=request.POST.get("mark", ""), by=at.by, now=at.now)
    except NotAllowed:
        raise Http404 from None
    except (NotAllowedFrom, ChangedMeanwhile):
        meanwhile(request)
    except InThePast:
        messages.warning(request, _("It has begun already. Choose another day first."))
    except NoPlaceYet:
        messages.warning(request, _("It needs a place or a link first."))
    else:
        messages.success(request, _("Published."))
    return redirect("events:plan-event", event=row.pk)


def _ask(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "events/plan/ask.html", {"personal": True, **context}, status=status)


@planners
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Say what people are told, and cancel."""
    at = desk(request)
    row = event_or_404(at, event)
    known = plans.read([row])
    needs_keeper(at, row, known[row.pk].hosts)
    if row.state != State.PUBLISHED or row.ends_at <= at.now:
        messages.info(request, _("It is not on, so there is nothing to cancel."))
        return redirect("events:plan-event", event=row.pk)
    if request.method == "POST":
        return _cancel(request, at, row)
    tells = said.is_anybody_told([row])
    context = {
        "row": row,
        "which": said.when(row.starts_at, row.ends_at, at.known.zone),
        "title": _("Cancel this event?"),
        "told": said.told([row]),
        "shows_letter": tells,
        "text": _("It stays in the list as cancelled, and calendars show it so for 30 days."),
        "mark": plans.mark_of([row], known),
        "yes": _("Cancel it and tell them") if tells else _("Cancel it"),
        "action": reverse("events:plan-cancel", args=[row.pk]),
    }
    return _ask(request, context)


def _cancel(request: HttpRequest, at: Desk, row: Event) -> HttpResponse:
    try:
        planning.cancel(event=row.pk, seen=request.POST.get("mark", ""), by=at.by, now=at.now)
    except NotAllowed:
        raise Http404 from None
    except (NotAllowedFrom, ChangedMeanwhile):
        meanwhile(request)
    else:
        messages.success(request, _("Cancelled. Whoever had a place or waited is told."))
    return redirect("events:plan-event", event=row.pk)


@planners
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Ask, and take a draft or an event that nobody wants to come to away."""
    at = desk(request)
    row = event_or_404(at, event)
    needs_keeper(at, row, plans.hosts_of([row.pk])[row.pk])
    if request.method != "POST":
        context = {
            "row": row,
            "which": said.when(row.starts_at, row.ends_at, at.known.zone),
            "title": _("Remove this event?"),
            "text": _("It is gone then. Nobody has a place in it, so nobody is told."),
            "yes": _("Remove it"),
            "action": reverse("events:plan-drop", args=[row.pk]),
        }
        return _ask(request, context)
    try:
        planning.drop(event=row.pk, by=at.by, now=at.now)
    except NotAllowed:
        raise Http404 from None
    except HasPeople:
        messages.warning(request, _("Somebody wants to come: cancel it, so that they are told."))
        return redirect("events:plan-event", event=row.pk)
    except NotAllowedFrom:
        meanwhile(request)
        return redirect("events:plan-event", event=row.pk)
    messages.success(request, _("Removed."))
    return redirect("events:plan")


def copy_day(row: Event, at: Desk) -> date:
    """Return the day that a copy most likely is for: next week, or the same day a year on."""
    day = said.day_of(row, at.known.zone)
    if row.ends_at < at.now - _LONG_AGO:
        return _not_over(day + _YEAR_ON, at.today)
    return _not_over(day + _WEEK, at.today)


def _not_over(day: date, today: date) -> date:
    """Return a day, or the next one of its weekday that is not over."""
    return day if day > today else today + ((day - today) % _WEEK or _WEEK)


@planners
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Ask for which day, and make a draft of the same."""
    at = desk(request, drafting=True)
    row = event_or_404(at, event)
    if row.kind == Kind.DEBRIEF:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = DayForm(data, today=at.today, initial={"day": copy_day(row, at)})
    if data is not None and form.is_valid():
        try:
            day = form.cleaned_data["day"]
            copied = planning.copy(event=row.pk, day=day, by=at.by, now=at.now)
        except NotAllowed:
            raise Http404 from None
        except InThePast:
            form.add_error("day", IS_OVER)
        else:
            messages.success(request, _("A draft is made. Nobody sees it until it is published."))
            return redirect("events:plan-event", event=copied.pk)
    context = {
        "personal": True,
        "form": form,
        "row": row,
        "which": said.when(row.starts_at, row.ends_at, at.known.zone),
        "back": reverse("events:plan-event", args=[row.pk]),
    }
    return render(request, "events/plan/copy.html", context, status=400 if form.errors else 200)
