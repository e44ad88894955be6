"""What is planned, in words: for whoever plans."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.forms import CLOSES, KINDS, OPENS, VISIBILITIES, cohort_words
from events.models import Event, Series
from events.planning_rules import Facts
from events.queries.clashes import Clash, Why
from events.rules import State
from peersupport.core import words
from peersupport.core.datamap.registry import Words

STATES: dict[str, tuple[Words, str]] = {
    str(State.DRAFT): (gettext_lazy("Draft"), "warn"),
    str(State.PUBLISHED): (gettext_lazy("Published"), "ok"),
    str(State.CANCELLED): (gettext_lazy("Cancelled"), "danger"),
}
NAMES: dict[str, Words] = {
    "kind": gettext_lazy("what it is"),
    "title": gettext_lazy("name"),
    "starts_at": gettext_lazy("beginning"),
    "ends_at": gettext_lazy("end"),
    "when": gettext_lazy("day and time"),
    "place": gettext_lazy("place"),
    "link": gettext_lazy("link"),
    "words": gettext_lazy("what people read"),
    "led_by": gettext_lazy("who leads it"),
    "access": gettext_lazy("getting in"),
    "visibility": gettext_lazy("who finds it"),
    "is_sensitive": gettext_lazy("whether it is discreet"),
    "capacity": gettext_lazy("how many places"),
    "opens_before": gettext_lazy("from when places can be taken"),
    "closes_before": gettext_lazy("until when places can be taken"),
    "invited": gettext_lazy("whom it is for"),
    "hosts": gettext_lazy("who hosts it"),
}


def when(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return "Tuesday 1 December 2026, 6pm to 7pm"."""
    day = words.dated(start.astimezone(zone).date())
    return f"{day}, {words.time_range(start, end, zone)}"


def short_when(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return "Tuesday 1 December, 6pm to 7pm"."""
    day = words.day(start.astimezone(zone).date())
    return f"{day}, {words.time_range(start, end, zone)}"


def tag(row: Event, now: datetime) -> tuple[str, str]:
    """Return kind and word of the tag that says how an event stands."""
    if row.state == State.PUBLISHED and row.ends_at <= now:
        return "off", _("Over")
    word, look = STATES[row.state]
    return look, str(word)


def taken(row: Event) -> str:
    """Return how many places are taken, and how many people wait. Numbers only.

    Nothing of a discreet event: who watches the number sees somebody come or go.
    """
    if row.is_sensitive:
        return ""
    if row.places is None:
        return ngettext("%d comes", "%d come", row.taken) % row.taken
    said = _("%(taken)d of %(places)d places taken") % {"taken": row.taken, "places": row.places}
    if row.waiting:
        said += ", " + ngettext("%d waits", "%d wait", row.waiting) % row.waiting
    return said


def row_of(row: Event, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return an event as a list shows it."""
    return {
        "id": row.pk,
        "title": row.title,
        "when": short_when(row.starts_at, row.ends_at, zone),
        "place": row.place or (_("by a call") if row.link else _("no place yet")),
        "tag": tag(row, now),
        "taken": taken(row) if row.state == State.PUBLISHED else "",
        "is_draft": row.state == State.DRAFT,
        "is_discreet": row.is_sensitive,
        "in_series": row.series_id is not None,
    }


def of_choice(offset: timedelta | None, choices: list[tuple[int, Words]]) -> str:
    """Return what a form calls an offset."""
    hours = int(offset / timedelta(hours=1)) if offset is not None else 0
    return str(min(choices, key=lambda one: abs(one[0] - hours))[1])


def whom(pairs: Iterable[tuple[str, str]]) -> str:
    """Return for whom an event is."""
    return "; ".join(cohort_words(*pair) for pair in sorted(pairs)) or _("All students")


def summary(facts: Facts, hosts: Iterable[str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return what is planned, as a list of facts: those that are left empty are left out."""
    places = _("Room for everybody") if facts.capacity is None else str(facts.capacity)
    discreet = _("Yes: nobody sees who comes, and it is forgotten 24 hours after its end.")
    rows: list[tuple[str, str]] = [
        (_("What it is"), str(KINDS[facts.kind])),
        (_("When"), when(facts.starts_at, facts.ends_at, zone)),
        (_("Place"), facts.place),
        (_("Link"), facts.link),
        (_("Led by"), facts.led_by),
        (_("Hosts"), ", ".join(hosts)),
        (_("Whom it is for"), whom(facts.invited)),
        (_("Who finds it"), str(VISIBILITIES[facts.visibility])),
        (_("Discreet"), discreet if facts.is_sensitive else ""),
        (_("Places"), places),
        (_("Places can be taken from"), of_choice(facts.opens_before, OPENS)),
        (_("And until"), of_choice(facts.closes_before, CLOSES)),
        (_("Getting in"), facts.access),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def clash(one: Clash, zone: ZoneInfo) -> str:
    """Return what is in the way, in a sentence."""
    days = {"title": one.title, "first": words.day(one.first_on), "last": words.day(one.last_on)}
    whose = f" ({one.whom})" if one.whom else ""
    if one.why is Why.EVENT and one.start and one.end:
        times = words.time_range(one.start, one.end, zone)
        return _("%(title)s is on then, %(times)s.") % {"title": one.title, "times": times}
    if one.why is Why.EVE:
        return _("%(title)s%(whose)s is on the next day.") % {**days, "whose": whose}
    if one.first_on == one.last_on:
        return _("%(title)s%(whose)s is on that day.") % {**days, "whose": whose}
    return _("%(title)s%(whose)s is from %(first)s to %(last)s.") % {**days, "whose": whose}


def listed(names: Iterable[str]) -> str:
    """Return what changes or differs, as words with commas between."""
    known = set(names)
    if {"starts_at", "ends_at"} & known:
        known = known - {"starts_at", "ends_at"} | {"when"}
    return ", ".join(str(NAMES[name]) for name in NAMES if name in known)


def rhythm(row: Series) -> str:
    """Return how often a series takes place, and from when to when."""
    often = ngettext("Every week", "Every %d weeks", row.every_weeks)
    if row.every_weeks > 1:
        often = often % row.every_weeks
    days = {"first": words.dated(row.first_on), "last": words.dated(row.last_on)}
    return _("%(often)s, from %(first)s to %(last)s") % {**days, "often": often}


def day_of(row: Event, zone: ZoneInfo) -> date:
    """Return the local day on which an event begins."""
    return row.starts_at.astimezone(zone).date()


def is_anybody_told(rows: Iterable[Event]) -> bool:
    """Return whether a change of some events is told to anybody, or may be: discreet ones say
    not even that."""
    return any(row.is_sensitive or row.taken or row.waiting for row in rows)


def told(rows: Iterable[Event]) -> str:
    """Return how many people are told of a change of some events."""
    rows = list(rows)
    if any(row.is_sensitive for row in rows):
        return _("Whoever has a place or waits is told. How many that is stays unsaid here.")
    number = sum(row.taken + row.waiting for row in rows)
    if not number:
        return _("Nobody has a place or waits, so nobody is told.")
    return (
        ngettext(
            "%d person has a place or waits, and is told.",
            "%d people have a place or wait, and are told.",
            number,
        )
        % number
    )
