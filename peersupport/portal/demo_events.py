"""The demo's events: each kind of them, and each place somebody can have.

Laid out anew each day: whatever of it is over, or no longer ahead, is made once more, and the rest
is left alone. One look finds what is missing, so that it can be done at every start and every day.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Person
from events.models import Event, Request, Rsvp, Taker
from events.planning_rules import Facts
from events.queries.debriefs import Asked
from events.rules import Going, Kind, Visibility
from events.services import attendance, debriefs, places, planning, series
from events.services.said import say
from peersupport.core.actors import SYSTEM
from peersupport.core.clock import UTC
from program.queries import facts as program_facts

_YOGA = "Yoga in the atrium"
_DINNER = "Dinner after the block exam"
_GROUP = "Group for students who lost somebody"
_QUIET = "Ten quiet minutes"
_OFFER = "Three good things, on paper"
_PAST = "Sleep before exams: what helps"
_LATELY = timedelta(hours=49)  # for so long what was is worth looking at
People = Mapping[str, Person]


def lay_out_events(people: People, *, now: datetime) -> None:
    """Let there be a week of events around today: what of it is there already stays."""
    there = _there(now)
    if there < {_YOGA, _DINNER, _GROUP, _QUIET, _OFFER, _PAST}:
        _make(people, there, now)
    _debrief(people, now)


def _there(now: datetime) -> set[str]:
    """Return the names of what is ahead, and of what has just been: one query.

    What somebody cancelled counts: it stays cancelled until its day.
    """
    rows = Event.objects.shown().filter(ends_at__gt=now - _LATELY)
    found = rows.values_list("title", "starts_at")
    return {title for title, starts in found if (starts <= now) is (title == _PAST)}


def _make(people: People, there: set[str], now: datetime) -> None:
    zone = program_facts().zone
    scenes: dict[str, Callable[[], None]] = {
        _YOGA: lambda: _open(people, zone, now),
        _DINNER: lambda: _full(people, zone, now),
        _GROUP: lambda: _discreet(people, zone, now),
        _QUIET: lambda: _weekly(zone, now),
        _OFFER: lambda: _offered(people, now),
        _PAST: lambda: _past(people, now),
    }
    for name, make in scenes.items():
        if name not in there:
            make()


def _at(days: int, at: time, zone: ZoneInfo, now: datetime) -> datetime:
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _published(facts: Facts, now: datetime) -> Event:
    row = planning.write(facts=facts, by=SYSTEM, now=now)
    return planning.publish(event=row.pk, by=SYSTEM, now=now)


def _go(row: Event, who: Sequence[Person], now: datetime) -> None:
    for person in who:
        places.answer(event=row.pk, person=person, now=now)


def _open(people: People, zone: ZoneInfo, now: datetime) -> None:
    start = _at(2, time(17, 30), zone, now)
    row = _published(
        Facts(
            kind=Kind.MOVE,
            title=_YOGA,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            place="Atrium, Hall B",
            words="Slow and easy; **no experience needed**. Mats are there.\n\n"
            "Come late, leave early: both are fine.",
            led_by="A teacher from the gym",
            access="Step-free. A chair version of everything.",
            visibility=Visibility.PUBLIC,
            capacity=12,
            hosts=frozenset({people["priya"].pk}),
        ),
        now,
    )
    _go(row, [people["sol"], people["ana"]], now)


def _full(people: People, zone: ZoneInfo, now: datetime) -> None:
    start = _at(4, time(18), zone, now)
    row = _published(
        Facts(
            kind=Kind.DINNER,
            title=_DINNER,
            starts_at=start,
            ends_at=start + timedelta(hours=2),
            place="Lounge A",
            words="Soup, bread, and nobody asks how it went.",
            visibility=Visibility.STUDENTS,
            capacity=2,
        ),
        now,
    )
    _go(row, [people["sol"], people["marcus"], people["ana"]], now)


def _discreet(people: People, zone: ZoneInfo, now: datetime) -> None:
    start = _at(3, time(19), zone, now)
    row = _published(
        Facts(
            kind=Kind.GROUP,
            title=_GROUP,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            place="Told to who comes",
            words="For whoever has lost somebody, lately or long ago. You need not speak.",
            visibility=Visibility.STUDENTS,
            is_sensitive=True,
            capacity=8,
            hosts=frozenset({people["marcus"].pk}),
        ),
        now,
    )
    _go(row, [people["ben"]], now)


def _weekly(zone: ZoneInfo, now: datetime) -> None:
    start = _at(1, time(12, 15), zone, now)
    made = series.make(
        facts=Facts(
            kind=Kind.MIND,
            title=_QUIET,
            starts_at=start,
            ends_at=start + timedelta(minutes=30),
            place="Chapel, side room",
            words="Sit, breathe, go back to work.",
            visibility=Visibility.PUBLIC,
        ),
        every_weeks=1,
        last_on=start.astimezone(zone).date() + timedelta(weeks=3),
        by=SYSTEM,
        now=now,
    )
    series.publish(series=made.pk, by=SYSTEM, now=now)
    second = made.dates.order_by("starts_at")[1]
    planning.cancel(event=second.pk, by=SYSTEM, now=now)


def _offered(people: People, now: datetime) -> None:
    """A place that is kept for Ben for a while: it is too near to be simply given."""
    start = (now + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
    row = _published(
        Facts(
            kind=Kind.WRITE,
            title=_OFFER,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            place="Library, room 2",
            visibility=Visibility.STUDENTS,
            capacity=1,
        ),
        now,
    )
    _go(row, [people["priya"], people["ben"]], now)
    places.leave(event=row.pk, person=people["priya"], now=now)


def _past(people: People, now: datetime) -> None:
    """Yesterday's, with who came and what they said: fewer than are shown."""
    earlier = now - timedelta(days=2)
    start = (now - timedelta(hours=26)).replace(minute=0, second=0, microsecond=0)
    row = _published(
        Facts(
            kind=Kind.SLEEP,
            title=_PAST,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            place="Room 301",
            visibility=Visibility.PUBLIC,
            capacity=30,
        ),
        earlier,
    )
    going = [people["ana"], people["sol"]]
    _go(row, going, earlier)
    for rsvp in Rsvp.objects.filter(event=row, state=str(Going.GOING)):
        attendance.mark(event=row.pk, rsvp=rsvp.pk, came=True, by=people["cora"], now=start)
    attendance.count_heads(event=row.pk, heads=9, by=people["cora"], now=now)
    for person in going:
        say(event=row.pk, person=person, answers={"good": "yes", "again": "yes"}, now=now)


def _debrief(people: People, now: datetime) -> None:
    if Taker.objects.exists() or Request.objects.exists():
        return
    debriefs.add_taker(person=people["priya"], about="has sat with many teams", by=SYSTEM, now=now)
    debriefs.ask(
        taker=Taker.objects.get().pk,
        asked=Asked("The night team on 5 West", "To sit down for half an hour", "After 6pm"),
        request_key=uuid.uuid4(),
        person=people["ben"],
        now=now,
    )
