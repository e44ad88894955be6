"""When a campaign speaks: days around a milestone, wall time, quiet hours, exams. Pure.

Wall times are the school's. They become instants last, so that both clock changes leave "9am" at
9am and "the day before" on the day before.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from program.calendar_rules import Entry, Kind, Quiet

MORNING, NIGHT = time(8), time(21)
# On the last evening of the week, and on the one before an exam, nothing after this.
EVENING = time(18)
MOST_OFFSET = 60
MOST_WEEKS = 20
_DAY = timedelta(days=1)
_SUNDAY = 6


class CountsFrom(StrEnum):
    """From where the days of a campaign are counted."""

    FIRST = "first"
    LAST = "last"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What decides when a campaign speaks.

    `kind` is None for every kind; `words` are phrases of which the title has to hold one;
    `milestone` is the only one that it is for.
    """

    kind: Kind | None
    words: tuple[str, ...]
    milestone: uuid.UUID | None
    offset: int
    counts_from: CountsFrom
    at: time
    good_for: int

    def is_about(self, key: uuid.UUID, entry: Entry) -> bool:
        """Return whether a milestone is one that the campaign speaks around."""
        if self.milestone is not None:
            return key == self.milestone
        if self.kind is not None and entry.kind is not self.kind:
            return False
        title = entry.title.casefold()
        return not self.words or any(phrase in title for phrase in self.words)


def phrases(said: str) -> tuple[str, ...]:
    """Return the phrases of "Step 1, Level 1", ready to be looked for."""
    parts = (" ".join(part.casefold().split()) for part in said.split(","))
    return tuple(part for part in parts if part)


def days(pattern: Pattern, entry: Entry) -> list[date]:
    """Return the local days on which a campaign speaks around one milestone, in order."""
    offset = timedelta(days=pattern.offset)
    if pattern.counts_from is CountsFrom.FIRST:
        return [entry.first_on + offset]
    if pattern.counts_from is CountsFrom.LAST:
        return [entry.last_on + offset]
    found: list[date] = []
    day = entry.first_on + offset
    while day <= entry.last_on and len(found) < MOST_WEEKS:
        found.append(day)
        day += 7 * _DAY
    return found


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a naive wall time: a skipped one later, a doubled one the first."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def after_quiet_hours(wall: datetime) -> datetime:
    """Return this wall time, or the morning that ends the quiet hours it lies in."""
    if wall.time() < MORNING:
        return datetime.combine(wall.date(), MORNING)
    ends = EVENING if wall.weekday() == _SUNDAY else NIGHT
    if wall.time() >= ends:
        return datetime.combine(wall.date() + _DAY, MORNING)
    return wall


def is_daytime(at: time) -> bool:
    """Return whether a wall time lies outside the quiet hours of every day but Sunday."""
    return after_quiet_hours(datetime.combine(date(2024, 1, 1), at)).time() == at


def is_silent(wall: datetime, quiets: Iterable[Quiet]) -> bool:
    """Return whether a wall time lies on the days of an exam or on the evening before."""
    day = wall.date()
    return any(
        quiet.first_on <= day <= quiet.last_on or (day == quiet.eve and wall.time() >= EVENING)
        for quiet in quiets
    )


def next_moment(wall: datetime, quiets: Iterable[Quiet] = ()) -> datetime:
    """Return the first wall time from this one on at which something unasked may be sent."""
    known = list(quiets)
    wall = after_quiet_hours(wall)
    while is_silent(wall, known):
        wall = after_quiet_hours(datetime.combine(wall.date() + _DAY, MORNING))
    return wall


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a campaign speaks around one milestone: the `index`-th."""

    milestone: uuid.UUID
    index: int
    day: date
    due_at: datetime
    expires_at: datetime


def occurrence(
    pattern: Pattern, key: uuid.UUID, index: int, day: date, zone: ZoneInfo
) -> Occurrence:
    """Return when a day's message goes, moved out of the quiet hours, and until when it is good.

    What prepares for something is worth nothing once that has begun.
    """
    wall = after_quiet_hours(datetime.combine(day, pattern.at))
    ends = datetime.combine(wall.date() + pattern.good_for * _DAY, NIGHT)
    return Occurrence(key, index, wall.date(), instant(wall, zone), instant(ends, zone))


def occurrences(
    pattern: Pattern, milestones: Iterable[tuple[uuid.UUID, Entry]], zone: ZoneInfo
) -> Iterator[Occurrence]:
    """Return every time that a campaign speaks, around each milestone that it is about."""
    for key, entry in milestones:
        if not pattern.is_about(key, entry):
            continue
        for index, day in enumerate(days(pattern, entry)):
            found = occurrence(pattern, key, index, day, zone)
            begins = instant(datetime.combine(entry.first_on, entry.starts or MORNING), zone)
            is_before = day < entry.first_on
            if is_before and found.expires_at > begins > found.due_at:
                found = Occurrence(key, index, found.day, found.due_at, begins)
            yield found
