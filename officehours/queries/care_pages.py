"""What the pages of care show: a supporter's own, the clinical supervisor's, the program's.

The program's page is made of gaps and one word; no name, reason or length of a break gets into
what it is given.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.models import Group, Person, Profile
from accounts.rules import Role
from officehours import care_rules, rules
from officehours.models import Assignment, Break, Cover, Distance, Escalation, Load, Shift, Visit
from officehours.queries import care, sealed
from peersupport.core import clock

OWN_WEEKS = 8
WEEKS = 4
AHEAD = timedelta(days=14)


def heavy_lately(person: Person, now: datetime, zone: ZoneInfo) -> int:
    """Return how many talks of this supporter were heavy within about seven days: two queries.

    Only the week of a talk is kept, so "seven days" are this local week and the one before.
    """
    today = clock.local_date(now, zone)
    weeks = {rules.week_of(today), rules.week_of(today - timedelta(days=7))}
    loads = Load.objects.filter(supporter=person, week__in=weeks)
    count = sum(loads.values_list("heavy", flat=True))
    open_still = Visit.objects.remembered(now).filter(
        assignment__supporter=person, state=rules.S.FINISHED, log__isnull=False
    )
    for visit in open_still:
        log = sealed.log_of(visit, now)
        count += log is not None and log.weight == rules.Weight.HEAVY
    return count


@dataclass(frozen=True, slots=True)
class OwnHours:
    """Hours of a supporter that begin within a break they are about to take."""

    starts_at: datetime
    ends_at: datetime
    place: str


def hours_within(person: Person, now: datetime, ends_at: datetime) -> list[OwnHours]:
    """Return the supporter's hours that begin from now until an instant: one query."""
    rows = Assignment.objects.select_related("shift").filter(
        supporter=person,
        is_active=True,
        starts_at__gte=now,
        starts_at__lt=ends_at,
        shift__in=Shift.objects.bookable(),
    )
    return [
        OwnHours(row.starts_at, row.ends_at, row.shift.place) for row in rows.order_by("starts_at")
    ]


@dataclass(frozen=True, slots=True)
class Week:
    """What somebody carried in one week, from its Monday."""

    monday: date
    talks: int
    heavy: int


@dataclass(frozen=True, slots=True)
class OwnBreak:
    """A break of one's own, as first and last whole day."""

    id: uuid.UUID
    first: date
    last: date | None
    has_begun: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """A supporter's own page."""

    hours_kept: int
    breaks: tuple[OwnBreak, ...]
    weeks: tuple[Week, ...]
    groups: tuple[tuple[uuid.UUID, str], ...]
    distant: frozenset[uuid.UUID]


def mine(person: Person, now: datetime, zone: ZoneInfo) -> Mine:
    """Return a supporter's own page: five queries."""
    ahead = Break.objects.filter(supporter=person).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    )
    loads = Load.objects.filter(supporter=person).order_by("-week")[:OWN_WEEKS]
    kept = Distance.objects.filter(supporter=person).values_list("group_id", flat=True)
    return Mine(
        hours_kept=care_rules.whole_hours(_time_kept(person, now, zone)),
        breaks=tuple(_own_break(rest, now, zone) for rest in ahead.order_by("starts_at")),
        weeks=tuple(Week(care_rules.week_from(w.week), w.talks, w.heavy) for w in loads),
        groups=tuple(Group.objects.order_by("name").values_list("pk", "name")),
        distant=frozenset(kept),
    )


def _own_break(rest: Break, now: datetime, zone: ZoneInfo) -> OwnBreak:
    last = None
    if rest.ends_at is not None:
        last = clock.local_date(rest.ends_at, zone) - timedelta(days=1)
    return OwnBreak(rest.pk, clock.local_date(rest.starts_at, zone), last, rest.starts_at <= now)


def _time_kept(person: Person, now: datetime, zone: ZoneInfo) -> timedelta:
    """Return how long the supporter was there in this term, whoever came."""
    first, after = care_rules.term_bounds(clock.local_date(now, zone))
    rows = Assignment.objects.filter(
        supporter=person,
        checked_in_at__isnull=False,
        shift__local_date__gte=first,
        shift__local_date__lt=after,
    )
    total = timedelta()
    for came, left, end in rows.values_list("checked_in_at", "checked_out_at", "ends_at"):
        if came is not None:
            total += max(timedelta(), (left or min(end, now)) - came)
    return total


def my_escalation(person: Person, escalation: uuid.UUID) -> Escalation | None:
    """Return one of this supporter's own; None alike if foreign or never there."""
    return Escalation.objects.filter(pk=escalation, supporter=person).first()


def has_supervisor() -> bool:
    """Return whether anybody is there to be told and to debrief."""
    return Person.objects.filter(
        is_active=True, grants__role=Role.SUPERVISOR, grants__revoked_on__isnull=True
    ).exists()


@dataclass(frozen=True, slots=True)
class Carried:
    """What one supporter carried in one week."""

    name: str
    talks: int
    heavy: int


@dataclass(frozen=True, slots=True)
class Worry:
    """An escalation as the clinical supervisor sees it: who, how much, which week. No time."""

    id: uuid.UUID
    name: str
    level: rules.Level
    monday: date
    steps: tuple[str, ...]
    wants_debrief: bool
    needs_debrief: bool
    needs_review: bool
    review_due: date


@dataclass(frozen=True, slots=True)
class Supervision:
    """The clinical supervisor's page."""

    open: tuple[Worry, ...]
    weeks: tuple[tuple[date, tuple[Carried, ...]], ...]
    levels: tuple[tuple[date, Counter[rules.Level]], ...]


def supervision(now: datetime, zone: ZoneInfo) -> Supervision:
    """Return what each supporter carried and was worried by: three queries."""
    oldest = rules.week_of(clock.local_date(now, zone) - timedelta(days=7 * OWN_WEEKS))
    loads = list(Load.objects.filter(week__gte=oldest).order_by("-week"))
    worries = list(Escalation.objects.order_by("-week", "pk"))
    names = _names({load.supporter_id for load in loads} | {row.supporter_id for row in worries})
    weeks: dict[str, list[Carried]] = defaultdict(list)
    for load in loads:
        name = names.get(load.supporter_id, "")
        weeks[load.week].append(Carried(name, load.talks, load.heavy))
    levels: dict[str, Counter[rules.Level]] = defaultdict(Counter)
    for row in worries:
        if row.week >= oldest:
            levels[row.week][rules.Level(row.level)] += 1
    seen = [_worry(row, names.get(row.supporter_id, "")) for row in worries]
    return Supervision(
        open=tuple(one for one in seen if one.needs_debrief or one.needs_review),
        weeks=tuple(
            (care_rules.week_from(week), tuple(sorted(found, key=lambda c: c.name)))
            for week, found in list(weeks.items())[:WEEKS]
        ),
        levels=tuple((care_rules.week_from(week), found) for week, found in levels.items()),
    )


def _names(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    found = Profile.objects.filter(person__in=set(people))
    return dict(found.values_list("person_id", "shown_name"))


def _worry(row: Escalation, name: str) -> Worry:
    level = rules.Level(row.level)
    stood_down = level in care_rules.STOOD_DOWN
    return Worry(
        id=row.pk,
        name=name,
        level=level,
        monday=care_rules.week_from(row.week),
        steps=tuple(step for step in row.steps.split(",") if step),
        wants_debrief=row.wants_debrief,
        needs_debrief=(row.wants_debrief or stood_down) and not row.is_debriefed,
        needs_review=stood_down and not row.is_reviewed,
        review_due=care_rules.review_due(row.week),
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours that need somebody. It names nobody and gives no reason."""

    starts_at: datetime
    ends_at: datetime
    place: str
    has_somebody: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How the program stands: gaps, and one word."""

    word: care_rules.Capacity
    gaps: tuple[Gap, ...]


def standing(now: datetime) -> Standing:
    """Return the gaps of the next two weeks and the capacity word: six queries.

    A gap is hours in which nobody is available, or in which somebody asks for cover. Hours that
    have begun are none: that they become one meanwhile would tell what happened in them.
    """
    shifts = list(
        Shift.objects.bookable()
        .filter(starts_at__gt=now, starts_at__lt=now + AHEAD)
        .prefetch_related("assignments")
        .order_by("starts_at")
    )
    rows = {s.pk: [a for a in s.assignments.all() if a.is_active] for s in shifts}
    flat = [row for found in rows.values() for row in found]
    rests = care.rests_in({row.supporter_id for row in flat}, now, now + AHEAD + rules.LONGEST)
    asked = set(
        Cover.objects.filter(
            state=rules.CoverState.OPEN,
            exchange__isnull=True,  # a swap that is offered needs nobody
            assignment__in=[row.pk for row in flat],
        ).values_list("assignment_id", flat=True)
    )
    gaps = []
    for shift in shifts:
        free = [
            row
            for row in rows[shift.pk]
            if row.pk not in asked
            and not care.touches(rests.get(row.supporter_id, []), row.starts_at, row.ends_at)
        ]
        if not free or any(row.pk in asked for row in rows[shift.pk]):
            gaps.append(Gap(shift.starts_at, shift.ends_at, shift.place, bool(free)))
    people = set(
        Person.objects.filter(
            is_active=True, grants__role=Role.SUPPORTER, grants__revoked_on__isnull=True
        ).values_list("pk", flat=True)
    )
    word = care_rules.capacity(
        gaps=len(gaps),
        available=len(people) - len(care.resting(people, now)),
        supporters=len(people),
    )
    return Standing(word, tuple(gaps))
