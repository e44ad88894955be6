"""Reads for the day itself: who is expected, how many came, what was said afterwards."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person
from events import keys, rules
from events.models import Event, Rsvp, Said
from events.rules import Going


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody on the list of who comes."""

    rsvp: uuid.UUID
    name: str
    came: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What whoever runs an event sees of it. Of a discreet one there are numbers alone."""

    row: Event
    going: int
    waiting: int
    expected: tuple[Expected, ...]


def run(event: uuid.UUID, now: datetime) -> Event | None:
    """Return an event that people know of and that is not forgotten."""
    return Event.objects.shown().remembered(now).filter(pk=event).first()


def known(event: uuid.UUID) -> Event | None:
    """Return an event that people know of, be it long ago: its numbers stay."""
    return Event.objects.shown().filter(pk=event).first()


def day_of(row: Event, now: datetime) -> Day:
    """Return the list of an event, by name: two queries, however many come."""
    if row.is_sensitive or row.is_forgotten or now >= row.forget_at:
        return Day(row, row.taken, row.waiting, ())
    key = keys.key_of(row, now)
    going = Rsvp.objects.filter(event=row, state=str(Going.GOING))
    held = {key.open_holder(bytes(rsvp.holder)): rsvp for rsvp in going}
    people = Person.objects.filter(pk__in=held)
    found = [
        Expected(held[one.pk].pk, one.called or one.email, bool(held[one.pk].came_by))
        for one in people
    ]
    found.sort(key=lambda one: (one.name.casefold(), one.rsvp.hex))
    return Day(row, len(held), row.waiting, tuple(found))


def is_there(row: Event, person: Person, now: datetime) -> bool:
    """Return whether somebody's own place is marked as used."""
    tag = keys.key_of(row, now).tag(person.pk)
    mine = Rsvp.objects.filter(event=row, tag=tag, state=str(Going.GOING))
    return mine.exclude(came_by="").exists()


def may_say(row: Event, person: Person, now: datetime) -> bool | None:
    """Return whether somebody had a place and has not said yet how it was; None: no place."""
    tag = keys.key_of(row, now).tag(person.pk)
    mine = Rsvp.objects.filter(event=row, tag=tag, state=str(Going.GOING)).first()
    return None if mine is None else mine.said is None


def answers_of(row: Event) -> dict[str, dict[str, int]]:
    """Return what was said, by question; nothing of a question that too few have answered.

    Totals are there at once or not at all: what waits to be counted is seen by nobody.
    """
    found = {name: dict.fromkeys(said, 0) for name, said in rules.ANSWERS.items()}
    for total in Said.objects.filter(event=row):
        found.setdefault(total.question, {})[total.answer] = total.number
    least = rules.LEAST_ANSWERS
    return {name: got for name, got in found.items() if sum(got.values()) >= least}
