"""Events beside the program's own days: in a term, in a holiday, while everything is closed."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from accounts.models import Person
from events.models import Event
from events.permissions import may_plan
from events.queries.plans import visible
from peersupport.core import clock
from program.models import Holiday
from program.queries.basics import facts

_MOMENT = timedelta(microseconds=1)


def published(reader: Person, start: datetime, end: datetime) -> list[Event]:
    """Return what is on and touches a stretch of time, in order: one query.

    All that they plan for whoever plans; for anybody else of the program what is public.
    """
    shown = visible(reader) if may_plan(reader) else Event.objects.public()
    found = shown.on().filter(starts_at__lt=end, ends_at__gt=start)
    return list(found.defer("key").order_by("starts_at", "title", "pk"))


def lane(first: date, last: date, reader: Person) -> list[tuple[date, str]]:
    """Return the day and name of each event of some days, for the timeline: two queries."""
    zone = facts().zone
    start, end = clock.day_bounds(first, zone)[0], clock.day_bounds(last, zone)[1]
    rows = published(reader, start, end)
    return [(max(row.starts_at.astimezone(zone).date(), first), row.title) for row in rows]


def in_holidays(
    days: Iterable[Holiday], reader: Person, now: datetime
) -> dict[uuid.UUID, list[Event]]:
    """Return the events that lie in each of some holidays and are not over: two queries."""
    days = list(days)
    if not days:
        return {}
    zone = facts().zone
    start = clock.day_bounds(min(one.first_on for one in days), zone)[0]
    end = clock.day_bounds(max(one.last_on for one in days), zone)[1]
    rows = [row for row in published(reader, start, end) if row.ends_at > now]

    def lies_in(row: Event, one: Holiday) -> bool:
        first = row.starts_at.astimezone(zone).date()
        last = (row.ends_at - _MOMENT).astimezone(zone).date()
        return first <= one.last_on and last >= one.first_on

    return {one.pk: [row for row in rows if lies_in(row, one)] for one in days}
