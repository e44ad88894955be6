"""Cover and swap: somebody else takes hours. Nobody is asked why, and one of two takers wins.

Whoever is booked keeps the time: they are offered the one who takes it, and may decline.
"""

import uuid
from datetime import datetime

from django.db import transaction

from accounts.models import Person
from officehours import rules
from officehours.cover_emails import tell_supporters
from officehours.models import Assignment, Cover, Shift, Visit
from officehours.permissions import is_theirs, may_hold_hours
from officehours.queries import planning
from officehours.services.meeting import reassign
from officehours.services.pairs import check_may_take, put_in
from officehours.services.publishing import refuse, settle_covers
from peersupport.core import ids, locks
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public

_OPEN = rules.CoverState.OPEN


def _ahead(assignment: uuid.UUID, now: datetime) -> Assignment | None:
    """Return hours somebody holds that have not begun; None if they do not stand any more."""
    standing = Assignment.objects.select_related("shift").filter(
        pk=assignment,
        is_active=True,
        checked_in_at__isnull=True,
        starts_at__gt=now,
        shift__in=Shift.objects.bookable(),
    )
    return standing.first()


def _hold(people: list[uuid.UUID], shifts: list[uuid.UUID]) -> None:
    locks.hold_all("supporter", [one.bytes for one in people])
    locks.hold_all("shift", [one.bytes for one in shifts])


def _own(assignment: uuid.UUID, by: Person, now: datetime) -> Assignment:
    """Return hours of one's own that have not begun, with everything about them held."""
    seen = Assignment.objects.filter(pk=assignment).first()
    if seen is None or not is_theirs(by, seen):
        raise rules.NotAllowed
    _hold([by.pk], [seen.shift_id])
    mine = _ahead(assignment, now)
    if mine is None:
        raise NotAllowedFrom("ask for cover")
    return mine


@transaction.atomic(durable=True)
def ask(*, assignment: uuid.UUID, by: Person, now: datetime) -> None:
    """Ask the others to take one's hours; they stay one's own until somebody does.

    Twice is once. A swap that was offered for them is withdrawn. Raises NotAllowed, or
    NotAllowedFrom once they have begun or do not stand.
    """
    mine = _own(assignment, by, now)
    asked = Cover.objects.filter(assignment=mine, state=_OPEN)
    asked.filter(exchange__isnull=False).update(state=rules.CoverState.WITHDRAWN)
    if _open(mine, None):
        tell_supporters(by.pk, now)
        record(by=by, verb="ask for cover", thing="shift", thing_id=str(mine.shift_id), now=now)


def _open(mine: Assignment, exchange: Assignment | None) -> bool:
    row = Cover(pk=ids.new_id(), assignment=mine, exchange=exchange, state=_OPEN)
    Cover.objects.bulk_create([row], ignore_conflicts=True)
    return Cover.objects.filter(pk=row.pk).exists()


@transaction.atomic(durable=True)
def take_back(*, cover: uuid.UUID, by: Person, now: datetime) -> None:
    """Withdraw what one asked: cover, or a swap. Twice is once.

    Raises NotAllowed for somebody else's, and NotAllowedFrom if it was taken meanwhile.
    """
    seen = Cover.objects.select_related("assignment").filter(pk=cover).first()
    if seen is None or not is_theirs(by, seen.assignment):
        raise rules.NotAllowed
    _hold([by.pk], [seen.assignment.shift_id])
    mine = Cover.objects.filter(pk=cover)
    if mine.filter(state=_OPEN).update(state=rules.CoverState.WITHDRAWN):
        record(
            by=by,
            verb="take back",
            thing="shift",
            thing_id=str(seen.assignment.shift_id),
            now=now,
        )
    elif mine.filter(state=rules.CoverState.TAKEN).exists():
        raise NotAllowedFrom("take back")


def _asked(cover: uuid.UUID, by: Person) -> Cover:
    """Return what somebody else asked, whatever became of it since."""
    rows = Cover.objects.select_related("assignment", "exchange")
    seen = rows.filter(pk=cover).first()
    if seen is None or seen.assignment.supporter_id == by.pk or not may_hold_hours(by):
        raise rules.NotAllowed
    return seen


def _claim(cover: Cover) -> None:
    """Close a request as taken; of two who take it, one closes it."""
    if Cover.objects.filter(pk=cover.pk, state=_OPEN).update(state=rules.CoverState.TAKEN) != 1:
        raise NotAllowedFrom("take")


@transaction.atomic(durable=True)
def take(*, cover: uuid.UUID, by: Person, now: datetime) -> int:
    """Take hours for which somebody asks for cover. One wins; twice by the same one is once.

    Who is booked in them is offered the new one at the same time, or other times where they
    would not meet this person. Returns how many were offered other times. Raises NotAllowed,
    NotAllowedFrom (somebody took them, or they were withdrawn, cancelled or have begun),
    Overlaps, NotCovered, StepsBack, TooManyShifts.
    """
    seen = _asked(cover, by)
    if seen.exchange_id is not None:
        raise rules.NotAllowed
    old = seen.assignment
    _hold([by.pk, old.supporter_id], [old.shift_id])
    if _has_taken(seen, by):
        return 0
    current = _ahead(old.pk, now)
    if current is None:
        raise NotAllowedFrom("take")
    _claim(seen)
    _may_take(current, by)
    lost = _hand_over(current, by, now)
    shift = str(current.shift_id)
    record(by=by, verb="take hours", thing="shift", thing_id=shift, now=now)
    touch_public()
    return lost


def _has_taken(cover: Cover, by: Person) -> bool:
    """Return whether this very request was taken by the same one before."""
    mine = Assignment.objects.filter(shift=cover.assignment.shift_id, supporter=by, is_active=True)
    taken = Cover.objects.filter(pk=cover.pk, state=rules.CoverState.TAKEN)
    return taken.exists() and mine.exists()


def _may_take(hours: Assignment, by: Person, *, gives: Assignment | None = None) -> None:
    """Raise what is in the way of this supporter holding these hours."""
    shift = hours.shift
    if Assignment.objects.filter(shift=shift, supporter=by, is_active=True).exists():
        raise rules.Overlaps
    day, start, end = shift.local_date, hours.starts_at, hours.ends_at
    out = gives.shift_id if gives is not None else None
    refuse(planning.day_plan(day, start, end, supporters=[by.pk], leaving_out=out))
    check_may_take(by, start, end, day, gives=gives)


def _hand_over(old: Assignment, to: Person, now: datetime) -> int:
    """Put another supporter in somebody's place, and move who is booked. Returns how many lost
    their time.

    The old row goes first: until then the database lets nobody in. Who waits in the line waits
    for the shift, and stays.
    """
    if Assignment.objects.filter(pk=old.pk, is_active=True).update(is_active=False) != 1:
        raise NotAllowedFrom("take")
    settle_covers([old.pk])
    new = put_in(old.shift, to)
    return _move_booked(old, new, now)


def _move_booked(old: Assignment, new: Assignment, now: datetime) -> int:
    live = Visit.objects.live().filter(assignment=old, is_forgotten=False)
    lost = 0
    for visit in live.select_related("shift", "assignment").order_by("starts_at"):
        lost += not reassign(visit, new, now=now)
    return lost


@transaction.atomic(durable=True)
def offer_swap(*, cover: uuid.UUID, mine: uuid.UUID, by: Person, now: datetime) -> None:
    """Offer hours of one's own for those somebody asks cover for. They decide. Twice is once.

    Raises NotAllowed, NotAllowedFrom, NotCovered, Overlaps, StepsBack, TooManyShifts, or
    Unavailable if it is the other one who cannot.
    """
    seen = _asked(cover, by)
    given = Assignment.objects.filter(pk=mine).first()
    if seen.exchange_id is not None or given is None or not is_theirs(by, given):
        raise rules.NotAllowed
    wanted = seen.assignment
    _hold([by.pk, wanted.supporter_id], [wanted.shift_id, given.shift_id])
    still, own = _ahead(wanted.pk, now), _ahead(given.pk, now)
    is_open = Cover.objects.filter(pk=cover, state=_OPEN).exists()
    if still is None or own is None or not is_open:
        raise NotAllowedFrom("swap")
    _may_swap(still, own, by, _them(still))
    same = Cover.objects.filter(assignment=own, state=_OPEN)
    if same.filter(exchange=still).exists():
        return
    same.update(state=rules.CoverState.WITHDRAWN)
    _open(own, still)
    record(by=by, verb="offer a swap", thing="shift", thing_id=str(own.shift_id), now=now)


def _them(theirs: Assignment) -> Person:
    """Return whose hours they are, as long as they are a supporter."""
    them = Person.objects.filter(pk=theirs.supporter_id, is_active=True).first()
    if them is None or not may_hold_hours(them):
        raise NotAllowedFrom("swap")
    return them


def _may_swap(theirs: Assignment, mine: Assignment, me: Person, them: Person) -> None:
    """Raise what is in the way of a swap: for me what it is, for them only that it is."""
    _may_take(theirs, me, gives=mine)
    try:
        _may_take(mine, them, gives=theirs)
    except (rules.Overlaps, rules.StepsBack, rules.TooManyShifts):
        raise rules.Unavailable from None


@transaction.atomic(durable=True)
def accept_swap(*, cover: uuid.UUID, by: Person, now: datetime) -> int:
    """Exchange hours as another supporter offered. Twice is once.

    Returns how many people were offered other times. Raises what `offer_swap` does.
    """
    seen = _asked(cover, by)
    theirs, mine = seen.assignment, seen.exchange
    if mine is None or mine.supporter_id != by.pk:
        raise rules.NotAllowed
    _hold([by.pk, theirs.supporter_id], [theirs.shift_id, mine.shift_id])
    if _has_taken(seen, by):
        return 0
    first, second = _ahead(theirs.pk, now), _ahead(mine.pk, now)
    if first is None or second is None:
        raise NotAllowedFrom("swap")
    _claim(seen)
    them = _them(first)
    _may_swap(first, second, by, them)
    lost = _exchange(first, second, by, them, now)
    for shift in (first.shift_id, second.shift_id):
        record(by=by, verb="swap hours", thing="shift", thing_id=str(shift), now=now)
    touch_public()
    return lost


def _exchange(
    theirs: Assignment, mine: Assignment, by: Person, them: Person, now: datetime
) -> int:
    """Put each into the other's place. Both leave before either comes."""
    both = [theirs.pk, mine.pk]
    if Assignment.objects.filter(pk__in=both, is_active=True).update(is_active=False) != len(both):
        raise NotAllowedFrom("swap")
    Cover.objects.filter(assignment=mine.pk, exchange__isnull=True, state=_OPEN).update(
        state=rules.CoverState.TAKEN
    )
    settle_covers(both)
    to_me, to_them = put_in(theirs.shift, by), put_in(mine.shift, them)
    return _move_booked(theirs, to_me, now) + _move_booked(mine, to_them, now)


@transaction.atomic(durable=True)
def decline_swap(*, cover: uuid.UUID, by: Person, now: datetime) -> None:
    """Say no to a swap, without a reason. Twice is once."""
    seen = _asked(cover, by)
    if seen.exchange is None or seen.exchange.supporter_id != by.pk:
        raise rules.NotAllowed
    _hold([by.pk, seen.assignment.supporter_id], [seen.assignment.shift_id])
    Cover.objects.filter(pk=cover, state=_OPEN).update(state=rules.CoverState.WITHDRAWN)
