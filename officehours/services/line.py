"""The line, as those in it use it: join, step away, leave, come late.

Locks are taken in one order: supporter, person, shift, line. Of a join and a closing of the same
line, one is first and the other sees it.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min

from accounts.models import Person
from accounts.queries.profiles import with_room
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.permissions import may_book
from officehours.queries import care, sealed
from officehours.queries.line import is_door_code, line_is_open, who_may_call
from officehours.queries.sealed import Claimant, Holder, Wanted
from officehours.services.booking import IN_PERSON, Meeting
from officehours.services.steps import made_for, take_step
from peersupport.core import daykey, ids, locks
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public

_IN_LINE = [str(rules.S.WAITING), str(rules.S.CALLED)]


def hold_line(shift_id: uuid.UUID) -> None:
    """Hold the line of a shift: its places are given out one at a time."""
    locks.hold("line", shift_id.bytes)


def last_rank(shift_id: uuid.UUID) -> int:
    """Return the place behind everybody. The caller holds the line."""
    worst = Visit.objects.filter(shift=shift_id).aggregate(rank=Max("line_rank"))["rank"]
    return 0 if worst is None else int(worst) + 1


def first_rank(shift_id: uuid.UUID) -> int:
    """Return the place before everybody. The caller holds the line."""
    best = Visit.objects.filter(shift=shift_id).aggregate(rank=Min("line_rank"))["rank"]
    return 0 if best is None else int(best) - 1


def _open_line(shift: uuid.UUID, now: datetime) -> Shift:
    """Hold the line of a shift and return the shift if one can join it, else raise LineClosed."""
    hold_line(shift)
    found = Shift.objects.prefetch_related("assignments").filter(pk=shift).first()
    if found is None:
        raise rules.LineClosed
    rows = who_may_call(found.assignments.all(), now)
    if not line_is_open(found, rows, now):
        raise rules.LineClosed
    return found


def insert_waiting(
    *,
    shift: Shift,
    kind: str,
    tag: bytes | None,
    request_key: uuid.UUID,
    now: datetime,
    way: str = rules.Way.IN_PERSON,
    visit_id: uuid.UUID | None = None,
    person: uuid.UUID | None = None,
    **boxes: bytes | None,
) -> Visit:
    """Insert one waiting visit at the end of a line that the caller holds.

    Raises AlreadyWaiting if its claim already has a place.
    """
    day = daykey.day_of(shift.ends_at)
    visit = Visit(
        pk=visit_id or ids.new_id(),
        shift=shift,
        way=way,
        ends_at=shift.ends_at,
        state=rules.S.WAITING,
        line_rank=last_rank(shift.pk),
        changed_at=now,
        request_key=request_key,
        key_day=day,
        forget_at=min(shift.ends_at + rules.REMEMBER, daykey.gone_at(day)),
        holder_kind=kind,
        claim_tag=tag,
        **boxes,
    )
    Visit.objects.bulk_create([visit], ignore_conflicts=True)
    if not touch_public(made=made_for(visit.pk, person)):
        raise rules.AlreadyWaiting
    return visit


def _waiting_of(person: Person, now: datetime) -> Visit | None:
    """Hold this person's lock and return their live place in any line.

    One whose hours are long over ends here, so that a timer that did not run blocks nobody.
    """
    locks.hold("person", person.pk.bytes)
    tags = sealed.claim_tags(person.pk, "waiting", now).values()
    live = Visit.objects.live().remembered(now).select_related("shift")
    held = live.filter(claim_tag__in=tags).first()
    if held is not None and held.shift.ends_at + rules.LAPSE_GRACE <= now:
        take_step(held, "lapse", now=now, ended_by=Visit.EndedBy.SYSTEM)
        return None
    return held


def _suitable(person: Person, shift: Shift, only: frozenset[uuid.UUID] | None) -> Wanted:
    """Return whom this person may meet in these hours. Raises NobodySuitable if nobody."""
    there = [a.supporter_id for a in shift.assignments.all() if a.is_active]
    if person.pk in there:
        raise rules.WithYourself
    wanted = Wanted(only, care.distant(person.pk, there))
    if not any(wanted.allows(one) for one in there):
        raise rules.NobodySuitable
    return wanted


@transaction.atomic(durable=True)
def join(
    *,
    person: Person,
    shift: uuid.UUID,
    name: str,
    meeting: Meeting = IN_PERSON,
    request_key: uuid.UUID,
    now: datetime,
) -> Visit:
    """Take a place in the line of a shift, for this person, who is also the one who asks.

    Whom they would meet, and for a remote talk where they are, is sealed with the visit. Joining
    the same line twice gives the same place; a booked time later is no obstacle. Raises
    NotAllowed, LineClosed, AlreadyWaiting (in another line), WithYourself, NobodySuitable,
    MissingContact.
    """
    if not may_book(person):
        raise rules.NotAllowed
    held = _waiting_of(person, now)
    if held is not None:
        if held.shift_id == shift or held.request_key == request_key:
            return held
        raise rules.AlreadyWaiting
    found = _open_line(shift, now)
    there = {row.supporter_id for row in found.assignments.all() if row.is_active}
    has_room = meeting.way in rules.REMOTE and bool(with_room(there))
    if meeting.way not in rules.ways_with(found.ways, has_room=has_room):
        raise rules.NotThisWay
    wanted = _suitable(person, found, meeting.only)
    visit_id, day = ids.new_id(), daykey.day_of(found.ends_at)
    contact = None
    if meeting.way in rules.REMOTE:
        if not (meeting.where and meeting.number):
            raise rules.MissingContact
        contact = sealed.seal_contact(visit_id, day, meeting.where, meeting.number)
    return insert_waiting(
        shift=found,
        kind=Visit.HolderKind.ACCOUNT,
        tag=sealed.tag_on(day, person.pk.bytes, "waiting"),
        request_key=request_key,
        now=now,
        way=meeting.way,
        visit_id=visit_id,
        person=person.pk,
        holder=sealed.seal_holder(visit_id, day, Holder(person.pk, wants_mail=False)),
        name=sealed.seal_name(visit_id, day, name) if name else None,
        acceptable=None if wanted == sealed.ANYBODY else sealed.seal_wanted(visit_id, day, wanted),
        contact=contact,
    )


@transaction.atomic(durable=True)
def join_at_door(
    *,
    shift: uuid.UUID,
    code: str,
    device: bytes,
    name: str,
    only: frozenset[uuid.UUID] | None,
    request_key: uuid.UUID,
    now: datetime,
) -> Visit:
    """Take a place with the code at the door and no account. The device's token finds it again.

    Raises LineClosed if the code is not one of the last few or the line is full of nameless
    places; joining twice from one device gives the same place.
    """
    if not is_door_code(shift, code, now, back=rules.DOOR_SENT):
        raise rules.LineClosed
    held = sealed.claimed_by(Claimant(device=device), now).live().first()
    if held is not None:
        return held
    found = _open_line(shift, now)
    here = Visit.objects.filter(shift=shift, state__in=_IN_LINE)
    if here.filter(holder_kind=Visit.HolderKind.DOOR).count() >= rules.MOST_AT_THE_DOOR:
        raise rules.LineClosed
    there = [a.supporter_id for a in found.assignments.all() if a.is_active]
    wanted = Wanted(only)
    if not any(wanted.allows(one) for one in there):
        raise rules.NobodySuitable
    visit_id, day = ids.new_id(), daykey.day_of(found.ends_at)
    try:
        return insert_waiting(
            shift=found,
            kind=Visit.HolderKind.DOOR,
            tag=sealed.tag_on(day, device, "door"),
            request_key=request_key,
            now=now,
            visit_id=visit_id,
            name=sealed.seal_name(visit_id, day, name) if name else None,
            acceptable=None if only is None else sealed.seal_wanted(visit_id, day, wanted),
        )
    except rules.AlreadyWaiting:  # the same device, at the same moment
        twin = sealed.claimed_by(Claimant(device=device), now).live().first()
        if twin is None:
            raise
        return twin


def _own(claimant: Claimant, visit: uuid.UUID, now: datetime) -> Visit:
    """Return the visit if this account or device holds it, else raise NotAllowed."""
    mine = sealed.claimed_by(claimant, now).select_related("shift").filter(pk=visit).first()
    if mine is None:
        raise rules.NotAllowed
    return mine


@transaction.atomic(durable=True)
def leave(*, claimant: Claimant, visit: uuid.UUID, now: datetime) -> None:
    """Leave the line. Twice is the same as once; nobody asks why."""
    mine = _own(claimant, visit, now)
    if mine.state == rules.S.LEFT:
        return
    take_step(mine, "leave", now=now, ended_by=Visit.EndedBy.STUDENT)
    touch_public()


@transaction.atomic(durable=True)
def set_away(*, claimant: Claimant, visit: uuid.UUID, is_away: bool, now: datetime) -> None:
    """Step away for a moment or say "I'm back", keeping the place."""
    mine = _own(claimant, visit, now)
    waiting = Visit.objects.filter(pk=mine.pk, state=rules.S.WAITING, is_forgotten=False)
    if waiting.update(is_away=is_away) != 1:
        raise NotAllowedFrom("step away")
    touch_public()


def to_front(visit: Visit, verb: str, now: datetime) -> Visit | None:
    """Put a visit first in its line (come late, displace), under a claim of the line.

    If its holder waits in that or another line already, that place is moved to the front
    instead and this visit just ends: nobody waits in two places. Returns the place, or None
    where it is in another line. The caller holds the holder's lock and then the line.
    """
    holder = sealed.holder_of(visit, now)
    tag, claims = visit.claim_tag, [visit.claim_tag]
    if holder is not None:
        locks.hold("person", holder.person.bytes)
        tag = sealed.tag_on(visit.key_day, holder.person.bytes, "waiting")
        claims = [*sealed.claim_tags(holder.person, "waiting", now).values()]
    twins = Visit.objects.live().filter(claim_tag__in=[c for c in claims if c is not None])
    twin = twins.exclude(pk=visit.pk).first()
    if twin is not None:
        _merge(visit, twin, now)
        return twin if twin.shift_id == visit.shift_id else None
    return take_step(
        visit,
        verb,
        now=now,
        claim_tag=tag,
        line_rank=first_rank(visit.shift_id),
        is_away=False,
        assignment=None,
        starts_at=None,
        ends_at=visit.shift.ends_at,
        ended_by="",
        is_offer=False,
        forget_at=min(visit.shift.ends_at + rules.REMEMBER, daykey.gone_at(visit.key_day)),
    )


def _merge(visit: Visit, twin: Visit, now: datetime) -> None:
    """End a visit whose holder waits already, and give that place the front of this line.

    The place is what they see from now on; the ended visit is nobody's.
    """
    if visit.state in rules.LIVE:
        take_step(visit, "cancel", now=now, ended_by=Visit.EndedBy.MOVE)
    Visit.objects.filter(pk=visit.pk).update(
        holder=None, name=None, contact=None, acceptable=None, claim_tag=None
    )
    if twin.shift_id == visit.shift_id and twin.state == rules.S.WAITING:
        Visit.objects.filter(pk=twin.pk).update(line_rank=first_rank(twin.shift_id))


def still_held(shift: Shift, now: datetime) -> bool:
    """Return whether somebody of the shift can still be met, as it stands in this moment."""
    there = Assignment.objects.filter(
        shift=shift,
        shift__in=Shift.objects.bookable(),
        is_active=True,
        checked_out_at__isnull=True,
    )
    return now < shift.ends_at and there.exists()


@transaction.atomic(durable=True)
def come_late(*, claimant: Claimant, visit: uuid.UUID, now: datetime) -> None:
    """Come after having been missed: first in the line, while the hours last.

    Raises NotAllowed, NotAllowedFrom, or LineClosed when the hours are over.
    """
    mine = _own(claimant, visit, now)
    if mine.state in (rules.S.WAITING, rules.S.CALLED):
        return
    if mine.state != rules.S.MISSED:
        raise NotAllowedFrom("come late")
    holder = sealed.holder_of(mine, now)
    if holder is not None:
        locks.hold("person", holder.person.bytes)
    hold_line(mine.shift_id)
    if not still_held(mine.shift, now):  # asked under the line: nobody enters one being closed
        raise rules.LineClosed
    to_front(mine, "come late", now)
    touch_public()
