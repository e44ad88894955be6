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
from officehours.queries import care
from officehours.queries.care import Talk
from officehours.queries.line import is_in, line_is_open
from program.queries import facts

_BOOKABLE = sorted(str(state) for state in rules.BOOKABLE_SHIFT)
_MIDNIGHT = datetime.min.time()
_MOST = 200  # supporters with hours today and the next that follow; far above any school
FREE, WAIT, SOON, LATE, LATER = "free", "wait", "soon", "late", "later"
# Nothing can be had of these hours any more: of whoever is in, and of whoever comes later.
FULL, TAKEN = "full", "taken"


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
    in_person: bool
    is_extra: bool

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
    def is_full(self) -> bool:
        """Whether somebody is in who takes nobody new."""
        return any(door.status == FULL for door in self.doors)

    @property
    def is_late(self) -> bool:
        """Whether hours have begun and nobody has come yet."""
        return any(door.status == LATE for door in self.doors)


@dataclass(frozen=True, slots=True)
class _Busy:
    assignment: uuid.UUID
    starts_at: datetime | None
    state: str


def _status(
    row: Assignment, busy: list[_Busy], now: datetime, ahead: int, *, closed: bool
) -> str | None:
    """Return how hours stand now; None if they are over, dark, or left.

    `closed` are those with which nothing new may be booked or called: their supporter has had
    enough or rests. They are shown while somebody is booked in them, without a word on why; if
    nobody is, nobody need hold them, and they are not promised.
    """
    if row.ends_at <= now or row.checked_out_at is not None:
        return None
    if row.checked_in_at is None:
        awaited = _awaited(row, now)
        if not closed or awaited is None:
            return awaited
        return (LATE if awaited == LATE else TAKEN) if busy else None
    if closed:
        return FULL
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
    yield from rules.slots(row.starts_at, row.ends_at, row.shift.minutes)


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Who keeps each assignment busy, how many wait in each shift, and what counts as enough."""

    busy: dict[uuid.UUID, list[_Busy]]
    waiting: Tally[uuid.UUID]
    talks: list[Talk]


_COLUMNS = (
    *("pk", "shift_id", "assignment_id", "starts_at", "state", "is_forgotten"),
    *("assignment__supporter_id", "shift__starts_at", "shift__zone"),
)


def _crowd(shifts: set[uuid.UUID], supporters: set[uuid.UUID]) -> _Crowd:
    """Read the live visits of these hours, and all that count of these supporters: one query."""
    live = Visit.objects.live().filter(shift__in=shifts)
    counted = Visit.objects.filter(
        assignment__supporter__in=supporters, state__in=care.COUNTED, is_forgotten=False
    )
    crowd = _Crowd(defaultdict(list), Tally(), [])
    # Two questions in one: each finds its rows by an index, and one row answers for both.
    for row in live.values_list(*_COLUMNS).union(counted.values_list(*_COLUMNS)):
        _pk, shift, mine, starts, state, forgotten, supporter, begins, zone = row
        if shift in shifts and state in rules.LIVE:
            if mine is None:
                crowd.waiting[shift] += 1
            else:
                crowd.busy[mine].append(_Busy(mine, starts, state))
        if supporter in supporters and state in care.COUNTED and not forgotten:
            crowd.talks.append(Talk(mine, supporter, starts or begins, zone))
    return crowd


def _build(now: datetime, zone: ZoneInfo) -> Board:
    """Read the board: two queries whatever the size."""
    today = now.astimezone(zone).date()
    horizon = rules.bounds(today, _MIDNIGHT, _MIDNIGHT, zone)[1]
    active = Assignment.objects.select_related("shift", "supporter__profile").filter(
        is_active=True, ends_at__gt=now, shift__state__in=_BOOKABLE
    )
    ahead = list(care.knowing_rests(active, now, zone).order_by("starts_at", "pk")[:_MOST])
    rows = [row for row in ahead if row.starts_at < horizon]
    crowd = _crowd({row.shift_id for row in rows}, {row.supporter_id for row in ahead})
    closed = care.closed_of(ahead, crowd.talks, now, zone)
    upcoming = next(
        (
            row.starts_at
            for row in ahead
            if row.starts_at > now and not row.checked_in_at and row.pk not in closed
        ),
        None,
    )
    crew: dict[uuid.UUID, list[Assignment]] = defaultdict(list)
    for row in rows:
        if row.pk not in closed:
            crew[row.shift_id].append(row)
    found = [_door(row, crew[row.shift_id], crowd, now, closed=row.pk in closed) for row in rows]
    doors = [door for door in found if door is not None]
    doors.sort(key=lambda door: (not door.is_open, door.starts_at, door.name))
    edges = [edge for row in rows for edge in _boundaries(row, crowd.busy[row.pk]) if edge > now]
    edges += [horizon] + ([upcoming] if upcoming else [])
    return Board(tuple(doors), upcoming, zone, _etag(doors, upcoming, today, zone), min(edges))


def _door(
    row: Assignment, team: list[Assignment], crowd: _Crowd, now: datetime, *, closed: bool
) -> Door | None:
    """Return one supporter's hours; `team` are those of the shift who may still meet somebody."""
    queued, busy = crowd.waiting[row.shift_id], crowd.busy[row.pk]
    status = _status(row, busy, now, queued, closed=closed)
    if status is None:
        return None
    profile = getattr(row.supporter, "profile", None)
    taken = {visit.starts_at for visit in busy}
    starts = rules.slots(row.starts_at, row.ends_at, row.shift.minutes)
    return Door(
        assignment=row.pk,
        name=profile.shown_name if profile else "",
        year=profile.year if profile else "",
        place=row.shift.place,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=status,
        has_times=not closed and any(start > now and start not in taken for start in starts),
        shift=row.shift_id,
        waiting=queued,
        wait=rules.wait_range(queued, sum(is_in(r, now) for r in team), row.shift.minutes),
        may_join=not closed and line_is_open(row.shift, team, now),
        in_person=rules.Way.IN_PERSON in row.shift.ways.split(","),
        is_extra=row.shift.rule_id is None,
    )


def _etag(doors: list[Door], upcoming: datetime | None, today: object, zone: ZoneInfo) -> str:
    """Return a name of the content: equal on every host and for everybody."""
    parts = [
        (
            (d.assignment.hex, d.name, d.year, d.place, d.starts_at, d.ends_at),
            (d.status, d.has_times, d.waiting, d.wait, d.may_join, d.in_person, d.is_extra),
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
