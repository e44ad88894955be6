"""What stands in the way of an event that is planned: advice, which hinders nobody."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import Q, Value

from events.models import Event
from events.planning_rules import Facts
from events.rules import Kind, State
from program.calendar_rules import Kind as MilestoneKind
from program.models import Holiday, Milestone

_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
_HOLIDAY = "holiday"


class Why(StrEnum):
    """What it is that is in the way."""

    HOLIDAY = "holiday"
    MILESTONE = "milestone"
    EVE = "eve"  # somebody it is for has an exam on the next day
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that is on at the same time, or that day."""

    why: Why
    title: str
    first_on: date
    last_on: date
    whom: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """A milestone or a holiday."""

    kind: str
    title: str
    first_on: date
    last_on: date
    class_name: str
    rotation: str

    @property
    def is_holiday(self) -> bool:
        """Whether the school is closed."""
        return self.kind == _HOLIDAY

    @property
    def whom(self) -> str:
        """Whose it is, or nothing if it is everybody's."""
        return ", ".join(filter(None, [self.class_name, self.rotation]))


def days(first: date, last: date) -> list[Day]:
    """Return the milestones and holidays that touch some days, in order: one query."""
    touches = {"first_on__lte": last, "last_on__gte": first}
    names = ("kind", "title", "first_on", "last_on", "class_name", "rotation")
    exams = Milestone.objects.filter(**touches).order_by().values_list(*names)
    closed = Holiday.objects.filter(**touches).order_by()
    bare = closed.annotate(k=Value(_HOLIDAY), c=Value(""), r=Value(""))
    rows = exams.union(bare.values_list("k", "name", "first_on", "last_on", "c", "r"), all=True)
    return sorted((Day(*row) for row in rows), key=lambda day: (day.first_on, day.title))


def _stretch(planned: Sequence[Facts]) -> tuple[datetime, datetime]:
    return min(one.starts_at for one in planned), max(one.ends_at for one in planned)


def clashes(
    planned: Sequence[Facts], zone: ZoneInfo, *, leaving_out: Collection[uuid.UUID] = ()
) -> list[list[Clash]]:
    """Return what is in the way of each of some events: two queries, however many."""
    if not planned:
        return []
    start, end = _stretch(planned)
    others = Event.objects.filter(starts_at__lt=end, ends_at__gt=start)
    others = others.exclude(state=str(State.CANCELLED)).exclude(kind=str(Kind.DEBRIEF))
    rows = list(others.exclude(pk__in=leaving_out).order_by("starts_at"))
    around = days(*_days_of(start, end, zone))
    return [_in_the_way(one, around, rows, zone) for one in planned]


def around(row: Event, planned: Facts, zone: ZoneInfo) -> tuple[list[Clash], list[Event]]:
    """Return what is in the way of one event, and the other dates of its series: two queries."""
    start, end = planned.starts_at, planned.ends_at
    is_then = Q(starts_at__lt=end, ends_at__gt=start) & ~Q(kind=str(Kind.DEBRIEF))
    is_then &= ~Q(state=str(State.CANCELLED))
    is_sibling = Q(series=row.series_id) if row.series_id else Q(pk__in=[])
    found = list(Event.objects.filter(is_then | is_sibling).order_by("starts_at"))
    others = [
        one
        for one in found
        if one.pk != row.pk
        and one.state != State.CANCELLED
        and one.starts_at < end
        and one.ends_at > start
    ]
    siblings = [one for one in found if row.series_id and one.series_id == row.series_id]
    return _in_the_way(planned, days(*_days_of(start, end, zone)), others, zone), siblings


def _days_of(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """Return the first local day, and the one after the last: an exam's eve is told, too."""
    return start.astimezone(zone).date(), (end - _MOMENT).astimezone(zone).date() + _DAY


def _in_the_way(
    one: Facts, around: Sequence[Day], others: Sequence[Event], zone: ZoneInfo
) -> list[Clash]:
    first, after = _days_of(one.starts_at, one.ends_at, zone)
    last = after - _DAY
    found = []
    for day in around:
        is_then = day.first_on <= last and day.last_on >= first
        is_eve = day.kind == MilestoneKind.EXAM and day.first_on == after
        if not (is_then or is_eve) or not _concerns(day, one):
            continue
        why = Why.HOLIDAY if day.is_holiday else Why.MILESTONE
        why = why if is_then else Why.EVE
        found.append(Clash(why, day.title, day.first_on, day.last_on, day.whom))
    for row in others:
        if row.starts_at < one.ends_at and row.ends_at > one.starts_at:
            then = Clash(Why.EVENT, row.title, first, last, start=row.starts_at, end=row.ends_at)
            found.append(then)
    return found


def _concerns(day: Day, one: Facts) -> bool:
    """Return whether a milestone is of anybody whom an event is for."""
    if not one.invited or not (day.class_name or day.rotation):
        return True
    return any(
        day.class_name in ("", name) and (not rotation or day.rotation in ("", rotation))
        for name, rotation in one.invited
    )
