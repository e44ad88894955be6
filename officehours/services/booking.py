"""A student's own writes: book, move, cancel, arrive, remove the log."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Person
from accounts.queries.profiles import with_room
from officehours import rules
from officehours.emails import remind_of
from officehours.models import Assignment, Shift, Visit
from officehours.permissions import may_book
from officehours.queries import care, sealed
from officehours.queries.sealed import Holder
from officehours.services.steps import made_for, take_step
from peersupport.core import daykey, ids, locks
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public


@dataclass(frozen=True, slots=True)
class Meeting:
    """How somebody would like to meet: whom (None: anybody), in which way, and for a remote talk
    where they are and a number, which only the care side can open."""

    only: frozenset[uuid.UUID] | None = None
    way: str = rules.Way.IN_PERSON
    where: str = ""
    number: str = ""


IN_PERSON = Meeting()


@dataclass(frozen=True, slots=True)
class Slot:
    """One bookable time: whose, and when it begins (UTC)."""

    assignment: uuid.UUID
    starts_at: datetime


def _offered(
    slot: Slot, person: Person, now: datetime, *, instead_of: uuid.UUID | None = None
) -> Assignment:
    """Return the assignment of a slot that is on offer to this person, else raise.

    `instead_of` is the visit they give up for it, which no longer counts for its supporter.
    The caller holds the shift, so that of a booking and a cancelling of the same hours one is
    first and the other sees it.
    """
    assignment = (
        Assignment.objects.select_related("shift")
        .filter(pk=slot.assignment, is_active=True, shift__in=Shift.objects.bookable())
        .first()
    )
    if assignment is None or not now < slot.starts_at <= now + rules.HORIZON:
        raise rules.SlotGone
    if is_dark(assignment, now) or assignment.checked_out_at is not None:
        raise rules.SlotGone
    shift = assignment.shift
    if slot.starts_at not in rules.slots(assignment.starts_at, assignment.ends_at, shift.minutes):
        raise rules.SlotGone
    if assignment.supporter_id == person.pk:
        raise rules.WithYourself
    if care.distant(person.pk, [assignment.supporter_id]):
        raise rules.SlotGone
    if care.closed_to_new([assignment], now, leaving_out=instead_of):
        raise rules.SlotGone
    return assignment


def _check_way(way: str, assignment: Assignment) -> None:
    """Raise NotThisWay unless these hours are held in that way, and there is a room for it."""
    remote = way in rules.REMOTE
    has_room = remote and bool(with_room([assignment.supporter_id]))
    if way not in rules.ways_with(assignment.shift.ways, has_room=has_room):
        raise rules.NotThisWay


def shift_of(assignment: uuid.UUID) -> list[locks.Name]:
    """Return the lock of an assignment's shift, against whoever cancels or changes it."""
    shifts = Assignment.objects.filter(pk=assignment).values_list("shift", flat=True)
    return [("shift", shift.bytes) for shift in shifts]


def is_dark(assignment: Assignment, now: datetime) -> bool:
    """Return whether the supporter is so late that the hours count as closed."""
    late = now >= assignment.starts_at + rules.DARK_AFTER
    return late and assignment.checked_in_at is None


def _insert(
    *,
    assignment: Assignment,
    slot: Slot,
    holder: Holder,
    name: str,
    request_key: uuid.UUID,
    now: datetime,
    way: str,
    wanted: sealed.Wanted = sealed.ANYBODY,
    where: str = "",
    number: str = "",
    moved_from: Visit | None = None,
) -> Visit:
    """Insert one booked visit and say so, or raise SlotTaken. The caller holds the person's lock.

    The insert does nothing on a conflict, so that an expected race writes no values into the
    database's log; whether this call made the row is seen by its own random key.
    """
    visit_id = ids.new_id()
    ends_at = slot.starts_at + timedelta(minutes=assignment.shift.minutes)
    day = daykey.day_of(ends_at)
    tag = daykey.tags(day, day, holder.person.bytes, purpose="visit|booked")[day]
    contact = None
    if way in rules.REMOTE and moved_from is not None:
        contact = sealed.move_contact(moved_from, visit_id, day, now)
    elif way in rules.REMOTE:
        contact = sealed.seal_contact(visit_id, day, where, number)
    visit = Visit(
        pk=visit_id,
        shift=assignment.shift,
        assignment=assignment,
        way=way,
        contact=contact,
        acceptable=sealed.seal_wanted(visit_id, day, wanted) if wanted != sealed.ANYBODY else None,
        starts_at=slot.starts_at,
        ends_at=ends_at,
        state=rules.S.BOOKED,
        changed_at=now,
        request_key=request_key,
        key_day=day,
        forget_at=min(ends_at + rules.REMEMBER, daykey.gone_at(day)),
        holder_kind=Visit.HolderKind.ACCOUNT,
        holder=sealed.seal_holder(visit_id, day, holder),
        name=sealed.seal_name(visit_id, day, name) if name else None,
        claim_tag=tag,
    )
    Visit.objects.bulk_create([visit], ignore_conflicts=True)
    if not touch_public(made=made_for(visit_id, holder.person)):
        raise rules.SlotTaken
    remind_of(visit, now, wants_mail=holder.wants_mail)
    return visit


def _lock_and_find(person: Person, now: datetime, slot: Slot) -> Visit | None:
    """Hold this person and the shift they want; return their live booked visit, if any.

    One whose hours are over ends here, so that a timer that did not run blocks nobody.
    """
    locks.hold_in_order([("person", person.pk.bytes), *shift_of(slot.assignment)])
    tags = sealed.claim_tags(person.pk, "booked", now).values()
    live = Visit.objects.live().remembered(now).select_related("shift")
    held = live.filter(claim_tag__in=tags).first()
    if held is not None and held.shift.ends_at + rules.LAPSE_GRACE <= now:
        take_step(held, "lapse", now=now, ended_by=Visit.EndedBy.SYSTEM)
        return None
    return held


@transaction.atomic(durable=True)
def book(
    *,
    person: Person,
    slot: Slot,
    name: str,
    wants_mail: bool,
    request_key: uuid.UUID,
    now: datetime,
    meeting: Meeting = IN_PERSON,
) -> Visit:
    """Book a time for this person, who is also the one who asks.

    Sending the same `request_key` again returns the same visit. Raises NotAllowed, SlotGone,
    SlotTaken, WithYourself, NotThisWay, MissingContact, or AlreadyBooked. Writes no audit row:
    what a student does with a visit leaves no trace of who.
    """
    if not may_book(person):
        raise rules.NotAllowed
    held = _lock_and_find(person, now, slot)
    if held is not None:
        if held.request_key == request_key:
            return held
        raise rules.AlreadyBooked
    assignment = _offered(slot, person, now)
    _check_way(meeting.way, assignment)
    if meeting.way in rules.REMOTE and not (meeting.where and meeting.number):
        raise rules.MissingContact
    return _insert(
        assignment=assignment,
        slot=slot,
        holder=Holder(person.pk, wants_mail),
        name=name,
        request_key=request_key,
        now=now,
        way=meeting.way,
        wanted=sealed.Wanted(meeting.only),
        where=meeting.where,
        number=meeting.number,
    )


@transaction.atomic(durable=True)
def move(
    *, person: Person, visit: Visit, slot: Slot, request_key: uuid.UUID, now: datetime
) -> Visit:
    """Give up this time and take another, both or neither.

    Raises NotAllowed, NotAllowedFrom, SlotGone, SlotTaken or WithYourself; then the old time
    stays as it was.
    """
    if not may_book(person):
        raise rules.NotAllowed
    held = _lock_and_find(person, now, slot)
    if held is not None and held.request_key == request_key:
        return held
    if held is None or held.pk != visit.pk:
        raise NotAllowedFrom("move")
    holder = sealed.holder_of(held, now)
    if holder is None:
        raise NotAllowedFrom("move")
    name = sealed.name_of(held, now)
    wanted = sealed.wanted_of(held, now)
    assignment = _offered(slot, person, now, instead_of=held.pk)
    _check_way(held.way, assignment)
    take_step(held, "cancel", now=now, ended_by=Visit.EndedBy.MOVE)
    # The student sees the new time; the old one is nobody's from this moment on.
    Visit.objects.filter(pk=held.pk).update(holder=None, name=None, claim_tag=None)
    return _insert(
        assignment=assignment,
        slot=slot,
        holder=holder,
        name=name,
        request_key=request_key,
        now=now,
        way=held.way,
        # They chose this person now: whoever else they would meet stays as it was.
        wanted=wanted.also(assignment.supporter_id),
        moved_from=held,
    )


def _own(person: Person, visit: Visit, now: datetime) -> Visit:
    """Return the visit as it is now if this person holds it, else raise NotAllowed."""
    mine = sealed.visits_of(person.pk, now).filter(pk=visit.pk).first()
    if mine is None:
        raise rules.NotAllowed
    return mine


@transaction.atomic(durable=True)
def cancel(*, person: Person, visit: Visit, now: datetime) -> Visit:
    """Give up one's own time. Cancelling twice is the same as once."""
    mine = _own(person, visit, now)
    if mine.state == rules.S.CANCELLED:
        return mine
    done = take_step(mine, "cancel", now=now, ended_by=Visit.EndedBy.STUDENT)
    touch_public()
    return done


@transaction.atomic(durable=True)
def arrive(*, person: Person, visit: Visit, now: datetime) -> Visit:
    """Say "I'm here". Saying it twice is the same as once."""
    mine = _own(person, visit, now)
    if mine.state == rules.S.ARRIVED:
        return mine
    if now < (mine.starts_at or mine.ends_at) - rules.EARLY_IN:
        raise rules.OutOfTime
    done = take_step(mine, "arrive", now=now)
    touch_public()
    return done


@transaction.atomic(durable=True)
def remove_log(*, person: Person, visit: Visit, now: datetime) -> None:
    """Take one's own visit out of every count: the log is gone and cannot be written again."""
    mine = _own(person, visit, now)
    Visit.objects.filter(pk=mine.pk).remembered(now).update(log=None, is_log_removed=True)
