"""What an event is planned to be, and what it means to change it. Pure."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from events.rules import Kind, Visibility

# What stands in somebody's calendar, and what of it people are told when it changes.
IN_CALENDARS = frozenset({"title", "starts_at", "ends_at", "place", "link"})
IS_TOLD = IN_CALENDARS - {"title"}
_WHEN = frozenset({"starts_at", "ends_at"})


class Scope(StrEnum):
    """How far a change of one date of a series reaches."""

    THIS = "this"
    LATER = "later"  # this one, and those after it


class Letting(StrEnum):
    """Whether supporters may plan workshops of their own."""

    NO = "no"
    DRAFT = "draft"  # a coordinator or a student lead publishes
    PUBLISH = "publish"


class ChangedMeanwhile(Exception):
    """What was shown is not how it stands any more: somebody else was there."""


class InThePast(Exception):
    """The time is over."""


class StaysDiscreet(Exception):
    """People may have answered because it is discreet: it stays so."""


class NoPlaceYet(Exception):
    """Nobody would find it: it has neither a place nor a link."""


class HasPeople(Exception):
    """Somebody comes or waits: it can be cancelled, but not just vanish."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is planned of one event. The window for answers moves with the start."""

    kind: Kind
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str = ""
    link: str = ""
    words: str = ""
    led_by: str = ""
    access: str = ""
    visibility: Visibility = Visibility.STUDENTS
    is_sensitive: bool = False
    capacity: int | None = None
    opens_before: timedelta | None = None
    closes_before: timedelta | None = None
    invited: frozenset[tuple[str, str]] = frozenset()
    hosts: frozenset[uuid.UUID] = frozenset()


def changed(before: Facts, after: Facts) -> frozenset[str]:
    """Return the names of what differs."""
    names = (field.name for field in fields(Facts))
    return frozenset(name for name in names if getattr(before, name) != getattr(after, name))


@dataclass(frozen=True, slots=True)
class When:
    """The local times of an event, by the day that a series gives it."""

    days_off: int
    starts: time
    ends: time
    nights: int  # how many midnights lie between


def when_of(facts: Facts, on: date, zone: tzinfo) -> When:
    """Return the local times of an event that belongs to a day."""
    start, end = facts.starts_at.astimezone(zone), facts.ends_at.astimezone(zone)
    nights = (end.date() - start.date()).days
    return When((start.date() - on).days, start.time(), end.time(), nights)


def at(facts: Facts, on: date, when: When, zone: tzinfo) -> Facts:
    """Return an event at local times around a day.

    A local time that a clock change leaves out is read by the offset before it. Should the end
    then not come after the start, it stays as long as it was.
    """
    day = on + timedelta(days=when.days_off)
    starts = datetime.combine(day, when.starts, tzinfo=zone).astimezone(UTC)
    last = day + timedelta(days=when.nights)
    ends = datetime.combine(last, when.ends, tzinfo=zone).astimezone(UTC)
    if ends <= starts:
        ends = starts + (facts.ends_at - facts.starts_at)
    return replace(facts, starts_at=starts, ends_at=ends)


def moved(facts: Facts, day: date, zone: tzinfo) -> Facts:
    """Return the same on another day, at the same local times."""
    first = facts.starts_at.astimezone(zone).date()
    return at(facts, day, when_of(facts, first, zone), zone)


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of a series: what is planned, and which day of the series it is."""

    facts: Facts
    on: date


def followed(before: Dated, after: Facts, other: Dated, zone: tzinfo) -> tuple[Facts, set[str]]:
    """Return what a later date becomes when this one changes, and in what it goes its own way.

    A later date takes what has changed here. In what it differed from this one before, somebody
    changed it by itself: there it stays as it is, and is named.
    """
    result, own = other.facts, set()
    names = changed(before.facts, after)
    for name in sorted(names - _WHEN):
        if getattr(other.facts, name) != getattr(before.facts, name):
            own.add(name)
        else:
            result = replace(result, **{name: getattr(after, name)})
    if names & _WHEN:
        if when_of(other.facts, other.on, zone) != when_of(before.facts, before.on, zone):
            own.add("when")
        else:
            result = at(result, other.on, when_of(after, before.on, zone), zone)
    return result, own


def followed_anyway(before: Dated, after: Facts, other: Dated, zone: tzinfo) -> Facts:
    """Return what a later date becomes when it takes all that has changed here."""
    names = changed(before.facts, after)
    taken = {name: getattr(after, name) for name in names - _WHEN}
    result = replace(other.facts, **taken)
    if names & _WHEN:
        result = at(result, other.on, when_of(after, before.on, zone), zone)
    return result


def mark(rows: Iterable[tuple[uuid.UUID, str, Facts]]) -> str:
    """Return what changes as soon as any of these events does: it says what somebody has seen."""
    seen = [
        (str(pk), state, [_plain(getattr(facts, field.name)) for field in fields(Facts)])
        for pk, state, facts in rows
    ]
    return hashlib.sha256(repr(sorted(seen)).encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def is_skipped(day: date, wall: time, zone: tzinfo) -> bool:
    """Return whether the clocks jump over a local time on a day."""
    there = datetime.combine(day, wall, tzinfo=zone)
    back = there.astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) != there.replace(tzinfo=None)
