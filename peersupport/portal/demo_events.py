"""The demo's events: each kind of them, and each place somebody can have. Idempotent."""

import uuid
from collections.abc import Mapping, Sequence
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

_AHEAD = timedelta(days=1)
_ENOUGH = 4  # events ahead, below which the week is laid out anew
People = Mapping[str, Person]


def lay_out_events(people: People, *, now: datetime) -> None:
    """Let there be a week of events around today, unless there is one."""
    if Event.objects.on().ahead(now + _AHEAD).count() >= _ENOUGH:
        return
    zone = program_facts().zone
    _open(people, zone, now)
    _full(people, zone, now)
    _discreet(people, zone, now)
    _weekly(zone, now)
    _offered(people, now)
    _past(people, now)
    _debrief(people, now)


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
            title="Yoga in the atrium",
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
            title="Dinner after the block exam",
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
            title="Group for students who lost somebody",
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
            title="Ten quiet minutes",
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
            title="Three good things, on paper",
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
            title="Sleep before exams: what helps",
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
