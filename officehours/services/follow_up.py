"""A follow-up: a nameless code for a time with the same person."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.permissions import is_theirs
from officehours.services.booking import Slot, shift_of
from officehours.services.steps import take_step
from peersupport.core import daykey, ids, locks
from program.services import touch_public


@transaction.atomic(durable=True)
def hold(*, slot: Slot, request_key: uuid.UUID, by: Person, now: datetime) -> Visit:
    """Keep one of one's own free times for somebody who gets a code and gives no name.

    The code is read aloud at the door and authorizes nothing on any page. Sending the same
    `request_key` again returns the same time. Raises NotAllowed, SlotGone, SlotTaken.
    """
    locks.hold_in_order([("supporter", by.pk.bytes), *shift_of(slot.assignment)])
    mine = Assignment.objects.select_related("shift").filter(
        pk=slot.assignment, is_active=True, shift__in=Shift.objects.bookable()
    )
    assignment = mine.first()
    if assignment is None or not is_theirs(by, assignment):
        raise rules.NotAllowed
    again = Visit.objects.filter(request_key=request_key, assignment=assignment).first()
    if again is not None:
        return again
    if assignment.checked_out_at is not None:
        raise rules.SlotGone
    starts = rules.slots(assignment.starts_at, assignment.ends_at, assignment.shift.minutes)
    if slot.starts_at not in starts or not now < slot.starts_at <= now + rules.HORIZON:
        raise rules.SlotGone
    ends_at = slot.starts_at + timedelta(minutes=assignment.shift.minutes)
    day = daykey.day_of(ends_at)
    visit = Visit(
        pk=ids.new_id(),
        shift=assignment.shift,
        assignment=assignment,
        starts_at=slot.starts_at,
        ends_at=ends_at,
        state=rules.S.BOOKED,
        changed_at=now,
        request_key=request_key,
        key_day=day,
        forget_at=min(ends_at + rules.REMEMBER, daykey.gone_at(day)),
        holder_kind=Visit.HolderKind.NOBODY,
    )
    Visit.objects.bulk_create([visit], ignore_conflicts=True)
    if not touch_public(made=Visit.objects.filter(pk=visit.pk)):
        raise rules.SlotTaken
    return visit


@transaction.atomic(durable=True)
def give_up(*, visit: uuid.UUID, by: Person, now: datetime) -> None:
    """Give a held follow-up up again. Raises NotAllowed for a time that somebody booked."""
    locks.hold("supporter", by.pk.bytes)
    seen = Visit.objects.select_related("assignment").filter(
        pk=visit, holder_kind=Visit.HolderKind.NOBODY, starts_at__isnull=False
    )
    found = seen.first()
    if found is None or found.assignment is None or not is_theirs(by, found.assignment):
        raise rules.NotAllowed
    if found.state == rules.S.CANCELLED:
        return
    take_step(found, "cancel", now=now, ended_by=Visit.EndedBy.SUPPORTER)
    touch_public()
