"""When somebody on the care side reads, and by when: pure arithmetic on reading hours.

Reading hours are windows of wall time, as coverage has them; holidays are days away of all of
them, beside those of each. What is asked for in hours is counted in reading hours, so that
nothing falls due at night.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from program.rules import Days, Span, Window, spans

# Beyond this nobody is told a time: a service that reads next in a month does not read.
HORIZON = timedelta(days=31)
_STEP = timedelta(days=4)
_DAY = timedelta(days=1)


def with_holidays(windows: Iterable[Window], holidays: Iterable[Days]) -> list[Window]:
    """Return reading hours in which nobody reads on holidays."""
    closed = tuple(holidays)
    return [replace(window, away=(*window.away, *closed)) for window in windows]


def absence(away: Iterable[Days], today: date) -> Days | None:
    """Return the days away in which today lies; None if somebody is there today.

    Days that follow one another, or overlap, are one absence.
    """
    whole: list[Days] = []
    for days in sorted(away, key=lambda one: one.first):
        last = whole[-1] if whole else None
        if last is not None and days.first <= last.last + _DAY:
            whole[-1] = Days(last.first, max(last.last, days.last))
        else:
            whole.append(days)
    return next((one for one in whole if one.first <= today <= one.last), None)


def _reading(windows: list[Window], start: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """Yield when somebody reads from an instant on, without overlaps, until the horizon."""
    reached, end = start, start + HORIZON
    begins = start
    while begins < end:
        upto = min(begins + _STEP, end)
        for span in spans(windows, begins, upto, zone):
            first, last = max(span.start, reached), min(span.end, upto)
            if first < last:
                yield Span(first, last)
                reached = last
        begins = upto


def is_read_now(windows: Iterable[Window], now: datetime, zone: ZoneInfo) -> bool:
    """Return whether this is within reading hours."""
    return any(span.start <= now < span.end for span in spans(windows, now, now, zone))


def next_reading(windows: Iterable[Window], now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when somebody reads next: `now` itself within reading hours, None within a month."""
    found = next(_reading(list(windows), now, zone), None)
    return found.start if found else None


def due(
    windows: Iterable[Window], start: datetime, reading: timedelta, zone: ZoneInfo
) -> datetime | None:
    """Return when so much reading time has passed since `start`; None if not within a month."""
    left = reading
    for span in _reading(list(windows), start, zone):
        if left <= span.end - span.start:
            return span.start + left
        left -= span.end - span.start
    return None


def ahead(windows: Iterable[Window], now: datetime, zone: ZoneInfo) -> list[Span]:
    """Return when somebody reads from now on, until the horizon, worked out once for many."""
    return list(_reading(list(windows), now, zone))


def left(reading: Iterable[Span], until: datetime) -> timedelta:
    """Return how much of the reading ahead lies before an instant."""
    cut = (min(span.end, until) - span.start for span in reading)
    return sum((part for part in cut if part > timedelta()), timedelta())
