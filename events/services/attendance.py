"""Who was there: said at the door, marked by who runs it, or counted without a name."""

import hmac
import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import Person
from events import keys, rules
from events.models import Event, Rsvp
from events.permissions import may_run
from events.rules import Going, NotAllowed, NotAllowedFrom, NotOpen, State
from events.services import places


class WrongDoor(Exception):
    """The code is not the one of this door."""


def is_door(row: Event, token: str, now: datetime) -> bool:
    """Return whether a token is the code of this event's door. Raises Forgotten."""
    return hmac.compare_digest(keys.key_of(row, now).door().encode(), token.encode())


def _at_the_door(event: uuid.UUID, token: str, now: datetime) -> Event:
    """Return an event whose door is open. Raises WrongDoor, NotOpen, Forgotten."""
    row = Event.objects.filter(pk=event).first()
    if row is None or row.state != State.PUBLISHED:
        raise NotOpen
    if not is_door(row, token, now):
        raise WrongDoor
    if not rules.is_door_open(row.starts_at, row.ends_at, now):
        raise NotOpen
    return row


def check_in(*, event: uuid.UUID, person: Person, token: str, now: datetime) -> Rsvp | None:
    """Note that somebody is there, by the code at the door. Twice is once.

    Who had no place takes one if there is one; once places are closed they are counted without a
    name, as anybody at the door is, and None is returned. Raises Full if there is none, NotOpen
    outside the time from half an hour before the start to the end, WrongDoor, NotAllowed.
    """
    row = _at_the_door(event, token, now)
    rsvp = Rsvp.objects.filter(event=row, tag=keys.key_of(row, now).tag(person.pk)).first()
    if rsvp is None or rsvp.state != Going.GOING:
        try:
            rsvp = places.answer(event=event, person=person, now=now)
        except NotOpen:
            walk_in(event=event, token=token, now=now)
            return None
    if rsvp.state != Going.GOING:
        raise rules.Full
    _note(rsvp, Rsvp.CameBy.DOOR)
    return rsvp


def walk_in(*, event: uuid.UUID, token: str, now: datetime) -> None:
    """Count somebody at the door of whom nothing is known. Raises as `check_in` does."""
    row = _at_the_door(event, token, now)
    Event.objects.filter(pk=row.pk).update(walk_ins=F("walk_ins") + 1)


@transaction.atomic(durable=True)
def _note(rsvp: Rsvp, by: Rsvp.CameBy) -> bool:
    """Mark a place as used, unless it was given back meanwhile. Its event's row is held first."""
    places.hold_row(rsvp.event_id)
    held = Rsvp.objects.filter(pk=rsvp.pk, state=str(Going.GOING), came_by="")
    if held.update(came_by=by) != 1:
        return False
    Event.objects.filter(pk=rsvp.event_id).update(came=F("came") + 1)
    rsvp.came_by = by
    return True


def _run(event: uuid.UUID, by: Person, now: datetime) -> Event:
    """Hold an event that somebody runs, is on and is not forgotten, and return it.

    Raises NotAllowed and NotOpen.
    """
    places.hold_row(event)
    row = Event.objects.shown().remembered(now).filter(pk=event).first()
    if row is None:
        raise NotOpen
    if not may_run(by, row):
        raise NotAllowed
    if row.state != State.PUBLISHED:
        raise NotOpen
    return row


def _check_time(row: Event, now: datetime) -> None:
    """Raise TooEarly while nobody can be there yet. To take back is never too early."""
    if not rules.is_marking_open(row.starts_at, row.forget_at, now):
        raise rules.TooEarly


@transaction.atomic(durable=True)
def mark(*, event: uuid.UUID, rsvp: uuid.UUID, came: bool, by: Person, now: datetime) -> None:
    """Mark on the list that somebody was there, or take it back. Twice is once.

    Raises NotAllowed for whoever does not run it, and for everybody where nobody sees who comes;
    TooEarly more than an hour before it, NotOpen once it is off or forgotten, and NotAllowedFrom
    where the place has been given back meanwhile.
    """
    row = _run(event, by, now)
    if row.is_sensitive:
        raise NotAllowed
    if came:
        _check_time(row, now)
    mine = Rsvp.objects.filter(event=row, pk=rsvp, state=str(Going.GOING))
    if not mine.exists():
        raise NotAllowedFrom("mark")
    if came:
        changed = mine.filter(came_by="").update(came_by=Rsvp.CameBy.HOST)
    else:
        changed = mine.exclude(came_by="").update(came_by="")
    Event.objects.filter(pk=row.pk).update(came=F("came") + (changed if came else -changed))


@transaction.atomic(durable=True)
def count_heads(*, event: uuid.UUID, heads: int | None, by: Person, now: datetime) -> None:
    """Write down how many people were there. Raises as `mark` does."""
    row = _run(event, by, now)
    if heads is not None:
        _check_time(row, now)
    Event.objects.filter(pk=row.pk).update(heads=heads)
