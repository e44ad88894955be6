"""Pages of campaigns: all of them and the term, one of them, what it will say."""

import uuid
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.queries.roster import cohorts
from accounts.rules import Role
from peersupport.core import clock, words
from peersupport.core.charts import timeline
from program.calendar_rules import Entry
from program.calendars import Lanes, marks
from program.views import milestone_words
from reminders.emails import values_for
from reminders.forms import CampaignForm, initial_of
from reminders.library import LIBRARY
from reminders.models import Campaign
from reminders.permissions import may_keep_campaigns
from reminders.queries import pages
from reminders.rules import (
    MAY_CHANGE,
    AlreadyTaken,
    NotAllowedFrom,
    State,
    Verb,
    fill_in,
    verbs_of,
)
from reminders.services import campaigns as services
from reminders.views import wording as said

_reads = require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
_keeps = require_role(Role.COORDINATOR)
_SHOWN = timedelta(days=182)


def _found(campaign: uuid.UUID) -> Campaign:
    row = pages.campaign(campaign)
    if row is None:
        raise Http404
    return row


def _card(one: Campaign, known: pages.Calendar, now: datetime) -> dict[str, Any]:
    word, look = said.STATES[one.state]
    times = pages.ahead(one, known, now)
    return {
        "row": one,
        "rule": said.rule_of(one),
        "whom": said.audience_of(one),
        "next": said.next_line(times, known.zone, is_on=one.state == State.ON),
        "speaks_at": times[0].at.due_at if times else now + 2 * pages.YEAR,
        "state": word,
        "look": look,
    }


def _drawing(known: pages.Calendar, added: Lanes) -> tuple[timeline.Drawing, list[Entry]]:
    """Return the coming half year with its dates, quiet times and reminders."""
    last = known.today + _SHOWN
    entries = sorted(
        (e for e in known.entries.values() if e.last_on >= known.today and e.first_on <= last),
        key=lambda e: (e.first_on, e.title),
    )
    drawn = milestone_words.drawing(
        first=known.today,
        last=last,
        entries=entries,
        closed=[],
        hours=[],
        added=added,
        today=known.today,
    )
    return drawn, entries


@_reads
@require_http_methods(["GET", "HEAD"])
def overview(request: HttpRequest) -> HttpResponse:
    """Show the term as a timeline, every campaign, and the library."""
    now = clock.now()
    known = pages.calendar(now)
    mine = pages.all_campaigns()
    cards = sorted((_card(one, known, now) for one in mine), key=itemgetter("speaks_at"))
    planner = pages.planner(now)
    added = marks(known.today, known.today + _SHOWN, signed_in(request))
    drawing, entries = _drawing(known, added)
    context = {
        "personal": True,
        "may_change": may_keep_campaigns(signed_in(request)),
        "drawing": drawing,
        "dates": [milestone_words.row(entry) for entry in entries],
        "added": milestone_words.added_words(added),
        "cards": cards,
        "ended": pages.ended_campaigns(),
        "library": _library({one.library for one in mine}, known, now),
        "is_late": planner.is_late and any(one.state == "on" for one in mine),
        "planned": said.moment(planner.last_at, known.zone) if planner.last_at else "",
    }
    return render(request, "reminders/overview.html", context)


def _library(taken: set[str], known: pages.Calendar, now: datetime) -> list[dict[str, Any]]:
    """Return what is ready to be looked at, with what it would do."""
    return [
        {"key": key, **_card(pages.draft_of(key), known, now)}
        for key in LIBRARY
        if key not in taken
    ]


@_keeps
@require_POST
def take(request: HttpRequest, key: str) -> HttpResponse:
    """Make a draft of one of the library, to be looked at."""
    if key not in LIBRARY:
        raise Http404
    try:
        row = services.take_from_library(key=key, by=signed_in(request), now=clock.now())
    except AlreadyTaken:
        messages.info(request, _("It is there already."))
        return redirect("reminders:overview")
    return redirect("reminders:campaign", row.pk)


def _letter(one: Campaign, entry: Entry | None, now: datetime) -> dict[str, Any]:
    """Return exactly what it says, around its next date or around none."""
    if entry is None:
        return {"subject": one.subject, "body": one.body, "is_filled": False}
    values = values_for(one, entry, now)
    subject = _("You have a message") if one.is_staffing else fill_in(one.subject, values)
    return {"subject": subject, "body": fill_in(one.body, values), "is_filled": True}


def _page(request: HttpRequest, row: Campaign, **more: Any) -> HttpResponse:
    now, by = clock.now(), signed_in(request)
    known = pages.calendar(now)
    times = pages.preview(row, known, now)
    may_change = may_keep_campaigns(by)
    word, look = said.STATES[row.state]
    context = {
        "personal": True,
        "row": row,
        "state": word,
        "look": look,
        "rule": said.rule_of(row),
        "whom": said.audience_of(row),
        "priority": dict(CampaignForm.base_fields["priority"].choices)[row.priority],  # type: ignore[attr-defined]
        "times": [said.when(one, known.zone) for one in times],
        "letter": _letter(row, times[0].time.entry if times else None, now),
        "may_change": may_change,
        "may_edit": may_change and row.state in MAY_CHANGE,
        "verbs": [(str(verb), said.VERBS[verb]) for verb in verbs_of(State(row.state))]
        if may_change
        else [],
        "may_test": may_change and bool(times) and row.state != "ended",
        **more,
    }
    return render(request, "reminders/campaign.html", context, status=more.get("status", 200))


@_reads
@require_http_methods(["GET", "HEAD"])
def one(request: HttpRequest, campaign: uuid.UUID) -> HttpResponse:
    """Show who gets one campaign, when, and exactly what."""
    return _page(request, _found(campaign))


@_keeps
@require_POST
def switch(request: HttpRequest, campaign: uuid.UUID, verb: str) -> HttpResponse:
    """Switch one on, pause, resume or end it."""
    row = _found(campaign)
    if verb not in list(Verb):
        raise Http404
    try:
        by, now = signed_in(request), clock.now()
        services.switch(campaign=row.pk, verb=Verb(verb), by=by, now=now)
    except NotAllowedFrom:
        messages.warning(request, _("Somebody was quicker. This is how it stands now."))
    else:
        messages.success(request, str(said.DONE[Verb(verb)]))
    return redirect("reminders:campaign", row.pk)


@_keeps
@require_POST
def test(request: HttpRequest, campaign: uuid.UUID) -> HttpResponse:
    """Send whoever asks the letter as it would go next."""
    row, now = _found(campaign), clock.now()
    times = pages.ahead(row, pages.calendar(now), now)
    if not times:
        messages.warning(request, _("There is no date to write about yet."))
        return redirect("reminders:campaign", row.pk)
    by = signed_in(request)
    services.send_test(campaign=row, milestone=times[0].at.milestone, by=by, now=now)
    messages.success(request, _("A test is on its way to %s.") % by.mail_address)
    return redirect("reminders:campaign", row.pk)


def _ground() -> dict[str, Any]:
    """Return what the form offers: the list's groups and the dates ahead."""
    known, groups = pages.calendar(clock.now()), cohorts()
    ahead = sorted(known.entries.items(), key=lambda pair: (pair[1].first_on, pair[1].title))
    return {
        "classes": list(groups.classes),
        "rotations": list(groups.rotations),
        "milestones": [
            (str(key), f"{entry.title}, {words.dated(entry.first_on)}")
            for key, entry in ahead
            if entry.last_on >= known.today
        ],
    }


def _form_page(request: HttpRequest, form: CampaignForm, row: Campaign | None) -> HttpResponse:
    context = {"personal": True, "form": form, "row": row, "places": list(said.PLACES.items())}
    return render(request, "reminders/form.html", context, status=400 if form.errors else 200)


@_keeps
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Write a campaign of one's own; it is a draft until it is switched on."""
    begin = {"side": "before", "days": 3, "at": "12:00", "good_for": "1", "priority": 3}
    data = request.POST if request.method == "POST" else None
    form = CampaignForm(data, initial=begin, **_ground())
    if data is None or not form.is_valid():
        return _form_page(request, form, None)
    by: Person = signed_in(request)
    row = services.add_campaign(fields=form.fields_of_row(), by=by, now=clock.now())
    return redirect("reminders:campaign", row.pk)


@_keeps
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, campaign: uuid.UUID) -> HttpResponse:
    """Change one that is not on."""
    row = _found(campaign)
    data = request.POST if request.method == "POST" else None
    form = CampaignForm(data, initial=initial_of(row), **_ground())
    if row.state not in MAY_CHANGE:
        messages.warning(request, _("Pause it first: what was looked at is what goes."))
        return redirect("reminders:campaign", row.pk)
    if data is None or not form.is_valid():
        return _form_page(request, form, row)
    try:
        by, now = signed_in(request), clock.now()
        services.change_campaign(campaign=row.pk, fields=form.fields_of_row(), by=by, now=now)
    except NotAllowedFrom:
        messages.warning(request, _("Somebody was quicker. This is how it stands now."))
    else:
        messages.success(request, _("Saved."))
    return redirect("reminders:campaign", row.pk)
