"""Pages that write an event down and change it, with a look at what happens before it does."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from events.forms import IS_OVER, STAYS_DISCREET, EventForm, initial_of
from events.models import Event
from events.permissions import may_plan
from events.planning_forms import AnywayForm, LeaveOutForm
from events.planning_rules import (
    IS_TOLD,
    ChangedMeanwhile,
    Facts,
    InThePast,
    Scope,
    StaysDiscreet,
    changed,
    moved,
)
from events.queries import clashes, plans
from events.rules import MOST_DATES, Kind, NotAllowed, NotAllowedFrom, State, Visibility
from events.series_rules import dates
from events.services import planning, series
from events.views import plan_words as said
from events.views.desk import Desk, desk, meanwhile, needs_keeper, planners
from peersupport.core import words
from program.registry import value_of

_BEGIN = {"visibility": str(Visibility.STUDENTS), "every_weeks": 0, "opens": 0, "closes": 0}


def _kinds(at: Desk, before: Facts | None = None) -> list[Kind]:
    """Return what somebody may plan."""
    if before is not None and before.kind is Kind.DEBRIEF:
        return [Kind.DEBRIEF]
    if not may_plan(at.by):
        return [before.kind if before else Kind.WORKSHOP]
    return [kind for kind in Kind if kind is not Kind.DEBRIEF]


def _form(at: Desk, data: Any, **more: Any) -> EventForm:
    return EventForm(
        data,
        now=at.now,
        zone=at.known.zone,
        kinds=_kinds(at, more.get("before")),
        people=plans.can_host(),
        groups=plans.cohorts(),
        **more,
    )


def _form_page(
    request: HttpRequest, at: Desk, form: EventForm, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "personal": True,
        "form": form,
        "zone": words.zone_name(at.now, at.known.zone),
        **more,
    }
    return render(request, "events/plan/form.html", context, status=status)


# -- new ------------------------------------------------------------------------------------------
@planners
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Write a draft, or the drafts of a series after a look at its dates."""
    at = desk(request, drafting=True)
    if request.method != "POST":
        place = value_of(at.known.values, "place")
        begin = {**_BEGIN, "place": place["room"] if place else ""}
        begin["kind"] = str(_kinds(at)[0])
        return _form_page(request, at, _form(at, None, initial=begin))
    form = _form(at, request.POST)
    if not form.is_valid():
        return _form_page(request, at, form, 400)
    if "back" in request.POST:
        return _form_page(request, at, form)
    if form.cleaned_data["every_weeks"]:
        return _series(request, at, form)
    try:
        row = planning.write(facts=form.facts(), by=at.by, now=at.now)
    except NotAllowed:
        raise Http404 from None
    except InThePast:
        form.add_error("starts", IS_OVER)
        return _form_page(request, at, form, 400)
    messages.success(request, _("Kept as a draft. Nobody sees it until it is published."))
    return redirect("events:plan-event", event=row.pk)


def _series(request: HttpRequest, at: Desk, form: EventForm) -> HttpResponse:
    """Show the dates of a series that is to be made, or make it."""
    facts, zone = form.facts(), at.known.zone
    weeks, last = form.cleaned_data["every_weeks"], form.cleaned_data["last_on"]
    days = dates(form.cleaned_data["day"], last, weeks, most=MOST_DATES)
    is_sure = "sure" in request.POST
    planned = [moved(facts, day, zone) for day in days]
    found = [] if is_sure else clashes.clashes(planned, zone)
    closed = [
        day.isoformat()
        for day, each in zip(days, found, strict=False)
        if any(one.why is clashes.Why.HOLIDAY for one in each)
    ]
    named = [(day, words.dated(day)) for day in days]
    begin = {"leave_out": closed}
    leaves = LeaveOutForm(request.POST if is_sure else None, dates=named, initial=begin)
    if is_sure and leaves.is_valid():
        return _make(request, at, form, leaves.cleaned_data["leave_out"])
    found = found or clashes.clashes(planned, zone)
    rows = [
        {
            "when": said.when(one.starts_at, one.ends_at, zone),
            "clashes": [said.clash(each, zone) for each in around],
        }
        for one, around in zip(planned, found, strict=True)
    ]
    context = {
        "personal": True,
        "form": leaves,
        "title": facts.title,
        "rows": rows,
        "number": len(days),
        "values": list(form),
    }
    return render(request, "events/plan/dates.html", context, status=400 if leaves.errors else 200)


def _make(
    request: HttpRequest, at: Desk, form: EventForm, leave_out: frozenset[date]
) -> HttpResponse:
    try:
        made = series.make(
            facts=form.facts(),
            every_weeks=form.cleaned_data["every_weeks"],
            last_on=form.cleaned_data["last_on"],
            leaving_out=leave_out,
            by=at.by,
            now=at.now,
        )
    except NotAllowed:
        raise Http404 from None
    except InThePast:
        form.add_error("starts", IS_OVER)
        return _form_page(request, at, form, 400)
    messages.success(request, _("Kept as drafts. Nobody sees them until they are published."))
    return redirect("events:plan-series", series=made.pk)


# -- change ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Open:
    """An event that is being changed, with the later dates of its series."""

    rows: Sequence[Event]
    known: dict[uuid.UUID, Facts]

    @property
    def row(self) -> Event:
        """The event itself."""
        return self.rows[0]

    @property
    def before(self) -> Facts:
        """How it stands."""
        return self.known[self.row.pk]

    @property
    def mark(self) -> str:
        """The mark of how all of them stand."""
        return plans.mark_of(self.rows, self.known)


@planners
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Change one event, or this and the later dates; what people are told is shown before."""
    at = desk(request)
    rows = plans.with_later(at.by, event, at.now)
    if not rows:
        raise Http404
    opened = _Open(rows, plans.read(rows))
    row, before = opened.row, opened.before
    needs_keeper(at, row, before.hosts)
    if row.state == State.CANCELLED or (row.state != State.DRAFT and row.ends_at <= at.now):
        messages.info(request, _("It is cancelled or over. Copy it to have it again."))
        return redirect("events:plan-event", event=row.pk)
    data = request.POST if request.method == "POST" else None
    more: dict[str, Any] = {
        "before": before,
        "is_published": row.state == State.PUBLISHED,
        "in_series": len(rows) > 1,
    }
    begin = initial_of(before, at.known.zone) | {"mark": opened.mark}
    form = _form(at, data, initial=begin, **more)
    if data is None:
        return _form_page(request, at, form, row=row)
    if not form.is_valid() or "back" in data:
        return _form_page(request, at, form, 400 if form.errors else 200, row=row)
    if form.cleaned_data["mark"] != opened.mark:
        return _stale(request, at, opened, more)
    return _look_or_do(request, at, opened, form)


def _stale(request: HttpRequest, at: Desk, opened: _Open, more: dict[str, Any]) -> HttpResponse:
    """Show the form again with what was typed, after somebody else changed the event."""
    data = request.POST.copy()
    data["mark"] = opened.mark
    form = _form(at, data, **more)
    differs = said.listed(changed(opened.before, form.facts())) if form.is_valid() else ""
    return _form_page(request, at, form, 409, row=opened.row, is_stale=True, differs=differs)


def _look_or_do(request: HttpRequest, at: Desk, opened: _Open, form: EventForm) -> HttpResponse:
    """Show what would happen where it reaches people or other dates, or do it."""
    row, facts, zone = opened.row, form.facts(), at.known.zone
    first = plans.changes(
        opened.rows, opened.known, facts, scope=form.reaches, anyway=frozenset(), zone=zone
    )
    own = [
        (one.row.pk, _own_words(one, at))
        for one in first[1:]
        if one.own and one.row.state != State.CANCELLED
    ]
    is_sure = "sure" in request.POST
    anyway = AnywayForm(request.POST if is_sure else None, dates=own)
    reaches = form.reaches is Scope.LATER or said.is_anybody_told(_told(first))
    if (reaches and not is_sure) or (is_sure and not anyway.is_valid()):
        return _check_page(request, at, form, anyway, first)
    chosen = anyway.chosen() if is_sure else frozenset()
    try:
        number = planning.change(
            event=row.pk,
            facts=facts,
            scope=form.reaches,
            anyway=chosen,
            seen=opened.mark,
            by=at.by,
            now=at.now,
        )
    except NotAllowed:
        raise Http404 from None
    except (NotAllowedFrom, ChangedMeanwhile):
        meanwhile(request)
        return redirect("events:plan-event", event=row.pk)
    except InThePast:
        form.add_error("day", _("One of the dates would begin in the past. Choose a later day."))
        return _form_page(request, at, form, 400, row=row)
    except StaysDiscreet:
        form.add_error("is_sensitive", STAYS_DISCREET)
        return _form_page(request, at, form, 400, row=row)
    messages.success(request, _saved(number))
    return redirect("events:plan-event", event=row.pk)


def _saved(number: int) -> str:
    if number < 2:
        return _("Saved.") if number else _("Nothing changed.")
    return ngettext("%d date is changed.", "%d dates are changed.", number) % number


def _told(found: Sequence[plans.Change]) -> list[Event]:
    """Return the events whose people would be told."""
    return [one.row for one in found if _is_told(one)]


def _is_told(one: plans.Change) -> bool:
    return one.row.state == State.PUBLISHED and bool(one.names & IS_TOLD)


def _own_words(one: plans.Change, at: Desk) -> str:
    day = words.dated(said.day_of(one.row, at.known.zone))
    return _("%(day)s: has its own %(names)s") % {"day": day, "names": said.listed(one.own)}


def _check_page(
    request: HttpRequest,
    at: Desk,
    form: EventForm,
    anyway: AnywayForm,
    found: Sequence[plans.Change],
) -> HttpResponse:
    zone = at.known.zone
    around = clashes.clashes(
        [one.after for one in found], zone, leaving_out=[one.row.pk for one in found]
    )
    context = {
        "personal": True,
        "form": anyway,
        "title": found[0].row.title,
        "rows": [
            {
                "when": said.when(one.before.starts_at, one.before.ends_at, zone),
                "names": said.listed(one.names),
                "becomes": said.when(one.after.starts_at, one.after.ends_at, zone)
                if one.names & {"starts_at", "ends_at"}
                else "",
                "place": one.after.place if "place" in one.names else "",
                "own": said.listed(one.own),
                "told": one.row.taken + one.row.waiting
                if _is_told(one) and not one.row.is_sensitive
                else 0,
                "clashes": [said.clash(each, zone) for each in each_around]
                if one.names & {"starts_at", "ends_at"}
                else [],
            }
            for one, each_around in zip(found, around, strict=True)
        ],
        "has_own": any(one.own for one in found),
        "told": said.told(_told(found)),
        "tells": said.is_anybody_told(_told(found)),
        "values": list(form),
        "row": found[0].row,
    }
    status = 400 if anyway.errors else 200
    return render(request, "events/plan/check.html", context, status=status)
