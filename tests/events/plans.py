"""Plans of the tests: what somebody would write into the form."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from events.models import Event, Rsvp
from events.planning_rules import Facts
from events.queries import plans
from events.rules import Going, Kind
from peersupport.core import clock, ids

NEW_YORK = ZoneInfo("America/New_York")
# A week after the evening of the tests, which is a Monday.
TUESDAY = date(2026, 12, 1)


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the instant of a local time."""
    return clock.to_utc(datetime(day.year, day.month, day.day, hour, minute), NEW_YORK)


def facts(day: date = TUESDAY, **more: Any) -> Facts:
    """Return yoga on a day from 6pm to 7pm."""
    starts = more.pop("starts_at", wall(day, 18))
    values: dict[str, Any] = {
        "kind": Kind.MOVE,
        "title": "Yoga",
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=1),
        "place": "Atrium",
        **more,
    }
    return Facts(**values)


def typed(day: date = TUESDAY, **more: Any) -> dict[str, Any]:
    """Return what somebody types to plan the same."""
    return {
        "kind": "move", "title": "Yoga", "day": day.isoformat(), "starts": "18:00",
        "ends": "19:00", "place": "Atrium", "visibility": "students", **more,
    }  # fmt: skip


def mark(row: Event, now: datetime) -> str:
    """Return what somebody has seen who opened the form now."""
    rows = plans.later_dates(Event.objects.get(pk=row.pk), now)
    return plans.mark_of(rows, plans.read(rows))


def somebody_comes(row: Event, state: Going = Going.GOING) -> Rsvp:
    """Let somebody come to an event, or wait."""
    found = Event.objects.get(pk=row.pk)
    if state is Going.WAITING:
        found.waiting += 1
    else:
        found.taken += 1
    number = found.next_number
    found.next_number += 1
    found.save()
    return Rsvp.objects.create(
        event=found, tag=ids.new_id().bytes, holder=b"sealed", state=str(state), number=number
    )
