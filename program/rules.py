"""Who answers when: pure arithmetic on coverage."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

REVIEW_AFTER = timedelta(days=365)
MOST_ASKS = 3
ASK_STANDS = timedelta(days=14)


class Kind(StrEnum):
    """What stands behind the supporters."""

    PERSON = "person"
    TEAM = "team"
    LINE = "line"


class Answer(StrEnum):
    """What whoever is named has said to it."""

    ASKED = "asked"
    VERIFIED = "verified"
    ACCEPTED = "accepted"
    DECLINED = "declined"


# Only who has said yes counts: the name of somebody who knows nothing of it helps nobody.
STANDS = frozenset({Answer.VERIFIED, Answer.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time, both ends aware and in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which somebody answers, as wall time; `weekday` None means every day.

    An end at or before the start lies on the next day, so equal times mean 24 hours.
    `since` and `until` are the first and last local day on which hours of the arrangement begin;
    None means from long ago, and no end known. On the days of `away` nobody answers, from
    midnight to midnight, nor in the rest of a night that began before them.
    """

    weekday: int | None
    starts: time
    ends: time
    until: date | None = None
    since: date | None = None
    away: tuple[Days, ...] = ()

    def begins_on(self, day: date) -> bool:
        """Return whether hours of this arrangement begin on a local day."""
        return (
            (self.weekday is None or day.weekday() == self.weekday)
            and (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
        )


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)


def _without(span: Span, away: Iterable[Days], zone: ZoneInfo) -> list[Span]:
    """Return what is left of a stretch when the days away are taken out of it."""
    left = [span]
    for days in away:
        gone = _instant(days.first, time(), zone)
        back = _instant(days.last + timedelta(days=1), time(), zone)
        cut = []
        for one in left:
            for part in (Span(one.start, min(one.end, gone)), Span(max(one.start, back), one.end)):
                if part.start < part.end:
                    cut.append(part)
        left = cut
    return left


def spans(windows: Iterable[Window], start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Return when the windows apply between two instants, in order of start."""
    first = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    found = []
    for window in windows:
        day = first
        while day <= last:
            if window.begins_on(day):
                ends_on = day if window.ends > window.starts else day + timedelta(days=1)
                whole = Span(
                    _instant(day, window.starts, zone), _instant(ends_on, window.ends, zone)
                )
                found += _without(whole, window.away, zone)
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
