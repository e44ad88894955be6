"""Pages of who comes: the list of events, one event, "I am going" and "no longer going"."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from events import rules
from events.markdown import to_html
from events.permissions import COMERS, may_come, may_draft, may_plan
from events.queries import calendars, pages, plans
from events.queries.pages import Seen
from events.rules import Full, Going, NotAllowed, NotAllowedFrom, NotOpen, State
from events.services import places
from peersupport.core import clock, words
from peersupport.core.daykey import Forgotten
from program.queries import facts

FEW = 3
OWN_LINES = 5


@dataclass(frozen=True, slots=True)
class Words:
    """What a card says of an event."""

    kind: str  # the look of its tag
    word: str
    left: str = ""
    of: str = ""


def _mine_words(seen: Seen, now: datetime, zone: ZoneInfo) -> Words | None:
    mine = seen.mine
    if mine is None or not seen.is_live:
        return None
    if mine.going is Going.OFFERED and mine.until is not None:
        until = words.moment_near(mine.until, now, zone)
        return Words("warn", _("A place is yours until %s") % until)
    if mine.going is Going.WAITING:
        if mine.ahead is None:
            return Words("info", _("You are waiting"))
        return Words("info", _("You are %s in line") % words.ordinal(mine.ahead + 1))
    return Words("ok", _("You are going"))


def _place_words(seen: Seen, now: datetime, zone: ZoneInfo) -> Words:
    row = seen.row
    if row.opens_at is not None and row.opens_at > now:
        return Words("info", _("Opens %s") % words.moment_near(row.opens_at, now, zone))
    if not pages.is_open(row, now):
        return Words("off", _("Closed"))
    free = row.free_for_new(now)
    if free == 0:
        return Words("off", _full_words(seen, now))
    if free is None or row.is_sensitive:
        # Whoever watched a number fall would see somebody go.
        return Words("ok", _("Open"))
    left = ngettext("%d place left", "%d places left", free) % free
    word = _("Few places left") if free <= FEW else _("Open")
    return Words("warn" if free <= FEW else "ok", word, left, _("of %d") % (row.capacity or 0))


def _full_words(seen: Seen, now: datetime) -> str:
    row = seen.row
    if rules.is_free_for_all(row.starts_at, now):
        return _("Full")
    if row.is_sensitive:
        return _("Full: you can wait for a place")
    return _("Full: you would be %s in line") % words.ordinal(row.waiting + 1)


def _words(seen: Seen, now: datetime, zone: ZoneInfo) -> Words:
    if seen.row.state == State.CANCELLED:
        return Words("off", _("Cancelled"))
    if seen.row.ends_at <= now:
        return Words("off", _("Past"))
    return _mine_words(seen, now, zone) or _place_words(seen, now, zone)


def _card(seen: Seen, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    row, said = seen.row, _words(seen, now, zone)
    local = row.starts_at.astimezone(zone)
    hours = words.time_range(row.starts_at, row.ends_at, zone)
    return {
        "date": f"{words.upper_first(words.day_near(local.date(), _today(now, zone)))}, {hours}",
        "title": row.title,
        "url": reverse("events:event", args=[row.pk]),
        "place": row.place or (_("Online") if row.link else ""),
        "kind": said.kind,
        "word": said.word,
        "left": said.left,
        "of": said.of,
        "taken": row.taken if said.left else "",
        "capacity": row.capacity if said.left else "",
    }


def _today(now: datetime, zone: ZoneInfo) -> Any:
    return now.astimezone(zone).date()


def own_lines(person: Person, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return one line for each of somebody's next events, for Today: theirs alone.

    A discreet one has the name that calendars give it: somebody may look over a shoulder.
    """
    return [_own_line(seen, now, zone) for seen in pages.soon(person, now)[:OWN_LINES]]


def _own_line(seen: Seen, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    row, said = seen.row, _words(seen, now, zone)
    when = words.upper_first(
        words.day_near(row.starts_at.astimezone(zone).date(), _today(now, zone))
    )
    return {
        "url": reverse("events:event", args=[row.pk]),
        "title": calendars.NEUTRAL if row.is_sensitive else row.title,
        "when": f"{when}, {words.time_range(row.starts_at, row.ends_at, zone)}",
        "kind": said.kind,
        "word": said.word,
    }


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show what is on: one's own first, then everything one may see, some on each page."""
    now, known = clock.now(), facts()
    zone = known.zone
    person = request.user if isinstance(request.user, Person) else None
    found = pages.coming(person, now, request.GET.get("page"))
    context = {
        "personal": person is not None,
        "mine": [_card(seen, now, zone) for seen in found.mine],
        "events": [_card(seen, now, zone) for seen in found.others],
        "page": found.page,
        "zone_name": words.zone_name(now, zone),
        "is_visitor": person is None,
        "may_come": person is not None and may_come(person),
        "may_draft": person is not None and may_draft(person, plans.letting(known)),
    }
    return render(request, "events/list.html", context)


def _found(request: HttpRequest, event: uuid.UUID, now: datetime) -> Seen:
    person = request.user if isinstance(request.user, Person) else None
    found = pages.one(person, event, now)
    if found is None:
        raise Http404
    return found


def _shows_link(seen: Seen, now: datetime) -> bool:
    """Return whether the link of a call is shown: to who has a place, and to who runs it."""
    is_going = seen.mine is not None and seen.mine.going is Going.GOING
    return seen.is_host or (is_going and now < seen.row.ends_at)


def _may_seize(seen: Seen, now: datetime) -> bool:
    """Return whether somebody who waits may take a free place: in the last minutes."""
    is_waiting = seen.mine is not None and seen.mine.going is Going.WAITING
    is_last = rules.is_free_for_all(seen.row.starts_at, now)
    return is_waiting and is_last and seen.row.free_for_new(now) != 0


def _may_run(request: HttpRequest, seen: Seen) -> bool:
    """Return whether the reader sees the list of the day, without asking the database again."""
    is_planner = isinstance(request.user, Person) and may_plan(request.user)
    return seen.is_host or (is_planner and seen.row.kind != rules.Kind.DEBRIEF)


@require_safe
def event(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Show one event, and where one stands with it."""
    now, zone = clock.now(), facts().zone
    seen = _found(request, event, now)
    row, said = seen.row, _words(seen, now, zone)
    local = row.starts_at.astimezone(zone)
    is_on = row.state == State.PUBLISHED and now < row.ends_at
    closes = row.closes_at or row.ends_at
    context = {
        "personal": row.is_sensitive or request.user.is_authenticated,
        "event": row,
        "words": mark_safe(to_html(row.words)),  # noqa: S308 - sanitized by nh3
        "day": words.dated(local.date()),
        "hours": words.time_range(row.starts_at, row.ends_at, zone),
        "zone_name": words.zone_name(row.starts_at, zone),
        "tag": said,
        "is_on": is_on,
        "is_past": row.ends_at <= now,
        "is_visitor": not request.user.is_authenticated,
        "is_offered": seen.mine is not None and seen.mine.going is Going.OFFERED,
        "is_live": seen.is_live,
        "may_leave": seen.is_live and now < row.ends_at,
        "may_answer": is_on
        and seen.is_for_me
        and pages.is_open(row, now)
        and (not seen.is_live or _may_seize(seen, now)),
        "is_not_for_me": is_on and request.user.is_authenticated and not seen.is_for_me,
        "would_wait": row.free_for_new(now) == 0,
        "is_full_now": row.free_for_new(now) == 0 and rules.is_free_for_all(row.starts_at, now),
        "lapsed": seen.mine is not None and seen.mine.going is Going.LAPSED,
        "closes": words.when(closes, now, zone) if row.closes_at and now < closes else "",
        "link": row.link if _shows_link(seen, now) else "",
        "may_run": _may_run(request, seen),
    }
    response = render(request, "events/event.html", context)
    if context["personal"]:
        response["Cache-Control"] = "private, no-store"
    return response


@require_role(*COMERS)
@require_POST
def going(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Take a place, or one in the line, or the place that is offered. Twice is once."""
    now = clock.now()
    try:
        rsvp = places.answer(event=event, person=signed_in(request), now=now)
    except NotAllowed:
        raise Http404 from None
    except (NotOpen, Forgotten, NotAllowedFrom):
        _found(request, event, now)  # a draft is not there
        messages.warning(request, _("Places cannot be taken here at the moment."))
    except Full:
        messages.warning(request, _("The last place has just been taken."))
    else:
        said = {
            Going.GOING: _("You are going. You can change your mind at any time."),
            Going.WAITING: _("You are in the line. We tell you when a place is free."),
        }
        messages.success(request, said[Going(rsvp.state)])
    return redirect("events:event", event)


@require_role(*COMERS)
@require_POST
def not_going(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Give back a place, an offer, or a place in the line. Twice is once."""
    now = clock.now()
    try:
        if not places.leave(event=event, person=signed_in(request), now=now):
            _found(request, event, now)  # nor is what they may not see: nothing says that it is
    except (NotOpen, Forgotten):
        _found(request, event, now)
        messages.warning(request, _("This is over."))
    else:
        messages.success(request, _("You are no longer going. Thank you for saying so."))
    return redirect("events:event", event)
