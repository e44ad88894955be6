"""Who answers when: pure arithmetic on coverage."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time, both ends aware and in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which somebody answers, as wall time; `weekday` None means every day.

    An end at or before the start lies on the next day, so equal times mean 24 hours.
    `until` is the last local day the arrangement holds; None means no end is known.
    """

    weekday: int | None
    starts: time
    ends: time
    until: date | None = None


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)


def spans(windows: Iterable[Window], start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Return when the windows apply between two instants, in order of start."""
    first = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    found = []
    for window in windows:
        day = first
        while day <= last:
            fits = window.weekday is None or day.weekday() == window.weekday
            if fits and (window.until is None or day <= window.until):
                ends_on = day if window.ends > window.starts else day + timedelta(days=1)
                found.append(
                    Span(_instant(day, window.starts, zone), _instant(ends_on, window.ends, zone))
                )
            day += timedelta(days=1)
    return sorted(found, key=lambda span: span.start)


def gaps(windows: Iterable[Window], start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Return every stretch between two instants in which nobody answers."""
    missing = []
    reached = start
    for span in spans(windows, start, end, zone):
        if span.end <= reached:
            continue
        if span.start > reached:
            missing.append(Span(reached, min(span.start, end)))
        reached = max(reached, span.end)
        if reached >= end:
            return missing
    if reached < end:
        missing.append(Span(reached, end))
    return missing


def hand_over_begins(today: date) -> date:
    """Return when the latest hand-over began: the first of April, this year or the last."""
    begins = date(today.year, 4, 1)
    return begins if today >= begins else date(today.year - 1, 4, 1)


def is_time_to_hand_over(today: date) -> bool:
    """Return whether the hand-over is spoken of: from April until somebody is back in autumn."""
    return 4 <= today.month <= 10
