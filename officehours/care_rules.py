"""How supporters are looked after: caps, rests, what a worry asks for, one word for the program.

Pure: no ORM, settings or clock. The numbers are those of the research (domain report, sections 4
and 6b); a program's own values come with its settings.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from officehours.rules import Level, bounds

# Caps (domain 4): two shifts a week, three talks in one, six a week.
SHIFTS_A_WEEK = 2
TALKS_A_SHIFT = 3
TALKS_A_WEEK = 6
# No talks in the days before one's own exam (domain 4).
BEFORE_EXAM = timedelta(hours=72)
# Rests (domain 4): after a heavy talk, after the second within seven days, after an escalation.
AFTER_HEAVY = 1
AFTER_TWO_HEAVY = 3
AFTER_ESCALATION = 7
# After an escalation the protocol is looked at again within this time (domain 6b).
REVIEW_WITHIN = timedelta(days=7)
LONGEST_BREAK = timedelta(days=366)
# Below this many supporters the word says nothing about people who rest (domain 4).
ENOUGH_TO_COUNT = 5

_MIDNIGHT = datetime.min.time()


class Capacity(StrEnum):
    """How the program stands, in one word. It points at nobody."""

    STEADY = "steady"
    STRETCHED = "stretched"
    ASK_FOR_HELP = "ask for help"


# The card (domain 6b): what to do at each level, in order. Keys are kept; words are on the page.
STEPS: dict[Level, tuple[str, ...]] = {
    Level.UNSURE: ("stepped out", "called", "no name"),
    Level.TODAY: ("asked", "said", "together"),
    Level.NOW: ("stayed", "called now", "least", "told"),
}
# The levels after which somebody is stood down, debriefed the same day, and the protocol reviewed.
STOOD_DOWN = frozenset({Level.TODAY, Level.NOW})


def too_many_shifts(count: int) -> bool:
    """Return whether one more shift is too many for somebody who has `count` in that week."""
    return count >= SHIFTS_A_WEEK


def is_full(in_shift: int, in_week: int) -> bool:
    """Return whether somebody with so many talks should be offered no further one."""
    return in_shift >= TALKS_A_SHIFT or in_week >= TALKS_A_WEEK


def blackout(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Return the stretch without talks around one's own exam: from 72 hours before to its end."""
    return starts_at - BEFORE_EXAM, ends_at


def days_after_heavy(heavy: int) -> int:
    """Return how many days of rest are offered after the `heavy`-th heavy talk of a week."""
    return AFTER_HEAVY if heavy < 2 else AFTER_TWO_HEAVY


def days_after_worry(level: Level) -> int:
    """Return how many days of rest are offered after an escalation; none if only unsure."""
    return AFTER_ESCALATION if level in STOOD_DOWN else 0


def whole_days(
    starts_at: datetime, ends_at: datetime | None, zone: ZoneInfo
) -> tuple[datetime, datetime | None]:
    """Return a break widened to whole local days.

    So a break says nothing about the hour it was asked for in, whether somebody took it by hand
    or it followed a talk, and "tomorrow" is free until its end.
    """
    first = _midnight(starts_at.astimezone(zone).date(), zone)
    if ends_at is None:
        return first, None
    day = ends_at.astimezone(zone).date()
    last = _midnight(day, zone)
    return first, last if last == ends_at else _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return bounds(day, _MIDNIGHT, _MIDNIGHT, zone)[0]


def monday_of(day: date) -> date:
    """Return the first day of the ISO week of a local day."""
    return day - timedelta(days=day.weekday())


def week_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants between which the local ISO week of a day lies: 167 to 169 hours."""
    monday = monday_of(day)
    return _midnight(monday, zone), _midnight(monday + timedelta(days=7), zone)


def week_from(text: str) -> date:
    """Return the Monday of a week written "2026-W48"."""
    return datetime.strptime(f"{text}-1", "%G-W%V-%u").date()  # noqa: DTZ007 - a day, no instant


def review_due(week: str) -> date:
    """Return by when the protocol is looked at again after an escalation in a week.

    Only the week is kept, so seven days are counted from its Monday: early rather than late.
    """
    return week_from(week) + REVIEW_WITHIN


def capacity(*, gaps: int, available: int, supporters: int) -> Capacity:
    """Return the word for so many hours without enough people, and so many who can take them.

    In a small program who is available says who is not, so there only the gaps count.
    """
    hands = available if supporters >= ENOUGH_TO_COUNT else supporters
    if gaps > hands or (supporters and not hands):
        return Capacity.ASK_FOR_HELP
    if gaps * 2 > hands or (supporters >= ENOUGH_TO_COUNT and available * 2 < supporters):
        return Capacity.STRETCHED
    return Capacity.STEADY


def whole_hours(length: timedelta) -> int:
    """Return a length in hours, rounded to the nearest; half an hour counts up."""
    return int((length + timedelta(minutes=30)) // timedelta(hours=1))


def term_bounds(day: date) -> tuple[date, date]:
    """Return the first day of the counting term of a day, and of the next (`rules.term_of`)."""
    if day.month <= 6:
        return date(day.year, 1, 1), date(day.year, 7, 1)
    return date(day.year, 7, 1), date(day.year + 1, 1, 1)
