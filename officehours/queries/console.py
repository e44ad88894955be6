"""Reads for the supporter's console: their hours, who comes, who waits."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Person, Profile
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.queries import sealed
from officehours.queries.line import InLine, line_for_supporters
from officehours.queries.pages import Day, Time, slot_value


@dataclass(frozen=True, slots=True)
class TheirVisit:
    """A visit as the supporter it is with sees it: the chosen name, never who it is."""

    id: uuid.UUID
    state: str
    name: str
    reference: str
    starts_at: datetime | None
    is_nameless: bool
    is_offer: bool
    is_held: bool
    way: str
    come_by: datetime | None
    log: sealed.Log | None
    is_log_removed: bool
    verbs: frozenset[str]

    @property
    def needs_log(self) -> bool:
        """Whether the talk is over and nothing has been noted yet."""
        return self.state == rules.S.FINISHED and self.log is None and not self.is_log_removed

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do: over, noted, and no slip that could be undone."""
        is_over = self.state in rules.ENDED and self.state != rules.S.MISSED
        return is_over and not self.needs_log and "undo" not in self.verbs


def _verbs(visit: Visit, now: datetime) -> frozenset[str]:
    """Return what the supporter can do with a visit at this moment, for its buttons."""
    state, verbs = visit.state, set()
    start = visit.starts_at
    for verb in ("arrive", "start", "finish"):
        if rules.TRANSITIONS.allowed(state, verb, "supporter"):
            verbs.add(verb)
    if start is not None and now < start - rules.LAPSE_GRACE:
        verbs.discard("start")
        verbs.discard("arrive")
    may_miss = rules.TRANSITIONS.allowed(state, "miss", "supporter")
    if may_miss and start is not None and now >= start + rules.MISS_GRACE:
        verbs.add("miss")
    recent = visit.changed_at is not None and now <= visit.changed_at + rules.UNDO
    if state in rules.UNDOABLE and visit.came_from and recent:
        verbs.add("undo")
    if state == rules.S.FINISHED and not visit.is_log_removed:
        verbs.add("log")
    verbs |= _line_verbs(visit, now)
    return frozenset(verbs)


def _line_verbs(visit: Visit, now: datetime) -> set[str]:
    """Return what can be done with somebody who was called, missed, or is not for me."""
    verbs = set()
    if visit.state == rules.S.CALLED:
        verbs.add("put-back")
        if visit.changed_at is not None and now >= visit.changed_at + rules.CALL_TIMEOUT:
            verbs.add("not-found")
    if visit.state == rules.S.MISSED and now < visit.shift.ends_at:
        verbs.add("came-late")
    nameless = visit.holder_kind == Visit.HolderKind.NOBODY
    if visit.state in (rules.S.BOOKED, rules.S.ARRIVED):
        verbs.add("give-up" if nameless else "not-me")
    elif visit.state == rules.S.CALLED:
        verbs.add("not-me")
    return verbs


@dataclass(frozen=True, slots=True)
class Hours:
    """One stretch of a supporter's own hours, with who is coming."""

    assignment: uuid.UUID
    shift: uuid.UUID
    place: str
    starts_at: datetime
    ends_at: datetime
    status: str
    may_check_in: bool
    may_check_out: bool
    visits: tuple[TheirVisit, ...]
    line: tuple[InLine, ...]
    is_line_closed: bool
    late_minutes: int
    is_busy: bool
    is_talking: bool


def _theirs(visit: Visit, now: datetime, busy: frozenset[uuid.UUID] = frozenset()) -> TheirVisit:
    """Return a visit with what can be done; no start while they are with somebody else."""
    verbs = _verbs(visit, now)
    return TheirVisit(
        id=visit.pk,
        state=visit.state,
        # Until the student has said yes to somebody else than chosen, that one sees no name.
        name="" if visit.is_offer else sealed.name_of(visit, now),
        reference=visit.reference,
        starts_at=visit.starts_at,
        is_nameless=visit.holder_kind != Visit.HolderKind.ACCOUNT,
        is_offer=visit.is_offer,
        is_held=visit.holder_kind == Visit.HolderKind.NOBODY and visit.starts_at is not None,
        way=visit.way,
        come_by=visit.changed_at + rules.CALL_TIMEOUT
        if visit.state == rules.S.CALLED and visit.changed_at
        else None,
        log=sealed.log_of(visit, now),
        is_log_removed=visit.is_log_removed,
        verbs=verbs - {"start"} if busy - {visit.pk} else verbs,
    )


def my_hours(person: Person, now: datetime, *, days: int = 14) -> list[Hours]:
    """Return a supporter's hours from the last day to `days` ahead: three queries."""
    rows = list(
        Assignment.objects.select_related("shift")
        .filter(
            supporter=person,
            ends_at__gt=now - timedelta(hours=18),
            starts_at__lt=now + timedelta(days=days),
        )
        .exclude(shift__state__in=[str(rules.ShiftState.CANCELLED), str(rules.ShiftState.DRAFT)])
        .order_by("starts_at")
    )
    visits: dict[uuid.UUID, list[Visit]] = {row.pk: [] for row in rows}
    shown = Visit.objects.remembered(now).select_related("shift")
    shown = shown.filter(assignment__in=list(visits))
    for visit in shown.exclude(state=rules.S.CANCELLED).order_by("starts_at", "changed_at"):
        if visit.assignment_id is not None:
            visits[visit.assignment_id].append(visit)
    lines = line_for_supporters({row.shift_id for row in rows})
    # One talk at a time, also where hours follow one another.
    with_them = [v for found in visits.values() for v in found if v.state in rules.WITH_SUPPORTER]
    busy = frozenset(visit.pk for visit in with_them)
    return [_hours(row, visits[row.pk], lines.get(row.shift_id, []), busy, now) for row in rows]


def cancelled_soon(person: Person, now: datetime) -> list[Shift]:
    """Return one's hours of today and the week ahead that were cancelled, whoever did it."""
    gone = Shift.objects.filter(
        state=rules.ShiftState.CANCELLED,
        ends_at__gt=now - timedelta(hours=12),
        starts_at__lt=now + timedelta(days=7),
        assignments__supporter=person,
    )
    return list(gone.distinct().order_by("starts_at", "pk"))


def _hours(
    row: Assignment,
    visits: list[Visit],
    line: list[InLine],
    busy: frozenset[uuid.UUID],
    now: datetime,
) -> Hours:
    is_in = row.checked_in_at is not None and row.checked_out_at is None and now < row.ends_at
    early = row.starts_at - rules.EARLY_IN
    dark = row.checked_in_at is None and now >= row.starts_at + rules.DARK_AFTER
    status = "in" if is_in else "over" if now >= row.ends_at or not row.is_active else "out"
    if status == "out" and dark:
        status = "dark"
    return Hours(
        assignment=row.pk,
        shift=row.shift_id,
        place=row.shift.place,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=status,
        may_check_in=not is_in and row.is_active and early <= now < row.ends_at,
        may_check_out=is_in,
        visits=tuple(_theirs(visit, now, busy) for visit in visits),
        line=tuple(one for one in line if not one.is_called),
        is_line_closed=row.shift.is_line_closed,
        late_minutes=row.late_minutes,
        is_busy=bool(busy),
        is_talking=any(visit.state == rules.S.TALKING for visit in visits),
    )


def their_visit(person: Person, visit_id: uuid.UUID, now: datetime) -> TheirVisit | None:
    """Return one visit with this supporter; None alike if foreign, forgotten or never there."""
    known = Visit.objects.remembered(now).select_related("shift")
    visit = known.filter(pk=visit_id, assignment__supporter=person).first()
    return _theirs(visit, now) if visit is not None else None


def is_mine(person: Person, assignment: uuid.UUID) -> bool:
    """Return whether these hours are this supporter's."""
    return Assignment.objects.filter(pk=assignment, supporter=person, is_active=True).exists()


def own_free_times(person: Person, now: datetime, zone: ZoneInfo) -> list[Day]:
    """Return a supporter's own free times up to the horizon, by local day: two queries."""
    rows = list(
        Assignment.objects.select_related("shift").filter(
            supporter=person,
            is_active=True,
            checked_out_at__isnull=True,
            ends_at__gt=now,
            starts_at__lte=now + rules.HORIZON,
            shift__in=Shift.objects.bookable(),
        )
    )
    taken = set(
        Visit.objects.holding_time()
        .filter(assignment__in=[row.pk for row in rows], starts_at__gt=now)
        .values_list("assignment_id", "starts_at")
    )
    days: dict[date, list[Time]] = {}
    for row in sorted(rows, key=lambda row: row.starts_at):
        for start in rules.slots(row.starts_at, row.ends_at, row.shift.minutes):
            if now < start <= now + rules.HORIZON and (row.pk, start) not in taken:
                shown = ("", row.shift.place, row.shift.minutes)
                time = Time(slot_value(row.pk, start), start, *shown, row.supporter_id, (), ())
                days.setdefault(start.astimezone(zone).date(), []).append(time)
    return [Day(day, tuple(times)) for day, times in days.items()]


@dataclass(frozen=True, slots=True)
class MyShift:
    """A shift of one's own, for its door and its paper."""

    shift: uuid.UUID
    place: str
    starts_at: datetime
    ends_at: datetime
    names: tuple[str, ...]


def my_shift(person: Person, assignment: uuid.UUID) -> MyShift | None:
    """Return the shift of one's own assignment, with the first names of who holds it."""
    mine = Assignment.objects.select_related("shift").filter(pk=assignment, supporter=person)
    row = mine.filter(is_active=True).first()
    if row is None:
        return None
    crew = Assignment.objects.filter(shift=row.shift_id, is_active=True).values("supporter")
    names = Profile.objects.filter(person__in=crew).values_list("shown_name", flat=True)
    shift = row.shift
    return MyShift(shift.pk, shift.place, shift.starts_at, shift.ends_at, tuple(sorted(names)))
