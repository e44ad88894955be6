"""Reads for the pages of students, supporters and the program."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from accounts.models import Person, Profile
from officehours import rules
from officehours.models import Assignment, Rule, Shift, Visit
from officehours.queries import sealed


@dataclass(frozen=True, slots=True)
class Time:
    """One bookable time."""

    value: str
    starts_at: datetime
    who: str
    place: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Day:
    """The bookable times of one local day."""

    day: date
    times: tuple[Time, ...]


def slot_value(assignment: uuid.UUID, starts_at: datetime) -> str:
    """Return how a form names a time: the assignment's random id and the minute."""
    return f"{assignment.hex}.{int(starts_at.timestamp()) // 60}"


def _profiles(people: Iterable[object]) -> dict[object, Profile]:
    found = Profile.objects.filter(person__in=set(people))
    return {profile.person_id: profile for profile in found}


def free_times(person: Person, now: datetime, zone: ZoneInfo) -> list[Day]:
    """Return every time on offer to this person up to the horizon, by local day: three queries."""
    rows = list(
        Assignment.objects.select_related("shift")
        .filter(
            is_active=True,
            checked_out_at__isnull=True,
            ends_at__gt=now,
            starts_at__lte=now + rules.HORIZON,
            shift__in=Shift.objects.bookable(),
        )
        .exclude(supporter=person)
    )
    rows = [
        row
        for row in rows
        if row.checked_in_at is not None or now < row.starts_at + rules.DARK_AFTER
    ]
    taken = set(
        Visit.objects.holding_time()
        .filter(assignment__in=[row.pk for row in rows], starts_at__gt=now)
        .values_list("assignment_id", "starts_at")
    )
    profiles = _profiles(row.supporter_id for row in rows)
    times: list[Time] = []
    for row in rows:
        profile = profiles.get(row.supporter_id)
        who = profile.shown_name if profile else ""
        for start in rules.slots(row.starts_at, row.ends_at, row.shift.minutes):
            if now < start <= now + rules.HORIZON and (row.pk, start) not in taken:
                value = slot_value(row.pk, start)
                times.append(Time(value, start, who, row.shift.place, row.shift.minutes))
    times.sort(key=lambda time: (time.starts_at, time.who))
    days: dict[date, list[Time]] = {}
    for time in times:
        days.setdefault(time.starts_at.astimezone(zone).date(), []).append(time)
    return [Day(day, tuple(found)) for day, found in days.items()]


@dataclass(frozen=True, slots=True)
class MyVisit:
    """A visit as the student who holds it sees it."""

    id: uuid.UUID
    state: str
    ended_by: str
    who: str
    place: str
    minutes: int
    starts_at: datetime | None
    ends_at: datetime
    forget_at: datetime
    wants_mail: bool
    log: sealed.Log | None
    is_log_removed: bool

    @property
    def is_live(self) -> bool:
        """Whether it is still to come or going on."""
        return self.state in rules.LIVE


def my_visits(person: Person, now: datetime) -> list[MyVisit]:
    """Return the visits this person holds that are not forgotten, live ones first."""
    found = list(
        sealed.visits_of(person.pk, now).select_related("shift", "assignment").order_by("ends_at")
    )
    profiles = _profiles(v.assignment.supporter_id for v in found if v.assignment) if found else {}
    mine = []
    for visit in found:
        profile = profiles.get(visit.assignment.supporter_id) if visit.assignment else None
        holder = sealed.holder_of(visit, now)
        over = visit.shift.ends_at + rules.LAPSE_GRACE <= now
        state = str(rules.S.LAPSED) if over and visit.state in rules.LIVE else visit.state
        mine.append(
            MyVisit(
                id=visit.pk,
                state=state,
                ended_by=visit.ended_by,
                who=profile.shown_name if profile else "",
                place=visit.shift.place,
                minutes=visit.shift.minutes,
                starts_at=visit.starts_at,
                ends_at=visit.ends_at,
                forget_at=visit.forget_at,
                wants_mail=holder.wants_mail if holder else False,
                log=sealed.log_of(visit, now),
                is_log_removed=visit.is_log_removed,
            )
        )
    return sorted(mine, key=lambda v: not v.is_live)


def my_visit(person: Person, visit_id: uuid.UUID, now: datetime) -> MyVisit | None:
    """Return one visit this person holds; None alike if foreign, forgotten or never there."""
    return next((v for v in my_visits(person, now) if v.id == visit_id), None)


@dataclass(frozen=True, slots=True)
class TheirVisit:
    """A visit as the supporter it is with sees it: the chosen name, never who it is."""

    id: uuid.UUID
    state: str
    name: str
    reference: str
    starts_at: datetime | None
    is_nameless: bool
    log: sealed.Log | None
    is_log_removed: bool
    verbs: frozenset[str]

    @property
    def needs_log(self) -> bool:
        """Whether the talk is over and nothing has been noted yet."""
        return self.state == rules.S.FINISHED and self.log is None and not self.is_log_removed


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
    return frozenset(verbs)


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
    booked: int


def _theirs(visit: Visit, now: datetime) -> TheirVisit:
    return TheirVisit(
        id=visit.pk,
        state=visit.state,
        name=sealed.name_of(visit, now),
        reference=visit.reference,
        starts_at=visit.starts_at,
        is_nameless=visit.holder_kind != Visit.HolderKind.ACCOUNT,
        log=sealed.log_of(visit, now),
        is_log_removed=visit.is_log_removed,
        verbs=_verbs(visit, now),
    )


def my_hours(person: Person, now: datetime, *, days: int = 14) -> list[Hours]:
    """Return a supporter's hours from the last day to `days` ahead, with visits: two queries."""
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
    shown = Visit.objects.remembered(now).filter(assignment__in=list(visits))
    for visit in shown.exclude(state=rules.S.CANCELLED).order_by("starts_at", "changed_at"):
        if visit.assignment_id is not None:
            visits[visit.assignment_id].append(visit)
    return [_hours(row, visits[row.pk], now) for row in rows]


def _hours(row: Assignment, visits: list[Visit], now: datetime) -> Hours:
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
        visits=tuple(_theirs(visit, now) for visit in visits),
        booked=sum(visit.state in rules.LIVE for visit in visits),
    )


def their_visit(person: Person, visit_id: uuid.UUID, now: datetime) -> TheirVisit | None:
    """Return one visit with this supporter; None alike if foreign, forgotten or never there."""
    visit = Visit.objects.remembered(now).filter(pk=visit_id, assignment__supporter=person).first()
    return _theirs(visit, now) if visit is not None else None


@dataclass(frozen=True, slots=True)
class ProgramHours:
    """Hours as the program sees them: how they stand, never who came or how many."""

    shift: uuid.UUID
    names: tuple[str, ...]
    place: str
    starts_at: datetime
    ends_at: datetime
    state: str
    may_cancel: bool


def program_hours(now: datetime, *, days: int = 14) -> list[ProgramHours]:
    """Return all hours from today to `days` ahead: three queries."""
    shifts = list(
        Shift.objects.filter(ends_at__gt=now, starts_at__lt=now + timedelta(days=days))
        .exclude(state=rules.ShiftState.DRAFT)
        .prefetch_related("assignments")
        .order_by("starts_at")
    )
    people = [a.supporter_id for shift in shifts for a in shift.assignments.all()]
    profiles = _profiles(people)
    return [
        ProgramHours(
            shift=shift.pk,
            names=tuple(
                profiles[a.supporter_id].shown_name
                for a in shift.assignments.all()
                if a.supporter_id in profiles
            ),
            place=shift.place,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            state=shift.state,
            may_cancel=shift.state in rules.BOOKABLE_SHIFT,
        )
        for shift in shifts
    ]


def my_rules(person: Person, today: date) -> list[Rule]:
    """Return a supporter's weekly hours that have not ended."""
    current = Rule.objects.filter(supporter=person)
    return list(
        current.filter(Q(last_on__isnull=True) | Q(last_on__gte=today)).order_by(
            "weekday", "starts"
        )
    )


def booked_in(shift: uuid.UUID) -> int:
    """Return how many people have a time in a shift that is about to be cancelled."""
    return int(Visit.objects.live().filter(shift=shift).aggregate(count=Count("pk"))["count"])
