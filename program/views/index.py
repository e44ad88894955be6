"""The index of the school's own facts, their history, and what states it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import require_role
from accounts.rules import Role
from peersupport.core import clock, words
from peersupport.core.ui.crisis import SETTING
from program.models import Setting
from program.queries import coverage, facts
from program.queries.basics import remembered
from program.queries.milestones import milestones
from program.queries.settings import history, pledge
from program.registry import (
    CLAIMS,
    KNOWN,
    LETTING,
    STATUSES,
    TOPICS,
    Line,
    Values,
    index_lines,
    register_lines,
    value_of,
)
from program.rules import STANDS
from program.views import crisis

_SOON = timedelta(days=30)
_ORDER = ("status", "name", "officer", "office", "owner", "text", "phone", "email", "signed_on")


def _topic_lines(values: Values, today: date) -> list[Line]:
    found = []
    for topic, title in TOPICS.items():
        kept = value_of(values, f"topic-{topic}")
        state = _("Nobody has decided yet")
        if kept:
            said = {"owner": kept["owner"], "day": words.dated(date.fromisoformat(kept["on"]))}
            state = f"{STATUSES[kept['status']]}. " + _("Decided by %(owner)s, %(day)s.") % said
        address = reverse("program:set", args=[f"topic-{topic}"])
        group = _("Confidential or reported")
        found.append(Line(group, words.upper_first(str(title)), state, address, not kept, 30))
    return found


def _claim_lines(values: Values, today: date) -> list[Line]:
    found = []
    for name, title in CLAIMS.items():
        kept = value_of(values, f"claim-{name}")
        state, is_due = _("Not signed, so it is shown nowhere."), False
        if kept:
            review = date.fromisoformat(kept["review_on"])
            is_due = review < today + _SOON
            said = {"officer": kept["officer"], "day": words.dated(review)}
            state = _("Signed by %(officer)s. Review by %(day)s.") % said
            if review < today:
                state = _("The day of its review is over: it is shown nowhere.")
        address = reverse("program:set", args=[f"claim-{name}"])
        found.append(Line(_("Signed claims"), title, state, address, is_due, 40))
    return found


def _people_lines(values: Values, today: date) -> list[Line]:
    group = _("Trust")
    kept, talked = pledge(values), value_of(values, "talked")
    state = _("The shipped words. Nobody is asked to sign until you put them into force.")
    if kept.from_on:
        state = _("Version %(version)d, since %(day)s.") % {
            "version": kept.version,
            "day": words.dated(kept.from_on),
        }
    is_small = bool(value_of(values, "small-school"))
    named = talked["name"] if talked else _("Nobody is named yet")
    rows: list[tuple[str, str, bool]] = [
        ("pledge", state, kept.from_on is None),
        ("talked", named, not talked),
        ("small-school", _("Yes, and the promises say so") if is_small else _("No"), False),
        ("supporter-events", str(LETTING[value_of(values, "supporter-events")]), False),
    ]
    return [
        Line(group, KNOWN[key].title, state, reverse("program:set", args=[key]), is_due, 50)
        for key, state, is_due in rows
    ]


def _first_lines(values: Values, today: date) -> list[Line]:
    group, address = _("Hours"), reverse("program:coverage")
    state, is_due = _behind(today)
    return [
        Line(group, _("Who stands behind the supporters"), state, address, is_due, 10),
        Line(group, _("Holidays"), _("Weekly hours leave them out"), reverse("program:holidays")),
        Line(group, _("Exams and other dates"), _dates(today), reverse("program:milestones")),
        Line(group, _("Terms"), _("The whole term at a glance"), reverse("program:terms")),
    ]


def _dates(today: date) -> str:
    """Return what comes next in the calendar of the classes."""
    ahead = milestones(today)
    if not ahead:
        return _("Nothing is written down, so no supporter is kept free before an exam")
    said = {"title": ahead[0].title, "day": words.dated(ahead[0].first_on)}
    return _("Next: %(title)s, %(day)s") % said


def _behind(today: date) -> tuple[str, bool]:
    """Return who is named and counts, or what is wrong with it; and whether that is due."""
    rows = coverage()
    counting = [row for row in rows if row.answer in STANDS]
    lapsed = [row.label for row in counting if row.review_on and row.review_on <= today]
    silent = [row.label for row in rows if row.answer not in STANDS]
    if not counting:
        if silent:
            return _("Nobody has said yes yet, so no hours are published"), True
        return _("Nobody is named, so no hours are published"), True
    if lapsed:
        return _("Ask once more whether it still holds: %s") % ", ".join(lapsed), True
    if silent:
        return _("Has not said yes: %s") % ", ".join(silent), True
    return ", ".join(dict.fromkeys(row.label for row in counting)), False


def register() -> None:
    """Put this app's own lines into the index."""
    own: dict[str, Callable[[Values, date], list[Line]]] = {
        "coverage": _first_lines,
        "topics": _topic_lines,
        "claims": _claim_lines,
        "trust": _people_lines,
    }
    for name, lines in own.items():
        register_lines(name, lines)


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show all the school's facts in one place, with what is missing or due for review."""
    known = facts()
    lines = index_lines(known.values, clock.local_date(clock.now(), known.zone))
    ordered = sorted(lines, key=lambda line: min(o.order for o in lines if o.group == line.group))
    context = {
        "personal": True,
        "due": [line for line in lines if line.is_due],
        "groups": [(group, list(each)) for group, each in groupby(ordered, lambda o: o.group)],
        "runs": not {Role.COORDINATOR, Role.STUDENT_LEAD}.isdisjoint(_roles(request)),
    }
    return render(request, "program/index.html", context)


def _roles(request: HttpRequest) -> frozenset[str]:
    return frozenset(getattr(request.user, "roles", frozenset()))


def said(key: str, value: Any) -> str:
    """Return a value of a setting in words, for its history."""
    if value is None:
        return _("Nothing")
    if key == SETTING:
        return crisis.said(value)
    if key == "pledge":
        start = value["text"][:60]
        return _("Version %(version)d: %(start)s …") % {
            "version": value["version"],
            "start": start,
        }
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, str):
        return str(LETTING.get(value, value))
    # One database keeps the parts as they came, the other in an order of its own.
    ordered = sorted(value, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    parts = [_part(value[name]) for name in ordered if value[name] not in (None, "")]
    return ", ".join(parts)


def _part(part: Any) -> str:
    """Return one part of a value: a status in its words, a day or a moment as people write it."""
    text = str(part)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return str(STATUSES.get(text, text))
    if len(text) == len("2026-11-23"):
        return words.dated(moment.date())
    zone = _zone()
    at = words.time_of_day(moment, zone)
    return f"{words.dated(clock.local_date(moment, zone))}, {at}"


def _zone() -> ZoneInfo:
    """Return the program's zone as this request has read it."""
    known = remembered() or facts()
    return known.zone


def _change(row: Setting) -> dict[str, str]:
    title = KNOWN[row.key].title if row.key in KNOWN else row.key
    return {
        "what": words.upper_first(str(title)),
        "day": words.dated(row.set_on),
        "by": row.by.replace("_", " "),
        "was": said(row.key, row.was),
        "now": said(row.key, row.value),
    }


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_safe
def past(request: HttpRequest) -> HttpResponse:
    """Show every change: what, on which day, by which role, from what and to what."""
    context = {"personal": True, "rows": [_change(row) for row in history()]}
    return render(request, "program/history.html", context)
