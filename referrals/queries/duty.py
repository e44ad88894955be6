"""Who reads when, and the coming two weeks: a number of queries that does not grow."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from peersupport.core import clock
from program.queries import holidays
from program.rules import Days, Span, gaps, spans
from referrals import reading_rules
from referrals.models import Counselor, DaysAway, Reading, Timers
from referrals.queries.reading import Plan, plan, window
from referrals.rules import RUNGS, Kind, Rung, Urgency

AHEAD = 14


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours of somebody."""

    id: UUID
    weekday: int
    starts: time
    ends: time
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Away:
    """Days on which somebody is away."""

    id: UUID
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Reader:
    """A counselor, and when they read."""

    id: UUID
    name: str
    hours: tuple[Hours, ...]
    away: tuple[Away, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time of a day in which somebody reads."""

    start: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True)
class DayAhead:
    """A day to come: its holiday, who reads in it, and what is left of it."""

    day: date
    holiday: str
    reads: tuple[Stretch, ...]
    # When nobody does, from midnight to midnight.
    gaps: tuple[Span, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """Everything on the page of when counselors read."""

    readers: tuple[Reader, ...]
    days: tuple[DayAhead, ...]


def duty(now: datetime, zone: ZoneInfo) -> Duty:
    """Return who reads when, and the coming two weeks: four queries."""
    active = Counselor.objects.filter(state=Counselor.State.ACTIVE).select_related("card")
    people = {one.pk: one.card.name for one in active.order_by("card__name", "pk")}
    rows = list(Reading.objects.filter(card__in=list(people)).order_by("weekday", "starts"))
    today = clock.local_date(now, zone)
    gone = list(DaysAway.objects.filter(card__in=list(people), last_on__gte=today))
    readers = tuple(
        Reader(
            key,
            name,
            tuple(_hours(row) for row in rows if row.card_id == key),
            tuple(
                Away(row.pk, row.first_on, row.last_on)
                for row in sorted(gone, key=lambda row: (row.first_on, row.last_on))
                if row.card_id == key
            ),
        )
        for key, name in people.items()
    )
    return Duty(readers, _days(rows, readers, now, zone))


def _hours(row: Reading) -> Hours:
    return Hours(row.pk, row.weekday, row.starts, row.ends, row.first_on, row.last_on)


def _days(
    rows: list[Reading], readers: tuple[Reader, ...], now: datetime, zone: ZoneInfo
) -> tuple[DayAhead, ...]:
    today = clock.local_date(now, zone)
    people = {one.id: one for one in readers}
    closed = holidays(today, today + timedelta(days=AHEAD))
    away = [Days(one.first_on, one.last_on) for one in closed]
    windows = [
        (
            people[row.card_id].name,
            reading_rules.with_holidays([window(row, _gone(people[row.card_id]))], away),
        )
        for row in rows
    ]
    found = []
    for offset in range(AHEAD):
        day = today + timedelta(days=offset)
        start, end = clock.day_bounds(day, zone)
        reads = [
            Stretch(max(one.start, start), min(one.end, end), name)
            for name, hours in windows
            for one in spans(hours, start, end, zone)
            if one.start < end and one.end > start
        ]
        named = next((one.name for one in closed if one.first_on <= day <= one.last_on), "")
        ordered = tuple(sorted(reads, key=lambda one: (one.start, one.name)))
        everybody = [one for _name, hours in windows for one in hours]
        bare = tuple(gaps(everybody, start, end, zone))
        found.append(DayAhead(day, named, ordered, bare, start, end))
    return tuple(found)


def _gone(reader: Reader) -> tuple[Days, ...]:
    return tuple(Days(one.first_on, one.last_on) for one in reader.away)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What happens to something that comes now, if nobody answers: rung by rung."""

    urgency: str
    rungs: tuple[tuple[Rung, datetime], ...]
    acknowledge_by: datetime
    contact_by: datetime


def consequences(known: Plan, now: datetime) -> tuple[Consequence, ...]:
    """Return what follows from timers and reading hours, for something that comes now."""
    found = []
    for kind, urgency in (
        (Kind.DANGER, Urgency.URGENT),
        *((Kind.STUDENT, u) for u in reversed(Urgency)),
    ):
        timer = known.timer(kind, urgency)
        at, rungs = known.begins(kind, now), []
        for rung in RUNGS:
            rungs.append((rung, at))
            at = known.after(kind, at, timer.step)
        answered = known.after(kind, now, timer.acknowledge)
        name = str(kind) if kind == Kind.DANGER else str(urgency)
        reached = known.after(kind, answered, timer.contact)
        found.append(Consequence(name, tuple(rungs), answered, reached))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Settled:
    """Timers and line as they are set now."""

    plan: Plan
    line_name: str
    line_email: str


def settled(now: datetime, zone: ZoneInfo) -> Settled:
    """Return what the lead has set: five queries."""
    row = Timers.objects.filter(pk=1).first() or Timers()
    return Settled(plan(now, zone), row.line_name, row.line_email)
