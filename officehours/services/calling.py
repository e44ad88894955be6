"""The line, as its supporters work it: call next, not found, put back, add, remove, close.

Locks are taken in one order: supporter, person, shift, line.
"""

import uuid
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.permissions import is_theirs
from officehours.queries import care, sealed
from officehours.queries.line import is_in
from officehours.services import line
from officehours.services.meeting import may_meet
from officehours.services.steps import take_step
from peersupport.core import locks
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public

_WITH = [str(state) for state in rules.WITH_SUPPORTER]


def _mine(assignment: uuid.UUID, by: Person) -> Assignment:
    """Hold the supporter's lock and return their assignment, else raise NotAllowed."""
    locks.hold("supporter", by.pk.bytes)
    found = Assignment.objects.select_related("shift").filter(pk=assignment, is_active=True)
    mine = found.first()
    if mine is None or not is_theirs(by, mine):
        raise rules.NotAllowed
    return mine


def _may_call(mine: Assignment, by: Person, now: datetime) -> None:
    """Raise if this supporter cannot call anybody now."""
    if mine.checked_in_at is None or mine.checked_out_at is not None or now >= mine.ends_at:
        raise rules.OutOfTime
    busy = Visit.objects.filter(assignment__supporter=by, state__in=_WITH, is_forgotten=False)
    if busy.exists():
        raise rules.AlreadyTalking
    if not care.may_take_more(by, mine, now):
        raise rules.EnoughForNow


def _booked_first(mine: Assignment, now: datetime, *, anyway: bool) -> list[Visit]:
    """Return the booked visits nobody came to, whose time goes to the line now.

    Raises BookedFirst if somebody with a booked time is here and due, or (unless `anyway`) is
    expected in a moment.
    """
    states = [str(rules.S.BOOKED), str(rules.S.ARRIVED)]
    late = []
    near = Q(starts_at__lt=now + rules.FREE_MARGIN)
    for visit in Visit.objects.filter(near, assignment=mine, state__in=states, is_forgotten=False):
        begins = visit.starts_at or visit.ends_at
        if visit.state == rules.S.ARRIVED:
            raise rules.BookedFirst
        if begins <= now - rules.GIVEN_ON_AFTER:
            late.append(visit)
        elif not anyway:
            raise rules.BookedFirst
    return late


def _hold_for(late: list[Visit], now: datetime) -> None:
    """Hold the people whose time is given on, and the line they go into, before any row."""
    if not late:
        return
    holders = [sealed.holder_of(visit, now) for visit in late]
    locks.hold_all("person", [one.person.bytes for one in holders if one is not None])
    line.hold_line(late[0].shift_id)


def _give_on(late: list[Visit], now: datetime) -> None:
    """Put booked people who did not come into the line, first. The caller calls somebody, and
    holds the people and the line."""
    for visit in late:
        current = Visit.objects.select_related("shift").filter(pk=visit.pk, state=visit.state)
        still = current.first()
        if still is not None:
            placed = line.to_front(still, "displace", now)
            if placed is not None:
                # They are not here: who is here goes before them until they say "I'm here".
                Visit.objects.filter(pk=placed.pk, state=rules.S.WAITING).update(is_away=True)


def _claim(visit: Visit, mine: Assignment, now: datetime) -> Visit | None:
    """Call one waiting visit; None if somebody else was first."""
    try:
        return take_step(visit, "call", now=now, assignment=mine)
    except NotAllowedFrom:
        return None


@transaction.atomic(durable=True)
def call_next(*, assignment: uuid.UUID, by: Person, now: datetime, anyway: bool = False) -> Visit:
    """Call the first in the line who is here and may meet this supporter: one atomic claim.

    Of two supporters at once each gets somebody else. A booked time that nobody came to for ten
    minutes is given on, and its student goes first in the line as soon as they say they are
    here. Raises NotAllowed, OutOfTime, AlreadyTalking, EnoughForNow, BookedFirst, NobodyToCall.
    """
    mine = _mine(assignment, by)
    _may_call(mine, by, now)
    late = _booked_first(mine, now, anyway=anyway)
    _hold_for(late, now)
    waiting = Visit.objects.filter(
        shift=mine.shift_id, state=rules.S.WAITING, is_away=False, is_forgotten=False
    )
    for visit in waiting.order_by("line_rank"):
        if not may_meet(visit, by.pk, now):
            continue
        called = _claim(visit, mine, now)
        if called is not None:
            _give_on(late, now)
            touch_public()
            return called
    raise rules.NobodyToCall


@transaction.atomic(durable=True)
def call(*, visit: uuid.UUID, by: Person, now: datetime) -> Visit:
    """Call one particular person of one's line, who has come back or is wanted first.

    Raises as `call_next` does, and NotAllowedFrom if somebody else has called them.
    """
    found = Visit.objects.remembered(now).filter(pk=visit).first()
    here = Assignment.objects.filter(supporter=by, is_active=True)
    here = here.filter(shift=found.shift_id) if found is not None else here.none()
    place = here.first()
    if found is None or place is None:
        raise rules.NotAllowed
    mine = _mine(place.pk, by)
    found.refresh_from_db()
    if found.state == rules.S.CALLED and found.assignment_id == mine.pk:
        return found
    _may_call(mine, by, now)
    if not may_meet(found, by.pk, now):
        raise rules.NobodyToCall
    called = take_step(found, "call", now=now, assignment=mine, is_away=False)
    touch_public()
    return called


def _called_by_me(visit: uuid.UUID, by: Person, now: datetime) -> Visit:
    locks.hold("supporter", by.pk.bytes)
    found = Visit.objects.remembered(now).select_related("shift", "assignment").filter(pk=visit)
    seen = found.first()
    if seen is None or seen.assignment is None or not is_theirs(by, seen.assignment):
        raise rules.NotAllowed
    return seen


@transaction.atomic(durable=True)
def put_back(*, visit: uuid.UUID, by: Person, now: datetime) -> None:
    """Take a call back: the person keeps the place they had."""
    seen = _called_by_me(visit, by, now)
    take_step(seen, "put back", now=now, assignment=None)
    touch_public()


@transaction.atomic(durable=True)
def not_found(*, visit: uuid.UUID, by: Person, now: datetime) -> Visit:
    """Say that the person called did not come, once their time to come is over.

    The first time they keep a place before everybody and are passed over until they say they
    are here; the second time they count as missed, and may still come late. Raises OutOfTime
    while they may still be on their way.
    """
    seen = _called_by_me(visit, by, now)
    if seen.changed_at is not None and now < seen.changed_at + rules.CALL_TIMEOUT:
        raise rules.OutOfTime
    if seen.not_found >= rules.CALLED_TWICE:
        done = take_step(seen, "give up", now=now)
    else:
        line.hold_line(seen.shift_id)
        done = take_step(
            seen,
            "not found",
            now=now,
            assignment=None,
            line_rank=line.first_rank(seen.shift_id),
            not_found=seen.not_found + 1,
            is_away=True,
        )
    touch_public()
    return done


@transaction.atomic(durable=True)
def came_late(*, visit: uuid.UUID, by: Person, now: datetime) -> None:
    """Note that somebody who was missed has come after all: first in the line.

    Raises NotAllowedFrom if they were not missed, LineClosed when the hours are over.
    """
    seen = _called_by_me(visit, by, now)
    if seen.state in (rules.S.WAITING, rules.S.CALLED):
        return
    if seen.state != rules.S.MISSED:
        raise NotAllowedFrom("come late")
    holder = sealed.holder_of(seen, now)
    if holder is not None:
        locks.hold("person", holder.person.bytes)
    line.hold_line(seen.shift_id)
    if not line.still_held(seen.shift, now):  # asked under the line, which may be closing
        raise rules.LineClosed
    line.to_front(seen, "come late", now)
    touch_public()


@transaction.atomic(durable=True)
def add(*, assignment: uuid.UUID, request_key: uuid.UUID, by: Person, now: datetime) -> Visit:
    """Add somebody without a name or an account to the line; the slip carries a number."""
    mine = _mine(assignment, by)
    again = Visit.objects.filter(request_key=request_key, shift=mine.shift_id).first()
    if again is not None:
        return again
    line.hold_line(mine.shift_id)
    shift = Shift.objects.filter(pk=mine.shift_id).bookable().first()
    if shift is None or not is_in(mine, now):
        raise rules.OutOfTime
    return line.insert_waiting(
        shift=shift, kind=Visit.HolderKind.NOBODY, tag=None, request_key=request_key, now=now
    )


@transaction.atomic(durable=True)
def remove(*, visit: uuid.UUID, by: Person, now: datetime) -> None:
    """Take a nameless place out of the line: they have gone, or are on a slip twice.

    Raises NotAllowed for a place held by an account: that one only its holder gives up.
    """
    locks.hold("supporter", by.pk.bytes)
    seen = Visit.objects.remembered(now).filter(pk=visit).first()
    if seen is None or seen.holder_kind == Visit.HolderKind.ACCOUNT:
        raise rules.NotAllowed
    here = Assignment.objects.filter(shift=seen.shift_id, supporter=by, is_active=True).first()
    if here is None or not is_theirs(by, here):
        raise rules.NotAllowed
    if seen.state == rules.S.LEFT:
        return
    take_step(seen, "remove", now=now, ended_by=Visit.EndedBy.SUPPORTER)
    touch_public()


@transaction.atomic(durable=True)
def set_line_closed(*, assignment: uuid.UUID, is_closed: bool, by: Person, now: datetime) -> None:
    """Let nobody more into the line, or let people in again. Who waits keeps their place."""
    mine = _mine(assignment, by)
    line.hold_line(mine.shift_id)
    Shift.objects.filter(pk=mine.shift_id).update(is_line_closed=is_closed)
    touch_public()


def close_line(shift: uuid.UUID, ended_by: str, now: datetime) -> int:
    """End everybody's wait in a shift, kindly. Returns how many. In the caller's transaction.

    Holds the line, so that nobody joins a line that is being closed: of the two one is first.
    """
    line.hold_line(shift)
    states = [str(rules.S.WAITING), str(rules.S.CALLED)]
    there = Visit.objects.filter(shift=shift, state__in=states, is_forgotten=False)
    closed = 0
    # Called, or put back, this very moment: looked at again until nobody is left. Only who holds
    # the line adds anybody.
    while visits := list(there):
        for visit in visits:
            with suppress(NotAllowedFrom):
                take_step(visit, "close", now=now, ended_by=ended_by)
                closed += 1
        there = there.all()
    return closed
