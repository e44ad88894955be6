"""Who stands behind the supporters, and when nobody does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from peersupport.core import clock
from program import rules
from program.models import Coverage


@dataclass(frozen=True, slots=True)
class Behind:
    """Who stands behind the supporters, to be called by them."""

    label: str
    phone: str


def windows() -> list[rules.Window]:
    """Return when somebody answers, as wall time: for whoever asks about many hours at once."""
    rows = Coverage.objects.values_list("weekday", "starts", "ends", "until")
    return [rules.Window(*row) for row in rows]


def coverage_gaps(start: datetime, end: datetime, zone: ZoneInfo) -> list[rules.Span]:
    """Return every stretch between two instants for which nobody is named as answering."""
    return rules.gaps(windows(), start, end, zone)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """A local day to come, and when nobody answers on it."""

    day: date
    gaps: tuple[rules.Span, ...]
    is_bare: bool


def days_ahead(
    rows: Iterable[Coverage], now: datetime, zone: ZoneInfo, days: int = 14
) -> list[DayAhead]:
    """Return each day from today on with its gaps, from entries already read: no query."""
    answering = [rules.Window(row.weekday, row.starts, row.ends, row.until) for row in rows]
    today, found = clock.local_date(now, zone), []
    for offset in range(days):
        day = today + timedelta(days=offset)
        start, end = clock.day_bounds(day, zone)
        # What is over today is no gap that anybody could still mend.
        missing = rules.gaps(answering, max(start, now), end, zone)
        is_bare = missing == [rules.Span(start, end)]
        found.append(DayAhead(day, tuple(missing), is_bare))
    return found


def behind(now: datetime, zone: ZoneInfo) -> list[Behind]:
    """Return who answers at this minute, in the order to call them."""
    found = []
    for row in Coverage.objects.order_by("order", "label"):
        window = rules.Window(row.weekday, row.starts, row.ends, row.until)
        if any(span.start <= now < span.end for span in rules.spans([window], now, now, zone)):
            found.append(Behind(row.label, row.phone))
    return found


def coverage() -> list[Coverage]:
    """Return everybody who stands behind the supporters, in the order to call them."""
    return list(Coverage.objects.order_by("order", "weekday", "starts", "label"))
