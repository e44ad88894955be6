"""Today, help and promises: the pages everybody can read."""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.rules import Role
from events.views.pages import own_lines
from officehours.queries import board as boards
from officehours.queries.board import Board, Door
from officehours.queries.pages import my_visits
from officehours.views.line import to_wait
from officehours.views.visits import described
from peersupport.core import clock, words
from peersupport.core.ui.context import look_of
from peersupport.core.ui.notices import notices
from peersupport.portal.promises import promised
from program.guide import Way
from program.queries import facts
from program.queries.basics import remembered
from program.queries.confidentiality import (
    claims,
    closed_until,
    consent,
    disclosures,
    is_critical,
)
from program.queries.first_steps import current_way
from program.registry import KEEPERS


def not_over(way: Way) -> dict[str, int] | None:
    """Return what Today says of the first steps to those who keep them; None once all are done."""
    if not way.left:
        return None
    return {"left": len(way.left), "minutes": way.minutes_left}


def _headline(board: Board, now: datetime) -> str:
    known = remembered()
    if known is not None and board.open_until is None and closed_until(known.values, now)[0]:
        return str(_("All hours are closed at the moment"))
    if board.open_until is not None:
        until = words.time_of_day(board.open_until, board.zone)
        return str(_("Someone is in until %s") % until)
    if board.is_late:
        return str(_("Nobody is here yet"))
    if board.is_full:
        return str(_("No one is free right now"))
    return str(_("No one is in right now"))


def _line(board: Board, now: datetime) -> str:
    """Return the sentence under the headline: free now, a short wait, or what is next."""
    known = remembered()
    is_closed, until = closed_until(known.values, now) if known is not None else (False, None)
    if is_closed and board.open_until is None:
        if until is not None:
            return str(_("We open again: %s.") % words.moment_near(until, now, board.zone))
        return str(_("This page says when we open again. The numbers above answer now."))
    if board.open_until is not None:
        return str(_("Free now.") if board.is_free else _("A short wait."))
    after = words.moment_near(board.next_at, now, board.zone) if board.next_at else None
    if board.is_late:
        first = str(_("Somebody should have come by now; we have reminded them."))
        return f"{first} {_('Next: %s.') % after}" if after else first
    if after:
        return str(_("Next: %s.") % after)
    return str(_("No hours are published yet. The numbers above answer now."))


_TAGS = {
    boards.FREE: ("ok", _("Open now")),
    boards.WAIT: ("ok", _("Open now, a short wait")),
    boards.LATE: ("warn", _("Not here yet")),
    boards.FULL: ("off", _("Nothing free")),
    boards.TAKEN: ("off", _("Nothing free")),
}


def _how_to_come(door: Door) -> str:
    """Return how long one waits in this line, or that one can simply come by."""
    if not door.may_join:
        return ""
    if door.waiting:
        return to_wait(door.wait)
    if door.status == boards.FREE and door.in_person:
        return str(_("Come by, or join the line from here."))
    return ""


def _action(door: Door) -> str:
    if door.may_join:
        return reverse("line:join", args=[door.shift])
    return reverse("visits:book") if door.has_times else ""


def _door(door: Door, now: datetime, board: Board, *, names: bool) -> dict[str, Any]:
    start = words.time_of_day(door.starts_at, board.zone)
    kind, word = _TAGS.get(door.status, ("info", _("Starts %s") % start))
    title = f"{door.name}, {door.year}" if names and door.year else door.name
    return {
        "title": title if names else door.place,
        "place": door.place if names else "",
        "when": _("until %s") % words.time_of_day(door.ends_at, board.zone)
        if door.is_open
        else words.time_range(door.starts_at, door.ends_at, board.zone),
        "is_open": door.is_open,
        "kind": kind,
        "word": word,
        "text": _how_to_come(door),
        "action_url": _action(door),
        "action_label": _("Join the line") if door.may_join else _("Book a time"),
        "second_url": reverse("visits:book") if door.may_join and door.has_times else "",
        "second_label": _("Book a time"),
        "action_hidden": _("for %s") % (title if names else door.place),
        "action_main": door.is_open,
        "action_books": not door.may_join,
    }


def _in_order(board: Board, now: datetime) -> list[Door]:
    """Return the doors; after something terrible, hours beside the weekly ones come first."""
    known = remembered()
    if known is None or not is_critical(known.values, now):
        return list(board.doors)
    return sorted(board.doors, key=lambda door: (not door.is_open, not door.is_extra))


def _board_context(board: Board, now: datetime, *, names: bool) -> dict[str, Any]:
    return {
        "headline": _headline(board, now),
        "line": _line(board, now),
        "today": words.day(clock.local_date(now, board.zone)),
        "zone_name": words.zone_name(now, board.zone),
        "doors": [_door(door, now, board, names=names) for door in _in_order(board, now)],
        "is_lit": board.open_until is not None,
        "etag": board.etag,
        "names": names,
    }


def _said_mark() -> str:
    """Return a mark of what stands at the top of every page, empty if nothing does.

    The board has just read the facts: this asks nothing more.
    """
    said = notices(may_ask=False)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12] + "-" if said else ""


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Say whether somebody is in. Signed out: no cookie, no names, the same for everybody."""
    now = clock.now()
    board = boards.todays_board(now)
    person = request.user
    if isinstance(person, Person):
        mine = [described(v, now, board.zone) for v in my_visits(person, now) if v.is_live]
        context = _board_context(board, now, names=True)
        # Whoever has a time is not offered another: the list itself is the same for everybody.
        has_time = any(not one["in_line"] for one in mine)
        context = {**context, "mine": mine, "has_time": has_time}
        context["events"] = own_lines(person, now, board.zone)
        context["looks_on"] = not person.has_role(Role.STUDENT)
        if not (board.doors or board.next_at) and person.roles & KEEPERS:
            context["guide"] = not_over(current_way())
        return render(request, "portal/today.html", context)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        # A word for this reader alone may be waiting in their session: nothing to be kept.
        response = render(request, "portal/today.html", _board_context(board, now, names=False))
        response["Cache-Control"] = "no-store"
        return response
    etag = f'"{board.etag}-{_said_mark()}{look_of(request)}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    else:
        context = _board_context(board, now, names=False)
        response = render(request, "portal/today.html", context)
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Return the list of doors alone, for the page that refreshes it; 204 when it is current.

    A 304 would make htmx put an empty body in place of the list.
    """
    now = clock.now()
    current = boards.todays_board(now)
    if request.GET.get("v") == current.etag:
        response = HttpResponse(status=204)
    else:
        names = isinstance(request.user, Person)
        context = _board_context(current, now, names=names)
        response = render(request, "portal/_board.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """Say what is promised and what cannot be, as the school has set things."""
    now, known = clock.now(), facts()
    signed = claims(known.values, clock.local_date(now, known.zone))
    context = {
        "promises": promised(known.values),
        "disclosures": disclosures(known.values),
        "consent": consent(known.values),
        "claims": [
            {
                "words": one.words,
                "officer": one.officer,
                "office": one.office,
                "signed": words.dated(one.signed_on),
                "review": words.dated(one.review_on),
            }
            for one in signed
        ],
    }
    response = render(request, "portal/promises.html", context)
    response["Cache-Control"] = "no-cache"
    return response
