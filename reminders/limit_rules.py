"""The governor: whether something that nobody asked for goes to somebody now. Pure.

It looks at one message to one person at one moment. Whoever asks collects what is known.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from program.calendar_rules import Quiet
from reminders.planning_rules import MORNING, instant, monday_of, next_moment

A_WEEK, A_MILESTONE, A_TERM = 1, 3, 10


class Outcome(StrEnum):
    """What becomes of a message that nobody asked for."""

    WENT = "went"
    HELD = "held"
    DROPPED = "dropped"


class Why(StrEnum):
    """The reason, as the ledger keeps it."""

    FINE = "fine"
    LATE = "late"
    CHANGED = "changed"
    GONE = "gone"
    UNWANTED = "unwanted"
    SAID = "said"
    INCIDENT = "incident"
    NIGHT = "night"
    EXAM = "exam"
    WEEK = "week"
    MILESTONE = "milestone"
    TERM = "term"
    WEAKER = "weaker"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SaidOnce:
    """Something unasked that went to this person: on which local day, about which milestone."""

    day: date
    milestone: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Rival:
    """Another message to the same person: how useful, about what, from when to when."""

    priority: int
    milestone: uuid.UUID | None
    due_at: datetime
    expires_at: datetime
    key: bytes

    @property
    def rank(self) -> tuple[int, datetime, bytes]:
        """The more useful first; of two alike the earlier, and never both."""
        return (-self.priority, self.due_at, self.key)


@dataclass(frozen=True, slots=True)
class Known:
    """All that decides about one message at one moment."""

    now: datetime
    zone: ZoneInfo
    message: Rival
    is_live: bool = True
    is_there: bool = True
    is_wanted: bool = True
    was_said: bool = False
    waits_for_incident: bool = False
    quiets: tuple[Quiet, ...] = ()
    said: tuple[SaidOnce, ...] = ()
    term_first: date = date.min
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of it, why, and until when it is held."""

    outcome: Outcome
    why: Why
    until: datetime | None = None


def _drop(why: Why) -> Decision:
    return Decision(Outcome.DROPPED, why)


def _until(known: Known, when: datetime, why: Why) -> Decision:
    """Hold until then; what is worth nothing by then is dropped at once."""
    if when < known.message.expires_at:
        return Decision(Outcome.HELD, why, when)
    return _drop(why)


def _wall(known: Known) -> datetime:
    return known.now.astimezone(known.zone).replace(tzinfo=None, fold=0)


def next_week(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the morning of the Monday after this moment."""
    monday = monday_of(now.astimezone(zone).date()) + timedelta(days=7)
    return instant(datetime.combine(monday, MORNING), zone)


def _about_itself(known: Known) -> Decision | None:
    checks = (
        (known.now >= known.message.expires_at, Why.LATE),
        (not known.is_live, Why.CHANGED),
        (not known.is_there, Why.GONE),
        (not known.is_wanted, Why.UNWANTED),
        (known.was_said, Why.SAID),
    )
    return next((_drop(why) for is_so, why in checks if is_so), None)


def _about_time(known: Known) -> Decision | None:
    if known.waits_for_incident:
        return Decision(Outcome.HELD, Why.INCIDENT)
    wall = _wall(known)
    awake = next_moment(wall)
    if awake != wall:
        return _until(known, instant(next_moment(wall, known.quiets), known.zone), Why.NIGHT)
    free = next_moment(wall, known.quiets)
    if free != wall:
        return _until(known, instant(free, known.zone), Why.EXAM)
    return None


def _about_limits(known: Known) -> Decision | None:
    if sum(one.day >= known.term_first for one in known.said) >= A_TERM:
        return _drop(Why.TERM)
    if _is_full(known, known.message.milestone):
        return _drop(Why.MILESTONE)
    week = monday_of(_wall(known).date())
    if sum(monday_of(one.day) == week for one in known.said) >= A_WEEK:
        return _until(known, next_week(known.now, known.zone), Why.WEEK)
    return None


def _is_full(known: Known, milestone: uuid.UUID | None) -> bool:
    about = sum(one.milestone == milestone for one in known.said)
    return milestone is not None and about >= A_MILESTONE


def _outranks(known: Known, rival: Rival) -> bool:
    """Return whether a message that is more useful still comes in this week."""
    zone = known.zone
    due = rival.due_at.astimezone(zone).replace(tzinfo=None, fold=0)
    goes_at = instant(next_moment(due, known.quiets), zone)
    return (
        rival.rank < known.message.rank
        and rival.expires_at > max(known.now, goes_at)
        and monday_of(goes_at.astimezone(zone).date()) == monday_of(_wall(known).date())
        and not _is_full(known, rival.milestone)
    )


def decide(known: Known) -> Decision:
    """Return what becomes of a message that nobody asked for: the first reason against it wins."""
    steps: tuple[Callable[[Known], Decision | None], ...] = (
        _about_itself,
        _about_time,
        _about_limits,
    )
    for step in steps:
        said = step(known)
        if said is not None:
            return said
    if any(_outranks(known, rival) for rival in known.rivals):
        return _until(known, next_week(known.now, known.zone), Why.WEAKER)
    return Decision(Outcome.WENT, Why.FINE)
