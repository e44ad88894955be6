"""What an event may be, who gets a place when, and how long an offer stands. Pure."""

from collections.abc import Collection
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from peersupport.core.states import NotAllowedFrom, Step, Table

__all__ = ["NotAllowedFrom"]


class Kind(StrEnum):
    """What kind of event it is."""

    MOVE = "move"  # yoga, a walk, a run
    SLEEP = "sleep"
    MIND = "mind"  # mindfulness
    WRITE = "write"  # gratitude writing and the like
    DINNER = "dinner"
    GROUP = "group"  # a standing group for people who share something
    WORKSHOP = "workshop"  # given to classmates
    DEBRIEF = "debrief"  # asked for by a team after a hard day
    OTHER = "other"


class Visibility(StrEnum):
    """Who finds an event."""

    PUBLIC = "public"  # everybody, signed in or not, and the public calendar
    STUDENTS = "students"  # whoever is signed in and of its audience
    PRIVATE = "private"  # whoever has its address


class State(StrEnum):
    """Where an event stands. Whether it is over says the clock."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Going(StrEnum):
    """Where somebody stands with an event."""

    GOING = "going"
    WAITING = "waiting"
    OFFERED = "offered"  # a place is held until the offer ends
    DECLINED = "declined"  # said no to a place
    LAPSED = "lapsed"  # did not answer an offer in time
    LEFT = "left"  # was going or waiting, and is no longer


# Whose place nobody else can have.
HOLDS_PLACE = frozenset({Going.GOING, Going.OFFERED})
# Who still wants to come.
LIVE = frozenset({Going.GOING, Going.OFFERED, Going.WAITING})
_NOT_LIVE = frozenset(Going) - LIVE

PLANNER, PERSON, SYSTEM = "planner", "person", "system"

EVENT_STEPS = Table(
    [
        Step(frozenset({State.DRAFT}), "publish", State.PUBLISHED, frozenset({PLANNER})),
        Step(frozenset({State.PUBLISHED}), "cancel", State.CANCELLED, frozenset({PLANNER})),
    ]
)

# A row begins with `take` or `wait`, as if it had been left before.
GOING_STEPS = Table(
    [
        Step(_NOT_LIVE, "take", Going.GOING, frozenset({PERSON})),
        Step(_NOT_LIVE, "wait", Going.WAITING, frozenset({PERSON})),
        # At once while there is time; near the start as an offer.
        Step(frozenset({Going.WAITING}), "promote", Going.GOING, frozenset({SYSTEM})),
        Step(frozenset({Going.WAITING}), "offer", Going.OFFERED, frozenset({SYSTEM})),
        # In the last minutes the first who taps has it, those who wait included.
        Step(frozenset({Going.WAITING}), "seize", Going.GOING, frozenset({PERSON})),
        Step(frozenset({Going.OFFERED}), "accept", Going.GOING, frozenset({PERSON})),
        Step(frozenset({Going.OFFERED}), "decline", Going.DECLINED, frozenset({PERSON})),
        Step(frozenset({Going.OFFERED}), "lapse", Going.LAPSED, frozenset({SYSTEM})),
        Step(frozenset({Going.GOING, Going.WAITING}), "leave", Going.LEFT, frozenset({PERSON})),
    ]
)

MOST_PLACES = 2000
MOST_WORDS = 6000
MOST_DATES = 40  # of one series
FARTHEST = timedelta(days=400)
LONGEST = timedelta(hours=24)

# -- forgetting -----------------------------------------------------------------------------------
KEPT_SENSITIVE = timedelta(hours=24)
KEPT = timedelta(days=7)


def forget_at(ends_at: datetime, *, is_sensitive: bool) -> datetime:
    """Return from when on nobody may be able to say who came."""
    return ends_at + (KEPT_SENSITIVE if is_sensitive else KEPT)


def is_of(groups: Collection[tuple[str, str]], class_name: str, rotation: str) -> bool:
    """Return whether a class and rotation group belong to an audience; an empty one is for all."""
    return not groups or (class_name, "") in groups or (class_name, rotation) in groups


# -- the waiting list -----------------------------------------------------------------------------
# Nearer to the start than this a place is offered and no longer simply given: plans were made.
OFFERS_WITHIN = timedelta(hours=24)
OFFER_LASTS = timedelta(hours=2)
SHORTEST_OFFER = timedelta(minutes=30)
# From here on nobody is asked any more: a free place is whoever's taps first.
FREE_FOR_ALL = timedelta(minutes=30)
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(8)
MORNING = time(9)  # what would be said or end at night waits until then


def is_given_at_once(starts_at: datetime, now: datetime) -> bool:
    """Return whether a freed place is simply given to who waits."""
    return starts_at - now > OFFERS_WITHIN


def is_free_for_all(starts_at: datetime, now: datetime) -> bool:
    """Return whether the waiting list has ended because the event is about to begin."""
    return starts_at - now <= FREE_FOR_ALL


def offer_until(starts_at: datetime, now: datetime, zone: tzinfo) -> datetime | None:
    """Return until when an offer made now stands, or None if there is no time for one.

    Two hours; nobody has to answer at night or while they get up, so one that would end then ends
    at nine in the morning; and never beyond the moment when the waiting list ends.
    """
    last = starts_at - FREE_FOR_ALL
    until = now + OFFER_LASTS
    local = until.astimezone(zone)
    # Not only until the night ends: whoever is asked later would have to answer sooner.
    if local.time() >= NIGHT_BEGINS or local.time() < MORNING:
        day = local.date() + timedelta(days=1 if local.time() >= NIGHT_BEGINS else 0)
        until = datetime.combine(day, MORNING, tzinfo=zone).astimezone(now.tzinfo)
    until = min(until, last)
    return until if until - now >= SHORTEST_OFFER else None


# -- on the day -----------------------------------------------------------------------------------
DOOR_OPENS = timedelta(minutes=30)
# Whoever runs it is there before the door opens.
MARKING_OPENS = timedelta(hours=1)
# Two questions, one tap each, and how many have to answer before the answers are shown.
ANSWERS: dict[str, tuple[str, ...]] = {"good": ("yes", "partly", "no"), "again": ("yes", "no")}
LEAST_ANSWERS = 5
SAY_FOR = timedelta(days=3)


def say_until(ends_at: datetime, forget_at: datetime) -> datetime:
    """Return until when somebody can say how it was. Then all of it is counted at once."""
    return min(ends_at + SAY_FOR, forget_at)


def is_door_open(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Return whether the code at the door works: from half an hour before it to its end."""
    return starts_at - DOOR_OPENS <= now < ends_at


def is_marking_open(starts_at: datetime, forget_at: datetime, now: datetime) -> bool:
    """Return whether somebody may be marked as there, and heads counted.

    From an hour before the start, and, as lists are often filled in afterwards, until it is
    forgotten who came.
    """
    return starts_at - MARKING_OPENS <= now < forget_at


# A tally sheet: rows of ten boxes, for whoever may come and some more.
BOXES_IN_ROW = 10
_BOXES_SPARE, _BOXES_UNKNOWN, _BOXES_MOST = 5, 60, 150


def boxes_for(places: int | None) -> int:
    """Return how many boxes a tally sheet has: whole rows, and no more than fit on one page."""
    wanted = _BOXES_UNKNOWN if places is None else places + _BOXES_SPARE
    rows = -(-min(wanted, _BOXES_MOST) // BOXES_IN_ROW)
    return rows * BOXES_IN_ROW


# -- calendars ------------------------------------------------------------------------------------
CANCELLED_SHOWN = timedelta(days=30)


class NotAllowed(Exception):
    """This person may not do that."""


class NotOpen(Exception):
    """Places cannot be taken now: not yet, no longer, or the event is not on."""


class TooEarly(NotOpen):
    """Nobody can have come yet."""


class AlreadyAsked(Exception):
    """They have asked this person already, who has not answered yet."""


class Full(Exception):
    """There is no place and no waiting list."""
