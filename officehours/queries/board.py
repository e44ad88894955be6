"""Today's board: is somebody in, where, until when, free now or a short wait, what is next.

Truth comes from the rows and the clock alone: no timer has to have run. A supporter who forgot
to check in is "not here yet", then closed; one who forgot to check out is out when their hours
end.
"""

import hashlib
import threading
import uuid
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from officehours import rules
from officehours.models import Assignment, Visit
from officehours.queries.line import is_in, line_is_open
from program.queries import facts

_BOOKABLE = sorted(str(state) for state in rules.BOOKABLE_SHIFT)
_MIDNIGHT = datetime.min.time()
_MOST = 200  # supporters with hours today and the next that follow; far above any school
FREE, WAIT, SOON, LATE, LATER = "free", "wait", "soon", "late", "later"


@dataclass(frozen=True, slots=True)
class Door:
    """One supporter's hours as Today shows them. Names are for signed-in readers only."""

    assignment: uuid.UUID
    name: str
    year: str
    place: str
    starts_at: datetime
    ends_at: datetime
    status: str
    has_times: bool
    shift: uuid.UUID
    waiting: int
    wait: rules.Wait
    may_join: bool

    @property
    def is_open(self) -> bool:
        """Whether the lamp is lit: really checked in, within the hours."""
        return self.status in (FREE, WAIT)


@dataclass(frozen=True, slots=True)
class Board:
    """Everything Today says, at one instant, until something changes or `valid_until`."""

    doors: tuple[Door, ...]
    next_at: datetime | None
    zone: ZoneInfo
    etag: str
    valid_until: datetime

    @property
    def open_until(self) -> datetime | None:
        """The latest end of open hours; None if nobody is in."""
        ends = [door.ends_at for door in self.doors if door.is_open]
        return max(ends, default=None)

    @property
    def is_free(self) -> bool:
        """Whether somebody who is in is free now."""
        return any(door.status == FREE for door in self.doors)

    @property
    def is_late(self) -> bool:
        """Whether hours have begun and nobody has come yet."""
        return any(door.status == LATE for door in self.doors)


@dataclass(frozen=True, slots=True)
class _Busy:
    assignment: uuid.UUID
    starts_at: datetime | None
    state: str


def _status(row: Assignment, busy: Iterable[_Busy], now: datetime, ahead: int) -> str | None:
    """Return how hours stand now; None if they are over, dark, or left."""
    if row.ends_at <= now or row.checked_out_at is not None:
        return None
    if row.checked_in_at is None:
        return _awaited(row, now)
    return WAIT if ahead or any(_keeps(visit, now) for visit in busy) else FREE


def _awaited(row: Assignment, now: datetime) -> str | None:
    if now >= row.starts_at + rules.DARK_AFTER:
        return None
    if now >= row.starts_at + rules.LATE_AFTER:
        return LATE
    return SOON if row.starts_at - now <= timedelta(hours=12) else LATER


def _keeps(visit: _Busy, now: datetime) -> bool:
    """Whether a visit keeps its supporter busy now or in a moment."""
    if visit.state in rules.WITH_SUPPORTER or visit.state == rules.S.ARRIVED:
        return True
    return visit.starts_at is not None and visit.starts_at < now + rules.FREE_MARGIN


def _boundaries(row: Assignment, busy: Iterable[_Busy]) -> Iterable[datetime]:
    yield row.starts_at
    yield row.starts_at + rules.LATE_AFTER
    yield row.starts_at + rules.DARK_AFTER
    yield row.starts_at - timedelta(hours=12)
    yield row.starts_at - rules.EARLY_IN
    yield row.ends_at
    for visit in busy:
        if visit.starts_at is not None:
            yield visit.starts_at
            yield visit.starts_at - rules.FREE_MARGIN


def _crowd(
    shifts: set[uuid.UUID],
) -> tuple[dict[uuid.UUID, list[_Busy]], Tally[uuid.UUID]]:
    """Return who keeps each assignment busy, and how many wait in each shift: one query."""
    busy: dict[uuid.UUID, list[_Busy]] = defaultdict(list)
    waiting: Tally[uuid.UUID] = Tally()
    for visit in (
        Visit.objects.live()
        .filter(shift__in=shifts)
        .only("shift_id", "assignment_id", "starts_at", "state")
    ):
        if visit.assignment_id is None:
            waiting[visit.shift_id] += 1
        else:
            busy[visit.assignment_id].append(
                _Busy(visit.assignment_id, visit.starts_at, visit.state)
            )
    return busy, waiting


def _build(now: datetime, zone: ZoneInfo) -> Board:
    """Read the board: two queries whatever the size."""
    today = now.astimezone(zone).date()
    horizon = rules.bounds(today, _MIDNIGHT, _MIDNIGHT, zone)[1]
    ahead = list(
        Assignment.objects.select_related("shift", "supporter__profile")
        .filter(is_active=True, ends_at__gt=now, shift__state__in=_BOOKABLE)
        .order_by("starts_at", "pk")[:_MOST]
    )
    rows = [row for row in ahead if row.starts_at < horizon]
    upcoming = next(
        (r.starts_at for r in ahead if r.starts_at > now and not r.checked_in_at), None
    )
    busy, waiting = _crowd({row.shift_id for row in rows})
    crew: dict[uuid.UUID, list[Assignment]] = defaultdict(list)
    for row in rows:
        crew[row.shift_id].append(row)
    doors = []
    for row in rows:
        queued, team = waiting[row.shift_id], crew[row.shift_id]
        status = _status(row, busy[row.pk], now, queued)
        if status is None:
            continue
        profile = getattr(row.supporter, "profile", None)
        starts = rules.slots(row.starts_at, row.ends_at, row.shift.minutes)
        taken = {visit.starts_at for visit in busy[row.pk]}
        doors.append(
            Door(
                assignment=row.pk,
                name=profile.shown_name if profile else "",
                year=profile.year if profile else "",
                place=row.shift.place,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                status=status,
                has_times=any(start > now and start not in taken for start in starts),
                shift=row.shift_id,
                waiting=queued,
                wait=rules.wait_range(queued, sum(is_in(r, now) for r in team), row.shift.minutes),
                may_join=line_is_open(row.shift, team, now),
            )
        )
    edges = [edge for row in rows for edge in _boundaries(row, busy[row.pk]) if edge > now]
    edges += [
        start
        for row in rows
        for start in rules.slots(row.starts_at, row.ends_at, row.shift.minutes)
        if start > now
    ]
    edges += [horizon] + ([upcoming] if upcoming else [])
    doors.sort(key=lambda door: (not door.is_open, door.starts_at, door.name))
    return Board(tuple(doors), upcoming, zone, _etag(doors, upcoming, today, zone), min(edges))


def _etag(doors: list[Door], upcoming: datetime | None, today: object, zone: ZoneInfo) -> str:
    """Return a name of the content: equal on every host and for everybody."""
    parts = [
        (
            (d.assignment.hex, d.name, d.year, d.place, d.starts_at, d.ends_at),
            (d.status, d.has_times, d.waiting, d.wait, d.may_join),
        )
        for d in doors
    ]
    return hashlib.sha256(repr((parts, upcoming, today, zone.key)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Remembered:
    version: bytes
    built_at: datetime
    board: Board


_lock = threading.Lock()
_last: list[_Remembered] = []


def _remembered(version: bytes, zone: ZoneInfo, now: datetime) -> Board | None:
    with _lock:
        last = _last[0] if _last else None
    if last is None or not version or last.version != version or last.board.zone != zone:
        return None
    return last.board if last.built_at <= now < last.board.valid_until else None


def todays_board(now: datetime) -> Board:
    """Return the board at `now`: one query while nothing changed, three otherwise.

    The memory of this process holds only what Today shows to every signed-in person.
    """
    known = facts()
    board = _remembered(known.version, known.zone, now)
    if board is None:
        board = _build(now, known.zone)
        with _lock:
            _last[:] = [_Remembered(known.version, now, board)]
    return board
