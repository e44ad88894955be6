"""What hours lead to, day by day: published, changed, kept, left out, and why.

Pure: no ORM, settings or clock. What is known about the world comes in as `Known`; the preview
and the writes ask the same functions, so that what was seen is what is done.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from officehours.rules import LONGEST, SHORTEST, Wall, expand
from program.rules import Span, Window, gaps

_MARK = 6


class Fate(StrEnum):
    """What becomes of one day."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    KEPT = "kept"  # somebody has a time or waits
    HAND = "by hand"  # changed for this day alone
    SHARED = "shared"  # somebody else holds them too, or instead
    BEGUN = "begun"
    CALLED_OFF = "called off"
    ENDS = "ends"  # after the last day
    SKIPPED = "skipped"
    HOLIDAY = "holiday"
    UNCOVERED = "covered"
    OVERLAP = "overlap"
    LENGTH = "length"


REFUSED = frozenset({Fate.UNCOVERED, Fate.OVERLAP, Fate.LENGTH})
PUBLISHES = frozenset({Fate.NEW, Fate.CHANGED})
# What leaves published hours as they are.
STAYS = frozenset({Fate.SAME, Fate.KEPT, Fate.HAND, Fate.SHARED, Fate.BEGUN, Fate.CALLED_OFF})


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours as somebody would like them, in wall time."""

    weekday: int
    starts: time
    ends: time
    zone: ZoneInfo
    place: str
    minutes: int
    ways: str
    first_on: date
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class Existing:
    """Hours of the rule that are published already, on one day."""

    shift: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    place: str
    minutes: int
    ways: str
    is_bookable: bool = True
    is_by_hand: bool = False
    is_shared: bool = False
    people: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which the school is closed."""

    name: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Known:
    """All that decides about hours, read once and not once for each day."""

    zone: ZoneInfo  # the program's, in which coverage is meant
    windows: tuple[Window, ...] = ()
    holidays: tuple[Closed, ...] = ()
    skipped: frozenset[date] = frozenset()
    existing: Mapping[date, Existing] = field(default_factory=dict)
    busy: tuple[Span, ...] = ()
    partner_busy: tuple[Span, ...] = ()

    def holiday(self, day: date) -> str:
        """Return the name of the holiday a day lies in, or nothing."""
        found = (h.name for h in self.holidays if h.first_on <= day <= h.last_on)
        return next(found, "")


@dataclass(frozen=True, slots=True)
class Row:
    """One day: when the hours would be, and what becomes of them."""

    day: date
    starts_at: datetime
    ends_at: datetime
    fate: Fate
    gaps: tuple[Span, ...] = ()
    holiday: str = ""
    existing: Existing | None = None
    # What would become of hours that are kept, if those people were offered other times.
    otherwise: Fate | None = None
    has_partner: bool = True

    @property
    def mark(self) -> str:
        """A short mark of what was shown about this day; never how many people."""
        old = self.existing
        was = (old.shift, old.starts_at, old.ends_at, old.people > 0) if old else ()
        seen = (self.starts_at, self.ends_at, self.fate, self.gaps, self.otherwise, was)
        return hashlib.blake2b(repr(seen).encode(), digest_size=_MARK).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """Every day until the horizon."""

    rows: tuple[Row, ...]

    @property
    def mark(self) -> str:
        """What was shown, in a form that a page can send back."""
        return "-".join(f"{row.day:%Y%m%d}.{row.mark}" for row in self.rows) or "none"

    @property
    def refused(self) -> tuple[Row, ...]:
        """The days that cannot be published."""
        return tuple(row for row in self.rows if row.fate in REFUSED)

    @property
    def is_barren(self) -> bool:
        """Whether nothing at all would be published, because of what stands in the way."""
        return bool(self.refused) and all(row.fate in REFUSED for row in self.rows)

    def changed_since(self, seen: str) -> frozenset[date]:
        """Return the days that are not as they were when the plan was seen."""
        was = set(seen.split("-"))
        return frozenset(row.day for row in self.rows if f"{row.day:%Y%m%d}.{row.mark}" not in was)


def length_fits(start: datetime, end: datetime) -> bool:
    """Return whether hours are neither too short nor too long."""
    return SHORTEST <= end - start <= LONGEST


def clashes(busy: Iterable[Span], start: datetime, end: datetime) -> bool:
    """Return whether a stretch touches one of others."""
    return any(span.start < end and start < span.end for span in busy)


def _check(known: Known, start: datetime, end: datetime) -> tuple[Fate | None, tuple[Span, ...]]:
    """Return what stands in the way of hours, and for uncovered ones the minutes."""
    if not length_fits(start, end):
        return Fate.LENGTH, ()
    missing = tuple(gaps(known.windows, start, end, known.zone))
    if missing:
        return Fate.UNCOVERED, missing
    if clashes(known.busy, start, end):
        return Fate.OVERLAP, ()
    return None, ()


def plan_once(known: Known, day: date, start: datetime, end: datetime) -> Plan:
    """Return the plan for hours on one day. A holiday is said, and is no obstacle."""
    wrong, missing = _check(known, start, end)
    return Plan((Row(day, start, end, wrong or Fate.NEW, missing, known.holiday(day)),))


def plan_weekly(wanted: Hours, known: Known, first: date, last: date, now: datetime) -> Plan:
    """Return what becomes of every day from `first` to `last` if the hours were as wanted."""
    until = last if wanted.last_on is None else min(last, wanted.last_on)
    wall = Wall(wanted.weekday, wanted.starts, wanted.ends, wanted.zone)
    rows = []
    for day, start, end in expand(wall, max(first, wanted.first_on), until):
        old = known.existing.get(day)
        if old is None and end <= now:
            continue
        rows.append(_row(wanted, known, (day, start, end), old, now))
    planned = {row.day for row in rows}
    for day, old in known.existing.items():
        if day not in planned and old.ends_at > now:
            fate = _stays(old, now)
            why = Fate.ENDS if fate in (None, Fate.KEPT) else None
            rows.append(
                Row(
                    day, old.starts_at, old.ends_at, fate or Fate.ENDS, existing=old, otherwise=why
                )
            )
    return Plan(tuple(sorted(rows, key=lambda row: row.day)))


def _row(
    wanted: Hours,
    known: Known,
    when: tuple[date, datetime, datetime],
    old: Existing | None,
    now: datetime,
) -> Row:
    day, start, end = when
    wrong, missing = _check(known, start, end)
    partner = not clashes(known.partner_busy, start, end)
    closed = known.holiday(day)
    if old is None:
        fate = _left_out(known, day) or wrong or Fate.NEW
        return Row(day, start, end, fate, missing, closed, has_partner=partner)
    is_same = (start, end, wanted.place, wanted.minutes, wanted.ways) == (
        old.starts_at,
        old.ends_at,
        old.place,
        old.minutes,
        old.ways,
    )
    stays = _stays(old, now)
    if is_same and stays in (None, Fate.KEPT):
        stays = Fate.SAME
    fate = stays or wrong or Fate.CHANGED
    if stays is not None:
        otherwise = (wrong or Fate.CHANGED) if stays is Fate.KEPT else None
        return Row(day, old.starts_at, old.ends_at, fate, (), closed, old, otherwise, partner)
    return Row(day, start, end, fate, missing, closed, old, None, partner)


def _left_out(known: Known, day: date) -> Fate | None:
    if day in known.skipped:
        return Fate.SKIPPED
    return Fate.HOLIDAY if known.holiday(day) else None


def _stays(old: Existing, now: datetime) -> Fate | None:
    """Return why published hours are left as they are; None if they follow the rule."""
    if not old.is_bookable:
        return Fate.CALLED_OFF
    if old.starts_at <= now:
        return Fate.BEGUN
    if old.is_by_hand:
        return Fate.HAND
    if old.is_shared:
        return Fate.SHARED
    return Fate.KEPT if old.people else None
