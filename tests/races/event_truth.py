"""What must be true of an event and of everybody who answered it, whatever happened at once."""

from collections import Counter
from datetime import datetime

from events import emails, keys
from events.models import Event, Rsvp
from events.queries import refs
from events.rules import HOLDS_PLACE, LIVE, Going, State
from peersupport.core.outbox.models import Outgoing


def letters(now: datetime) -> dict[str, dict[str, set[int]]]:
    """Return what is on its way: by answer, each kind with what it is about."""
    told: dict[str, dict[str, set[int]]] = {}
    for row in Outgoing.objects.filter(kind__startswith="events."):
        found = refs.find(bytes(row.ref), now)
        if found is not None:
            told.setdefault(str(found.rsvp.pk), {}).setdefault(row.kind, set()).add(found.about)
    return told


def faults(row: Event, told: dict[str, dict[str, set[int]]], now: datetime) -> list[str]:
    """Return what is not true of an event; nothing if all is well."""
    answers = list(Rsvp.objects.filter(event=row))
    return [
        *_miscounted(row, answers),
        *_twice(row, answers, now),
        *(fault for one in answers for fault in _untold(row, one, told.get(str(one.pk), {}))),
    ]


def _miscounted(row: Event, answers: list[Rsvp]) -> list[str]:
    states = Counter(Going(one.state) for one in answers)
    found = []
    if row.taken != sum(states[one] for one in HOLDS_PLACE):
        found.append(f"{row.taken} taken, and {dict(states)}")
    if row.waiting != states[Going.WAITING]:
        found.append(f"{row.waiting} wait, and {dict(states)}")
    if row.capacity is not None and row.places != max(row.capacity, row.taken):
        found.append(f"{row.places} places for {row.taken} of {row.capacity}")
    is_on = row.state == State.PUBLISHED
    if is_on and row.capacity is not None and row.waiting and row.taken < row.capacity:
        found.append("somebody waits beside a free place")
    numbers = [one.number for one in answers if one.number is not None]
    if len(numbers) != len(set(numbers)):
        found.append("two stand at one place of the line")
    return found


def _twice(row: Event, answers: list[Rsvp], now: datetime) -> list[str]:
    key = keys.key_of(row, now)
    holders = [key.open_holder(bytes(one.holder)) for one in answers]
    return [] if len(holders) == len(set(holders)) else ["somebody answered twice"]


def _untold(row: Event, one: Rsvp, told: dict[str, set[int]]) -> list[str]:
    """Return of what that matters somebody who wants to come has not been told."""
    if Going(one.state) not in LIVE:
        return []
    if row.state == State.CANCELLED:
        is_told = emails.CANCELLED in told
        return [] if is_told else [f"{one.state} in what is off, without a letter"]
    begins = int(row.starts_at.timestamp())
    reminded = told.get(emails.REMINDER, set())
    found = []
    if one.state == Going.GOING and begins not in reminded:
        found.append("goes, and is not reminded of the time as it is")
    if reminded - {begins} and row.sequence not in told.get(emails.CHANGED, set()):
        found.append("knows another time, and is not told that it changed")
    return found
