"""Presence: who is really there. In and out, dark hours, and what ends by itself."""

import uuid
from datetime import datetime

from django.db import models, transaction
from django.db.models import F, Q

from accounts.models import Person
from officehours import rules
from officehours.emails import tell_changed, tell_dark, tell_nudge
from officehours.models import Assignment, Shift, Visit
from officehours.permissions import is_theirs
from officehours.services.calling import close_line
from officehours.services.meeting import hand_on
from officehours.services.publishing import settle_covers
from officehours.services.steps import take_step
from peersupport.core import locks
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public


def _hold(shift: uuid.UUID, by: Person | None = None) -> None:
    """Hold a supporter, a shift and its line, in that order.

    So of two who leave at once one is the last, and sees that nobody else is there.
    """
    mine = [] if by is None else [("supporter", by.pk.bytes)]
    locks.hold_in_order([*mine, ("shift", shift.bytes), ("line", shift.bytes)])


def _shift_of(assignment: Assignment) -> uuid.UUID:
    """Return the shift of an assignment that may be known by its id alone; never changes."""
    found = Assignment.objects.filter(pk=assignment.pk).values_list("shift_id", flat=True).first()
    if found is None:
        raise rules.NotAllowed
    return found


@transaction.atomic(durable=True)
def check_in(*, assignment: Assignment, by: Person, now: datetime) -> None:
    """Say "I am in". From a little before the hours until their end; twice is once."""
    _hold(_shift_of(assignment), by)
    current = Assignment.objects.select_related("shift").filter(pk=assignment.pk).first()
    if current is None or not is_theirs(by, current):
        raise rules.NotAllowed
    if not current.starts_at - rules.EARLY_IN <= now < current.ends_at:
        raise rules.OutOfTime
    shifts = Shift.objects.filter(
        pk=current.shift_id,
        state__in=[str(rules.ShiftState.PUBLISHED), str(rules.ShiftState.OPEN)],
    )
    if not current.is_active or not shifts.update(state=rules.ShiftState.OPEN):
        raise NotAllowedFrom("check in")
    Assignment.objects.filter(pk=current.pk).filter(
        Q(checked_in_at__isnull=True) | Q(checked_out_at__isnull=False)
    ).update(checked_in_at=now, checked_out_at=None)
    touch_public()


@transaction.atomic(durable=True)
def check_out(*, assignment: Assignment, give_up_booked: bool, by: Person, now: datetime) -> None:
    """Say "I am out".

    Raises AlreadyTalking during a talk, and StillBooked while somebody has a time ahead, or waits
    and nobody else is in, unless `give_up_booked`: then booked times go to somebody else of the
    same hours as an offer, or are cancelled and told; and the line is closed kindly.
    """
    _hold(_shift_of(assignment), by)
    current = Assignment.objects.select_related("shift").filter(pk=assignment.pk).first()
    if current is None or not is_theirs(by, current):
        raise rules.NotAllowed
    if current.checked_in_at is None or current.checked_out_at is not None:
        return
    live = Visit.objects.live().filter(assignment=current)
    if live.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
    is_last = not _others_in(current).exists()
    waits = (
        is_last and Visit.objects.filter(shift=current.shift_id, state=rules.S.WAITING).exists()
    )
    if (live.exists() or waits) and not give_up_booked:
        raise rules.StillBooked
    Assignment.objects.filter(pk=current.pk).update(checked_out_at=now, late_minutes=0)
    for visit in live.select_related("shift"):
        if visit.state == rules.S.CALLED:
            take_step(visit, "put back", now=now, assignment=None)
        else:
            hand_on(visit, by.pk, ended_by=Visit.EndedBy.SUPPORTER, now=now)
    _close_if_empty(current.shift_id)
    if is_last:
        close_line(current.shift_id, Visit.EndedBy.SUPPORTER, now)
    touch_public()


def _others_in(assignment: Assignment) -> models.QuerySet[Assignment]:
    """Return the others of the same shift who are in or still expected."""
    active = Assignment.objects.filter(
        shift=assignment.shift_id, is_active=True, checked_out_at__isnull=True
    )
    return active.exclude(pk=assignment.pk)


@transaction.atomic(durable=True)
def run_late(*, assignment: Assignment, minutes: int, by: Person, now: datetime) -> None:
    """Say "running late" to whoever is next: on their page, and by mail if they asked for it.

    Zero takes it back. Raises OutOfTime for a number that is not on offer.
    """
    locks.hold("supporter", by.pk.bytes)
    current = Assignment.objects.select_related("shift").filter(pk=assignment.pk).first()
    if current is None or not is_theirs(by, current) or not current.is_active:
        raise rules.NotAllowed
    if minutes not in (0, *rules.LATE_CHOICES) or current.checked_out_at is not None:
        raise rules.OutOfTime
    Assignment.objects.filter(pk=current.pk).update(late_minutes=minutes)
    states = [str(rules.S.BOOKED), str(rules.S.ARRIVED)]
    ahead = Visit.objects.filter(assignment=current, state__in=states, starts_at__gt=now)
    following = ahead.filter(is_forgotten=False).order_by("starts_at").first()
    if minutes and following is not None:
        tell_changed(following, now, word="late")
    touch_public()


def _close_if_empty(shift_id: uuid.UUID) -> None:
    """Close a shift when nobody of it is in any more."""
    there = Assignment.objects.filter(shift=shift_id, is_active=True, checked_out_at__isnull=True)
    if not there.exists():
        Shift.objects.filter(pk=shift_id, state=rules.ShiftState.OPEN).update(
            state=rules.ShiftState.CLOSED
        )


@transaction.atomic(durable=True)
def close_dark(*, assignment: Assignment, now: datetime) -> bool:
    """Close hours whose supporter has not come by the limit; tell those booked.

    Returns whether this call closed them. By the system, from the tick.
    """
    _hold(assignment.shift_id)
    changed = Assignment.objects.filter(
        pk=assignment.pk,
        is_active=True,
        checked_in_at__isnull=True,
        starts_at__lte=now - rules.DARK_AFTER,
    ).update(is_active=False)
    if changed != 1:
        return False
    settle_covers([assignment.pk])
    booked = Visit.objects.live().select_related("shift").filter(assignment=assignment)
    for visit in booked:
        hand_on(visit, assignment.supporter_id, ended_by=Visit.EndedBy.SYSTEM, now=now)
    if not _others_in(assignment).exists():
        Shift.objects.bookable().filter(pk=assignment.shift_id).update(
            state=rules.ShiftState.CLOSED
        )
        close_line(assignment.shift_id, Visit.EndedBy.SYSTEM, now)
    tell_dark(assignment, now)
    record(
        by=SYSTEM, verb="close hours", thing="shift", thing_id=str(assignment.shift_id), now=now
    )
    touch_public()
    return True


@transaction.atomic(durable=True)
def close_ended(*, now: datetime) -> int:
    """Check out everybody whose hours are over, and close the shifts. Returns how many shifts."""
    over = list(Shift.objects.bookable().filter(ends_at__lte=now).values_list("pk", flat=True))
    for kind in ("shift", "line"):
        locks.hold_all(kind, [pk.bytes for pk in over])
    Assignment.objects.filter(
        ends_at__lte=now, checked_in_at__isnull=False, checked_out_at__isnull=True
    ).update(checked_out_at=F("ends_at"))
    for shift in over:
        close_line(shift, Visit.EndedBy.SYSTEM, now)
    still = Shift.objects.bookable().filter(pk__in=over)
    closed = still.update(state=rules.ShiftState.CLOSED)
    if closed:
        touch_public()
    return closed


@transaction.atomic(durable=True)
def lapse_overdue(*, now: datetime) -> int:
    """End every live visit whose hours are over by more than the grace. Returns how many."""
    overdue = Visit.objects.live().filter(
        is_forgotten=False, shift__ends_at__lte=now - rules.LAPSE_GRACE
    )
    ended = 0
    for visit in overdue:
        try:
            take_step(visit, "lapse", now=now, ended_by=Visit.EndedBy.SYSTEM)
            ended += 1
        except NotAllowedFrom:  # somebody ended it this very moment
            continue
    if ended:
        touch_public()
    return ended


def dark_assignments(now: datetime) -> list[Assignment]:
    """Return the assignments that `close_dark` should close."""
    return list(
        Assignment.objects.filter(
            is_active=True,
            checked_in_at__isnull=True,
            starts_at__lte=now - rules.DARK_AFTER,
            shift__in=Shift.objects.bookable(),
        )
    )


@transaction.atomic(durable=True)
def nudge(*, assignment: Assignment, now: datetime) -> bool:
    """Remind a supporter who is five minutes late, once. Returns whether this call did."""
    late = Assignment.objects.filter(
        pk=assignment.pk,
        is_active=True,
        is_nudged=False,
        checked_in_at__isnull=True,
        starts_at__lte=now - rules.LATE_AFTER,
        ends_at__gt=now,
    )
    if late.update(is_nudged=True) != 1:
        return False
    tell_nudge(assignment, now)
    return True


def late_assignments(now: datetime) -> list[Assignment]:
    """Return the assignments that `nudge` should remind."""
    return list(
        Assignment.objects.filter(
            is_active=True,
            is_nudged=False,
            checked_in_at__isnull=True,
            starts_at__lte=now - rules.LATE_AFTER,
            starts_at__gt=now - rules.DARK_AFTER,
            shift__in=Shift.objects.bookable(),
        )
    )
