"""Who meets whom: acceptable people, offers of somebody else, and "not me"."""

import uuid
from datetime import datetime

from django.db import transaction

from accounts.models import Person
from accounts.queries.profiles import with_room
from officehours import rules
from officehours.emails import tell_changed
from officehours.models import Assignment, Visit
from officehours.permissions import is_theirs
from officehours.queries import care, sealed
from officehours.services.steps import cancel_with_word, take_step
from peersupport.core import locks
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public


def may_meet(visit: Visit, supporter: uuid.UUID, now: datetime) -> bool:
    """Return whether this visit may be with this supporter.

    Obeys the acceptable set sealed with the visit and the distances of both sides, and a remote
    visit needs somebody with a room to meet in. Which distances a nameless visitor has, nobody
    knows: they see who calls them.
    """
    if not sealed.wanted_of(visit, now).allows(supporter):
        return False
    if visit.way in rules.REMOTE and not with_room([supporter]):
        return False
    holder = sealed.holder_of(visit, now)
    if holder is None:
        return True
    return holder.person != supporter and not care.distant(holder.person, [supporter])


def _is_free(to: Assignment, visit: Visit) -> bool:
    """Return whether `to` can hold this visit's time."""
    if visit.starts_at is None or not to.is_active or to.checked_out_at is not None:
        return False
    if not to.starts_at <= visit.starts_at < visit.ends_at <= to.ends_at:
        return False
    taken = Visit.objects.holding_time().filter(assignment=to).exclude(pk=visit.pk)
    return not taken.filter(starts_at__lt=visit.ends_at, ends_at__gt=visit.starts_at).exists()


def reassign(visit: Visit, to: Assignment, *, now: datetime) -> bool:
    """Offer a booked visit somebody else at the same time, or cancel it with a word.

    True: the time with `to` is held and the student is asked; until they say yes, the new
    supporter sees no name. False: that person is not acceptable, or their time is taken or past;
    the visit was cancelled and other times are offered. Runs in the caller's transaction.
    """
    if not (_is_free(to, visit) and may_meet(visit, to.supporter_id, now)):
        cancel_with_word(visit, Visit.EndedBy.SUPPORTER, now)
        return False
    asked = [str(rules.S.BOOKED), str(rules.S.ARRIVED)]
    moved = Visit.objects.filter(pk=visit.pk, state__in=asked, is_forgotten=False)
    if moved.update(assignment=to, shift=to.shift_id, is_offer=True) != 1:
        raise NotAllowedFrom("offer")
    tell_changed(visit, now, word="offer")
    return True


def _other_in_shift(visit: Visit, supporter: uuid.UUID, now: datetime) -> Assignment | None:
    """Return somebody else of the same shift who can take this booked time."""
    others = Assignment.objects.filter(shift=visit.shift_id, is_active=True)
    for other in others.exclude(supporter=supporter).order_by("pk"):
        if _is_free(other, visit) and may_meet(visit, other.supporter_id, now):
            return other
    return None


def hand_on(visit: Visit, supporter: uuid.UUID, *, ended_by: str, now: datetime) -> None:
    """Offer a booked visit somebody else of the same hours, else cancel it with a word.

    For when `supporter` cannot be there. Runs in the caller's transaction.
    """
    other = _other_in_shift(visit, supporter, now)
    if other is not None:
        reassign(visit, other, now=now)
    else:
        cancel_with_word(visit, ended_by, now)


@transaction.atomic(durable=True)
def not_me(*, visit: Visit, by: Person, now: datetime) -> None:
    """Say "not me" before a talk begins, without a reason.

    A booked time goes to somebody else of the same hours as an offer, else it is cancelled with
    other times offered; who waits keeps their place and is not called by this supporter again.
    Raises NotAllowed, or NotAllowedFrom once the talk has begun or the visit has ended.
    """
    locks.hold("supporter", by.pk.bytes)
    found = Visit.objects.remembered(now).select_related("shift", "assignment").filter(pk=visit.pk)
    seen = found.first()
    if seen is None:
        raise rules.NotAllowed
    in_shift = Assignment.objects.filter(shift=seen.shift_id, supporter=by, is_active=True).first()
    mine = seen.assignment if seen.assignment_id is not None else in_shift
    if mine is None or not is_theirs(by, mine):
        raise rules.NotAllowed
    wanted = sealed.wanted_of(seen, now).without(by.pk)
    box = sealed.seal_wanted(seen.pk, seen.key_day, wanted)
    before = [str(s) for s in (rules.S.BOOKED, rules.S.ARRIVED, rules.S.WAITING, rules.S.CALLED)]
    told = Visit.objects.filter(pk=seen.pk, state=seen.state, state__in=before, is_forgotten=False)
    if told.update(acceptable=box) != 1:
        raise NotAllowedFrom("not me")
    seen.acceptable = box
    if seen.state == rules.S.CALLED:
        take_step(seen, "put back", now=now, assignment=None)
    elif seen.state in (rules.S.BOOKED, rules.S.ARRIVED):
        hand_on(seen, by.pk, ended_by=Visit.EndedBy.SUPPORTER, now=now)
    touch_public()


def _offered_to(person: Person, visit: Visit, now: datetime) -> Visit:
    mine = sealed.visits_of(person.pk, now).filter(pk=visit.pk).first()
    if mine is None:
        raise rules.NotAllowed
    return mine


@transaction.atomic(durable=True)
def accept_offer(*, person: Person, visit: Visit, now: datetime) -> None:
    """Say yes to somebody else at the same time. Twice is the same as once."""
    mine = _offered_to(person, visit, now)
    if mine.state not in rules.LIVE:
        raise NotAllowedFrom("accept")
    Visit.objects.filter(pk=mine.pk, is_forgotten=False).update(is_offer=False)


@transaction.atomic(durable=True)
def decline_offer(*, person: Person, visit: Visit, now: datetime) -> None:
    """Say no to somebody else: the time is free again and other times are offered."""
    mine = _offered_to(person, visit, now)
    if not mine.is_offer:
        raise NotAllowedFrom("decline")
    take_step(mine, "cancel", now=now, ended_by=Visit.EndedBy.SUPPORTER)
    touch_public()
