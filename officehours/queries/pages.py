"""Reads for the pages of students, supporters and the program."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from accounts.models import Person, Profile
from accounts.queries.profiles import Card, cards
from officehours import rules
from officehours.models import Assignment, Rule, Shift, Visit
from officehours.queries import care, sealed


@dataclass(frozen=True, slots=True)
class Time:
    """One bookable time. What the filter in the browser goes by comes along: tags and ways."""

    value: str
    starts_at: datetime
    who: str
    place: str
    minutes: int
    who_id: uuid.UUID
    tags: tuple[str, ...]
    ways: tuple[str, ...]
    card: Card | None = None


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


def free_times(
    person: Person, now: datetime, zone: ZoneInfo, *, instead_of: uuid.UUID | None = None
) -> list[Day]:
    """Return every time on offer to this person up to the horizon, by local day: flat queries.

    `instead_of` is the visit they would give up for it.
    """
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
    apart = care.distant(person.pk, {row.supporter_id for row in rows})
    closed = care.closed_to_new(rows, now, leaving_out=instead_of)
    rows = [row for row in rows if row.supporter_id not in apart and row.pk not in closed]
    taken = set(
        Visit.objects.holding_time()
        .filter(assignment__in=[row.pk for row in rows], starts_at__gt=now)
        .values_list("assignment_id", "starts_at")
    )
    known = cards(row.supporter_id for row in rows)
    times: list[Time] = []
    for row in rows:
        card = known.get(row.supporter_id)
        who = card.name if card else ""
        tags = card.findable if card else ()
        ways = rules.ways_with(row.shift.ways, has_room=bool(card and card.has_room))
        if not ways:
            continue
        for start in rules.slots(row.starts_at, row.ends_at, row.shift.minutes):
            if now < start <= now + rules.HORIZON and (row.pk, start) not in taken:
                value = slot_value(row.pk, start)
                shown = (who, row.shift.place, row.shift.minutes)
                times.append(Time(value, start, *shown, row.supporter_id, tags, ways, card))
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
    is_offer: bool
    way: str
    room_link: str
    late_minutes: int

    @property
    def is_live(self) -> bool:
        """Whether it is still to come or going on."""
        return self.state in rules.LIVE


def _profile(visit: Visit) -> Profile | None:
    """Return the profile of whom a visit is with, if it came along with the visit."""
    supporter = visit.assignment.supporter if visit.assignment else None
    return getattr(supporter, "profile", None)


def _room_link(visit: Visit, profile: Profile | None, state: str, now: datetime) -> str:
    """Return the link of the room, at the right moment only: ten minutes before, and during."""
    if profile is None or visit.way not in rules.REMOTE or visit.is_offer:
        return ""
    near = visit.starts_at is not None and now >= visit.starts_at - rules.NOW_ROOM
    with_them = state in rules.WITH_SUPPORTER
    return profile.room_link if state in rules.LIVE and (near or with_them) else ""


def _late(visit: Visit, state: str, now: datetime) -> int:
    """Return how late the supporter said they run, to whoever is booked for today."""
    soon = visit.starts_at is not None and visit.starts_at < now + timedelta(hours=12)
    coming = state in (rules.S.BOOKED, rules.S.ARRIVED)
    return visit.assignment.late_minutes if visit.assignment and soon and coming else 0


def my_visits(person: Person, now: datetime) -> list[MyVisit]:
    """Return the visits this person holds that are not forgotten, live ones first."""
    held = sealed.visits_of(person.pk, now)
    found = held.select_related("shift", "assignment__supporter__profile").order_by("ends_at")
    mine = []
    for visit in found:
        profile = _profile(visit)
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
                is_offer=visit.is_offer and state in rules.LIVE,
                way=visit.way,
                room_link=_room_link(visit, profile, state, now),
                late_minutes=_late(visit, state, now),
            )
        )
    return sorted(mine, key=lambda v: not v.is_live)


def my_visit(person: Person, visit_id: uuid.UUID, now: datetime) -> MyVisit | None:
    """Return one visit this person holds; None alike if foreign, forgotten or never there."""
    return next((v for v in my_visits(person, now) if v.id == visit_id), None)


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
                and (a.is_active or shift.state not in rules.BOOKABLE_SHIFT)
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
