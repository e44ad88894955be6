"""States, transitions, limits and the arithmetic of hours. Pure: no ORM, settings or clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from peersupport.core.states import Step, Table

# Limits. Defaults of DESIGN section 4; a program's own values come with its settings.
HORIZON = timedelta(days=14)  # how far ahead a student may book
EARLY_IN = timedelta(minutes=15)  # how early a supporter may check in
LATE_AFTER = timedelta(minutes=5)  # then Today says "not here yet"
DARK_AFTER = timedelta(minutes=15)  # then the hours count as closed
MISS_GRACE = timedelta(minutes=10)  # before "we didn't meet" can be said
LAPSE_GRACE = timedelta(minutes=30)  # after the hours end, everything live ends
UNDO = timedelta(minutes=5)
REMEMBER = timedelta(hours=24)  # how long a visit's people are known after it ended
ROW_KEPT = timedelta(days=7)
FREE_MARGIN = timedelta(minutes=15)  # a booked talk nearer than this makes it "a short wait"
CALL_TIMEOUT = timedelta(minutes=3)  # how long somebody called has to come
GIVEN_ON_AFTER = timedelta(minutes=10)  # a booked time nobody came to may go to the line
CALLED_TWICE = 1  # who was called and not there goes first again this often, then is missed
DOOR_STEP = timedelta(minutes=5)  # how often the code at the door changes
DOOR_READ, DOOR_SENT = 2, 4  # how many codes back still open the page, and are still taken
MOST_AT_THE_DOOR = 40  # places in one line without an account
LATE_CHOICES = (5, 10, 15, 20, 30)
MOST_IN_SHIFT = 2  # supporters who hold hours together
PLAN_AHEAD = timedelta(days=366)  # how far ahead hours and days left out can be set
NOW_ROOM = timedelta(minutes=10)  # a room link is shown this long before
MINUTES = (15, 20, 30, 45, 60)  # lengths a supporter may choose from
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=12)


class VisitState(StrEnum):
    """Where a visit stands. The table below says what may follow."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    WAITING = "waiting"
    CALLED = "called"
    TALKING = "talking"
    FINISHED = "finished"
    MISSED = "missed"
    CANCELLED = "cancelled"
    LEFT = "left"
    CLOSED = "closed"
    LAPSED = "lapsed"


class ShiftState(StrEnum):
    """Where a shift stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Way(StrEnum):
    """How two people meet."""

    IN_PERSON = "in person"
    VIDEO = "video"
    VOICE = "voice"


REMOTE = frozenset({Way.VIDEO, Way.VOICE})


def ways_with(ways: str, *, has_room: bool) -> tuple[str, ...]:
    """Return the ways of a shift that really work: video and voice need a room to meet in."""
    return tuple(way for way in ways.split(",") if has_room or way not in REMOTE)


class CoverState(StrEnum):
    """Where a request for cover stands."""

    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


class Level(StrEnum):
    """How worried a supporter is (research, domain 6b)."""

    UNSURE = "unsure"
    TODAY = "today"
    NOW = "now"


S = VisitState
LIVE = frozenset({S.BOOKED, S.ARRIVED, S.WAITING, S.CALLED, S.TALKING})
ENDED = frozenset(VisitState) - LIVE
# A booked time stays taken in these states: after a talk or a miss it is not given out again.
HOLDS_TIME = frozenset({S.BOOKED, S.ARRIVED, S.TALKING, S.FINISHED, S.MISSED})
WITH_SUPPORTER = frozenset({S.CALLED, S.TALKING})
BOOKABLE_SHIFT = frozenset({ShiftState.PUBLISHED, ShiftState.OPEN})


def _step(sources: set[VisitState], verb: str, target: VisitState, *actors: str) -> Step:
    return Step(frozenset(map(str, sources)), verb, str(target), frozenset(actors))


# from -> verb -> to -> who. "student" is whoever holds the visit; "supporter" the one it is with.
TRANSITIONS = Table(
    [
        _step({S.BOOKED}, "arrive", S.ARRIVED, "student", "supporter"),
        _step({S.BOOKED, S.ARRIVED}, "cancel", S.CANCELLED, "student", "supporter", "program"),
        _step({S.BOOKED, S.ARRIVED}, "miss", S.MISSED, "supporter"),
        _step({S.MISSED}, "come late", S.WAITING, "student", "supporter"),
        _step({S.BOOKED, S.ARRIVED}, "displace", S.WAITING, "system"),
        _step({S.WAITING}, "call", S.CALLED, "supporter"),
        _step({S.CALLED}, "put back", S.WAITING, "supporter"),
        _step({S.CALLED}, "not found", S.WAITING, "supporter"),
        _step({S.CALLED}, "give up", S.MISSED, "supporter"),
        _step({S.WAITING, S.CALLED}, "leave", S.LEFT, "student"),
        _step({S.WAITING, S.CALLED}, "remove", S.LEFT, "supporter"),
        _step({S.WAITING, S.CALLED}, "close", S.CLOSED, "system", "supporter"),
        _step({S.BOOKED, S.ARRIVED, S.CALLED}, "start", S.TALKING, "supporter"),
        _step({S.TALKING}, "finish", S.FINISHED, "supporter"),
        _step(set(LIVE), "lapse", S.LAPSED, "system"),
    ]
)
# What can be taken back, by the supporter who did it, within UNDO: back to where it came from.
UNDOABLE = frozenset({S.TALKING, S.FINISHED, S.MISSED})


class LengthBand(StrEnum):
    """How long a talk was, roughly."""

    SHORT = "under 15"
    HALF = "15 to 30"
    HOUR = "30 to 60"
    LONG = "over 60"


class Topic(StrEnum):
    """Six reporting groups and no finer (research, domain 2b)."""

    STUDY = "study"
    CLINICAL = "clinical"
    CAREER = "career"
    PEOPLE = "people"
    SELF = "self"
    DAILY = "daily"


MOST_TOPICS = 3


class Weight(StrEnum):
    """How heavy a talk was for the supporter."""

    LIGHT = "light"
    MIDDLING = "middling"
    HEAVY = "heavy"


class SlotTaken(Exception):
    """Somebody else has just taken that time."""


class SlotGone(Exception):
    """That time is not offered: past, too far ahead, withdrawn, or never was."""


class NotThisWay(Exception):
    """That time is not offered in the way asked for: in person, video or voice."""


class AlreadyBooked(Exception):
    """This person has a time already; one at a time, so that there is room for everybody."""


class WithYourself(Exception):
    """A supporter cannot book their own time."""


class NotCovered(Exception):
    """Nobody is named as standing behind the supporter for part of these hours."""


class Overlaps(Exception):
    """The supporter already has hours in part of this time."""


class LineClosed(Exception):
    """Nobody more can join this line: not open, not yet, or closed for tonight."""


class AlreadyWaiting(Exception):
    """This person waits in another line; one place at a time."""


class NobodyToCall(Exception):
    """Nobody who waits can be called by this supporter now."""


class BookedFirst(Exception):
    """Somebody with a booked time is here or just due: they go before the line."""


class NobodySuitable(Exception):
    """Nobody in these hours is somebody this person wants to meet, or may."""


class EnoughForNow(Exception):
    """The supporter has had as many talks as is good for one shift or week, or has a break."""


class MissingContact(Exception):
    """A remote talk needs a place and a number, for the case of danger."""


class ShiftFull(Exception):
    """As many supporters as there is room for hold these hours already."""


class TooManyShifts(Exception):
    """One more would be more hours in that week than is good for one person."""


class StepsBack(Exception):
    """The supporter has a break or an exam of their own in that time."""


class Unavailable(Exception):
    """The other supporter cannot hold these hours. Never says why."""


class ChangedMeanwhile(Exception):
    """What would be done is not what was shown: it is shown again, and nothing was done."""


class OutOfTime(Exception):
    """Too early or too late for this act."""


class StillBooked(Exception):
    """Somebody is booked or here: leaving needs an explicit word on what happens to them."""


class AlreadyTalking(Exception):
    """The supporter is in a talk already."""


class NotAllowed(Exception):
    """This person may not do that."""


@dataclass(frozen=True, slots=True)
class Wall:
    """Weekly hours as wall time. An end at or before the start lies on the next day."""

    weekday: int
    starts: time
    ends: time
    zone: ZoneInfo


def bounds(day: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants (UTC) of wall hours that begin on a local day.

    A wall time that the spring change skips is read with the offset before it; one that the
    autumn change has twice means its first occurrence (PEP 495, fold=0). Hours across a change
    are therefore an hour shorter or longer than the clock face says.
    """
    ends_on = day if ends > starts else day + timedelta(days=1)
    first = datetime.combine(day, starts, tzinfo=zone).astimezone(UTC)
    last = datetime.combine(ends_on, ends, tzinfo=zone).astimezone(UTC)
    return first, last


def expand(wall: Wall, first: date, last: date) -> Iterator[tuple[date, datetime, datetime]]:
    """Yield (local day, start, end) of weekly hours for every fitting day from first to last."""
    day = first + timedelta(days=(wall.weekday - first.weekday()) % 7)
    while day <= last:
        start, end = bounds(day, wall.starts, wall.ends, wall.zone)
        if end > start:  # hours that lie wholly inside a skipped hour do not exist that day
            yield day, start, end
        day += timedelta(days=7)


def slots(starts_at: datetime, ends_at: datetime, minutes: int) -> list[datetime]:
    """Return the starts of every whole talk that fits between two instants."""
    length = timedelta(minutes=minutes)
    count = int((ends_at - starts_at) / length)
    return [starts_at + n * length for n in range(count)]


def term_of(day: date) -> str:
    """Return the counting term of a local day: half-years, until the program keeps its own."""
    return f"{day.year}-{'spring' if day.month <= 6 else 'autumn'}"


def week_of(day: date) -> str:
    """Return the ISO week of a local day, "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def daypart_of(wall: time) -> str:
    """Return the part of the day a talk began in: coarse enough to point at nobody."""
    if wall.hour < 12:
        return "morning"
    return "afternoon" if wall.hour < 17 else "evening"


@dataclass(frozen=True, slots=True)
class Wait:
    """An honest range for a wait, in whole minutes, rounded to five."""

    low: int
    high: int


def wait_range(ahead: int, supporters: int, minutes: int) -> Wait:
    """Return how long somebody with `ahead` people before them waits, for a talk of `minutes`.

    A talk may be half as long as planned or run over; two supporters halve the line. Nobody in
    the room counts as one, so that the range is never nothing.
    """
    each = max(1, supporters)
    low = (ahead // each) * minutes // 2
    high = (ahead // each + 1) * minutes
    return Wait(low - low % 5, high + (-high) % 5)


def door_bucket(now: datetime) -> int:
    """Return the number of the stretch of time for which one door code is shown."""
    return int(now.timestamp() // DOOR_STEP.total_seconds())
