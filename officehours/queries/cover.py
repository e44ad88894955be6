"""Cover, swaps and pairs, as one supporter sees them: seven queries whatever the size.

Other supporters' hours are theirs to see; who is booked in them, or how many, is not.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Cover, Rule, Shift
from officehours.queries.planning import names


@dataclass(frozen=True, slots=True)
class TheirHours:
    """Hours of somebody, to be shown in one line."""

    who: str
    place: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asks for cover; or, with `mine`, offers these hours for those of mine."""

    cover: uuid.UUID
    hours: TheirHours
    mine: TheirHours | None = None


@dataclass(frozen=True, slots=True)
class OwnHours:
    """Hours of one's own, and what was asked about them."""

    assignment: uuid.UUID
    hours: TheirHours
    cover: uuid.UUID | None
    offered_for: TheirHours | None


@dataclass(frozen=True, slots=True)
class Room:
    """Hours of somebody else in which there is room for a second person."""

    shift: uuid.UUID
    hours: TheirHours
    rule: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Paired:
    """Weekly hours of somebody else in which one is the second person."""

    rule: Rule
    who: str


@dataclass(frozen=True, slots=True)
class CoverBoard:
    """Everything on the page."""

    offers: tuple[Asked, ...]
    requests: tuple[Asked, ...]
    mine: tuple[OwnHours, ...]
    rooms: tuple[Room, ...]
    pairs: tuple[Paired, ...]


def _hours(row: Assignment, named: dict[uuid.UUID, str]) -> TheirHours:
    return TheirHours(named.get(row.supporter_id, ""), row.shift.place, row.starts_at, row.ends_at)


def _open_covers(now: datetime) -> list[Cover]:
    """Return what is asked about hours that stand and have not begun."""
    standing = Shift.objects.bookable()
    asked = Cover.objects.select_related("assignment__shift", "exchange__shift").filter(
        state=rules.CoverState.OPEN,
        assignment__is_active=True,
        assignment__starts_at__gt=now,
        assignment__shift__in=standing,
    )
    still = Q(exchange__isnull=True) | Q(
        exchange__is_active=True, exchange__starts_at__gt=now, exchange__shift__in=standing
    )
    return list(asked.filter(still).order_by("assignment__starts_at", "pk"))


def _mine(person: Person, now: datetime) -> list[Assignment]:
    ahead = Assignment.objects.select_related("shift").filter(
        supporter=person,
        is_active=True,
        checked_in_at__isnull=True,
        starts_at__gt=now,
        starts_at__lte=now + rules.HORIZON,
        shift__in=Shift.objects.bookable(),
    )
    return list(ahead.order_by("starts_at"))


def _with_room(person: Person, now: datetime) -> list[Shift]:
    """Return hours of others with one person in them: two queries."""
    active = Count("assignments", filter=Q(assignments__is_active=True))
    own = Count(
        "assignments", filter=Q(assignments__is_active=True, assignments__supporter=person)
    )
    ahead = Shift.objects.bookable().filter(starts_at__gt=now, starts_at__lte=now + rules.HORIZON)
    roomy = ahead.annotate(there=active, own=own).filter(
        there__gt=0, there__lt=rules.MOST_IN_SHIFT, own=0
    )
    return list(
        roomy.select_related("rule").prefetch_related("assignments").order_by("starts_at", "pk")
    )


def board(person: Person, now: datetime) -> CoverBoard:
    """Return what others ask, what one asks oneself, and where there is room."""
    covers, mine, rooms = _open_covers(now), _mine(person, now), _with_room(person, now)
    pairs = list(Rule.objects.filter(partner=person).order_by("weekday", "starts"))
    there = [row for shift in rooms for row in shift.assignments.all() if row.is_active]
    both = [row for cover in covers for row in (cover.assignment, cover.exchange) if row]
    people = {row.supporter_id for row in (*both, *there)} | {rule.supporter_id for rule in pairs}
    named = names(people)
    offers, requests = [], []
    held = {row.shift_id for row in mine}
    for cover in covers:
        if cover.assignment.supporter_id == person.pk:
            continue
        if cover.exchange is None and cover.assignment.shift_id not in held:
            requests.append(Asked(cover.pk, _hours(cover.assignment, named)))
        elif cover.exchange is not None and cover.exchange.supporter_id == person.pk:
            swap = _hours(cover.assignment, named), _hours(cover.exchange, named)
            offers.append(Asked(cover.pk, *swap))
    asked = {cover.assignment_id: cover for cover in covers}
    return CoverBoard(
        tuple(offers),
        tuple(requests),
        tuple(_own(row, asked.get(row.pk), named) for row in mine),
        tuple(_room(shift, named) for shift in rooms),
        tuple(Paired(rule, named.get(rule.supporter_id, "")) for rule in pairs),
    )


def _own(row: Assignment, cover: Cover | None, named: dict[uuid.UUID, str]) -> OwnHours:
    wanted = cover.exchange if cover is not None else None
    return OwnHours(
        row.pk,
        _hours(row, named),
        cover.pk if cover is not None else None,
        _hours(wanted, named) if wanted is not None else None,
    )


def _room(shift: Shift, named: dict[uuid.UUID, str]) -> Room:
    row = next(one for one in shift.assignments.all() if one.is_active)
    rule = shift.rule
    # Every week only with whose weekly hours they are, and where nobody else is the second.
    weekly = rule is not None and rule.partner_id is None and rule.supporter_id == row.supporter_id
    hours = TheirHours(
        named.get(row.supporter_id, ""), shift.place, shift.starts_at, shift.ends_at
    )
    return Room(shift.pk, hours, shift.rule_id if weekly else None)


@dataclass(frozen=True, slots=True)
class SwapChoice:
    """What a swap is about: hours somebody asks cover for, and one's own to choose from."""

    theirs: TheirHours
    mine: tuple[tuple[uuid.UUID, TheirHours], ...]


def swap_choice(person: Person, cover: uuid.UUID, now: datetime) -> SwapChoice | None:
    """Return what one could offer for hours; None if nobody asks for them any more."""
    asked = next((c for c in _open_covers(now) if c.pk == cover and c.exchange is None), None)
    if asked is None or asked.assignment.supporter_id == person.pk:
        return None
    named = names([asked.assignment.supporter_id])
    mine = [(row.pk, _hours(row, named)) for row in _mine(person, now)]
    return SwapChoice(_hours(asked.assignment, named), tuple(mine))


def partner_in(person: Person, shift: uuid.UUID) -> str | None:
    """Return who else holds these hours, or None if one holds them alone."""
    others = Assignment.objects.filter(shift=shift, is_active=True, checked_out_at__isnull=True)
    other = others.exclude(supporter=person).first()
    return names([other.supporter_id]).get(other.supporter_id, "") if other else None
