"""What stands in the way of an event that is planned: advice, which hinders nobody."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from events.models import Event
from events.planning_rules import Facts
from events.rules import Kind, State
from program.calendar_rules import Entry
from program.calendar_rules import Kind as MilestoneKind
from program.models import Holiday
from program.queries import holidays
from program.queries.milestones import entry_of, milestones


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that is on at the same time, or that day. It hinders nobody."""

    why: str  # "milestone", "eve", "holiday", "event"
    title: str
    first_on: date
    last_on: date
    whom: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What stands in the calendars around some events."""

    entries: list[Entry]
    closed: list[Holiday]
    others: list[Event]


def clashes(
    planned: Sequence[Facts], zone: ZoneInfo, *, leaving_out: Collection[uuid.UUID] = ()
) -> list[list[Clash]]:
    """Return what is in the way of each of some events: three queries, however many."""
    if not planned:
        return []
    start = min(one.starts_at for one in planned)
    end = max(one.ends_at for one in planned)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    others = Event.objects.filter(starts_at__lt=end, ends_at__gt=start)
    others = others.exclude(state=str(State.CANCELLED)).exclude(kind=str(Kind.DEBRIEF))
    ground = _Ground(
        [entry_of(row) for row in milestones(first, last + timedelta(days=1))],
        holidays(first, last),
        list(others.exclude(pk__in=leaving_out).order_by("starts_at")),
    )
    return [_in_the_way(one, ground, zone) for one in planned]


def _in_the_way(one: Facts, ground: _Ground, zone: ZoneInfo) -> list[Clash]:
    first = one.starts_at.astimezone(zone).date()
    last = (one.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    found = [
        Clash("holiday", row.name, row.first_on, row.last_on)
        for row in ground.closed
        if row.first_on <= last and row.last_on >= first
    ]
    for entry in ground.entries:
        if not _concerns(entry, one):
            continue
        whom = ", ".join(filter(None, [entry.class_name, entry.rotation]))
        is_eve = entry.kind is MilestoneKind.EXAM and entry.first_on == last + timedelta(days=1)
        if is_eve or (entry.first_on <= last and entry.last_on >= first):
            why = "eve" if is_eve else "milestone"
            found.append(Clash(why, entry.title, entry.first_on, entry.last_on, whom))
    for row in ground.others:
        if row.starts_at < one.ends_at and row.ends_at > one.starts_at:
            found.append(
                Clash("event", row.title, first, last, start=row.starts_at, end=row.ends_at)
            )
    return found


def _concerns(entry: Entry, one: Facts) -> bool:
    """Return whether a milestone is of anybody whom an event is for."""
    if not entry.class_name or not one.invited:
        return True
    return any(
        entry.class_name == name and (not rotation or entry.rotation in ("", rotation))
        for name, rotation in one.invited
    )
