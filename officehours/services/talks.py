"""A supporter's writes on one visit: arrive, start, finish, "we didn't meet", undo, the log."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Visit
from officehours.permissions import is_theirs, is_with
from officehours.queries import sealed
from officehours.services.line import still_held
from officehours.services.steps import take_step
from peersupport.core import daykey, locks
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public


def _with_me(supporter: Person, visit: Visit, now: datetime) -> Visit:
    """Return the visit as it is now if it is with this supporter, else raise NotAllowed.

    Holds the supporter's lock: of two starts at once one waits and then sees the other's talk.
    """
    locks.hold("supporter", supporter.pk.bytes)
    found = (
        Visit.objects.remembered(now)
        .select_related("shift", "assignment")
        .filter(pk=visit.pk)
        .first()
    )
    if found is None or not is_with(supporter, found):
        raise rules.NotAllowed
    return found


def _no_other_talk(visit: Visit) -> None:
    states = [str(state) for state in rules.WITH_SUPPORTER]
    others = Visit.objects.filter(assignment=visit.assignment, state__in=states)
    if others.exclude(pk=visit.pk).exists():
        raise rules.AlreadyTalking


@transaction.atomic(durable=True)
def arrive(*, visit: Visit, by: Person, now: datetime) -> Visit:
    """Note that the person has come."""
    found = _with_me(by, visit, now)
    if found.state == rules.S.ARRIVED:
        return found
    done = take_step(found, "arrive", now=now)
    touch_public()
    return done


@transaction.atomic(durable=True)
def start(*, visit: Visit, by: Person, now: datetime) -> Visit:
    """Begin the talk. Checks the supporter in, since they are evidently there.

    Raises AlreadyTalking while another talk with this supporter goes on, OutOfTime long before
    the booked time, NotAllowedFrom if the visit was cancelled a moment earlier.
    """
    found = _with_me(by, visit, now)
    if found.state == rules.S.TALKING:
        return found
    if found.starts_at is not None and now < found.starts_at - rules.LAPSE_GRACE:
        raise rules.OutOfTime
    _no_other_talk(found)
    # Who sits down with somebody else than chosen has said yes to them.
    done = take_step(found, "start", now=now, is_offer=False)
    Assignment.objects.filter(visits=found.pk, checked_in_at__isnull=True).update(
        checked_in_at=now
    )
    Assignment.objects.filter(visits=found.pk).update(late_minutes=0)
    touch_public()
    return done


@transaction.atomic(durable=True)
def walk_in(*, assignment: Assignment, request_key: uuid.UUID, by: Person, now: datetime) -> Visit:
    """Begin a talk with somebody who just walked in: no name, no account, nothing to forget.

    The request key becomes the visit's id, so that a console without a connection knows the
    address of what follows.
    """
    locks.hold("supporter", by.pk.bytes)
    current = Assignment.objects.select_related("shift").filter(pk=assignment.pk).first()
    if current is None or not is_theirs(by, current):
        raise rules.NotAllowed
    again = Visit.objects.filter(request_key=request_key, assignment=current).first()
    if again is not None:
        return again
    if current.checked_in_at is None or current.checked_out_at is not None:
        raise rules.OutOfTime
    if not current.is_active or now >= current.ends_at + rules.LAPSE_GRACE:
        raise rules.OutOfTime
    day = daykey.day_of(current.ends_at)
    visit = Visit(
        pk=request_key,
        shift=current.shift,
        assignment=current,
        ends_at=max(current.ends_at, now + timedelta(minutes=1)),
        state=rules.S.TALKING,
        changed_at=now,
        request_key=request_key,
        key_day=day,
        forget_at=min(current.ends_at + rules.REMEMBER, daykey.gone_at(day)),
        holder_kind=Visit.HolderKind.NOBODY,
    )
    _no_other_talk(visit)
    Visit.objects.bulk_create([visit], ignore_conflicts=True)
    made = Visit.objects.filter(pk=visit.pk, request_key=request_key, assignment=current).first()
    if made is None:
        raise rules.AlreadyTalking
    touch_public()
    return made


@transaction.atomic(durable=True)
def finish(*, visit: Visit, by: Person, now: datetime) -> Visit:
    """End the talk."""
    found = _with_me(by, visit, now)
    if found.state == rules.S.FINISHED:
        return found
    done = take_step(found, "finish", now=now)
    touch_public()
    return done


@transaction.atomic(durable=True)
def miss(*, visit: Visit, by: Person, now: datetime) -> Visit:
    """Say "we didn't meet": after a grace time only, and kept against nobody."""
    found = _with_me(by, visit, now)
    if found.state == rules.S.MISSED:
        return found
    if found.starts_at is None or now < found.starts_at + rules.MISS_GRACE:
        raise rules.OutOfTime
    done = take_step(found, "miss", now=now)
    touch_public()
    return done


def _check_hours_stand(visit: Visit, now: datetime) -> None:
    """Raise unless a visit can be live again in these hours, with this supporter.

    A talk goes on until the system ends it; who is booked or called again needs somebody who
    is still there.
    """
    if now >= visit.shift.ends_at + rules.LAPSE_GRACE:
        raise rules.OutOfTime
    row = visit.assignment
    left = row is None or not row.is_active or row.checked_out_at is not None
    if visit.came_from != rules.S.TALKING and (left or not still_held(visit.shift, now)):
        raise NotAllowedFrom("undo")


def _check_no_other_place(visit: Visit, now: datetime) -> None:
    """Raise if the holder of a visit that has ended has another place or time by now.

    Their claims differ from day to day, so every day is asked for, under their lock.
    """
    if visit.state == rules.S.TALKING or visit.holder_kind == Visit.HolderKind.NOBODY:
        return
    if visit.claim_tag is None:  # their place in line took this one's stead
        raise NotAllowedFrom("undo")
    claims = [bytes(visit.claim_tag)]
    holder = sealed.holder_of(visit, now)
    if holder is not None:
        locks.hold("person", holder.person.bytes)
        for purpose in ("booked", "waiting"):
            tags = sealed.claim_tags(holder.person, purpose, now)
            if tags.get(visit.key_day) == claims[0]:
                claims = [*tags.values()]
                break
    others = Visit.objects.live().filter(claim_tag__in=claims)
    if others.exclude(pk=visit.pk).exists():
        raise NotAllowedFrom("undo")


@transaction.atomic(durable=True)
def undo(*, visit: Visit, by: Person, now: datetime) -> Visit:
    """Take back one's own start, finish or "we didn't meet", within five minutes.

    Raises OutOfTime later; NotAllowedFrom if there is nothing to take back, if the student has
    another time by now, or the supporter has left; AlreadyTalking if another talk has begun.
    """
    found = _with_me(by, visit, now)
    undoable = found.state in rules.UNDOABLE and found.came_from
    if not undoable or found.changed_at is None:
        raise NotAllowedFrom("undo")
    if now > found.changed_at + rules.UNDO:
        raise rules.OutOfTime
    if found.came_from in rules.WITH_SUPPORTER:
        _no_other_talk(found)
    _check_hours_stand(found, now)
    _check_no_other_place(found, now)
    forget_at = min(found.ends_at + rules.REMEMBER, daykey.gone_at(found.key_day))
    changed = Visit.objects.filter(pk=found.pk, state=found.state, is_forgotten=False).update(
        state=F("came_from"), came_from="", changed_at=now, forget_at=forget_at
    )
    if changed != 1:
        raise NotAllowedFrom("undo")
    touch_public()
    return Visit.objects.select_related("shift", "assignment").get(pk=found.pk)


@transaction.atomic(durable=True)
def write_log(*, visit: Visit, log: sealed.Log, by: Person, now: datetime) -> None:
    """Write or change the twenty-second log of a finished talk.

    Raises NotAllowedFrom before the talk has ended, or after the student removed the log.
    """
    found = _with_me(by, visit, now)
    if found.state != rules.S.FINISHED:
        raise NotAllowedFrom("log")
    written = Visit.objects.filter(
        pk=found.pk, state=rules.S.FINISHED, is_log_removed=False, is_forgotten=False
    ).update(log=sealed.seal_log(found, log))
    if written != 1:
        raise NotAllowedFrom("log")


@transaction.atomic(durable=True)
def remove_log(*, visit: Visit, by: Person, now: datetime) -> None:
    """Remove the log of a nameless visit on the supporter's screen, at the visitor's word."""
    found = _with_me(by, visit, now)
    if found.holder_kind == Visit.HolderKind.ACCOUNT:
        raise rules.NotAllowed
    Visit.objects.filter(pk=found.pk, is_forgotten=False).update(log=None, is_log_removed=True)
