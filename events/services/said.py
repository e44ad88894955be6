"""How it was, in two taps: counted all at once, so that no total changes by one answer.

An answer waits sealed beside the place of whoever gave it, under the day key of the day on which
the event forgets. When the time to answer is over and enough have answered, or at the latest when
the event forgets who came, all of them are opened together, written as totals once, and emptied.
So no transaction, no order of rows and no difference between two copies of the totals says which
answer was whose.
"""

import random
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q

from accounts.models import Person
from events import keys, rules
from events.models import Event, Rsvp, Said
from events.rules import ANSWERS, Going, NotOpen
from events.services.places import hold_row
from peersupport.core import daykey

_NONE = 255  # a question that was left out


def _day(row: Event) -> date:
    """Return whose day key seals the answers: gone a whole day after the event has forgotten.

    The event's own key cannot be opened any more when the last of them are counted.
    """
    return daykey.day_of(row.forget_at)


def _context(rsvp: uuid.UUID) -> str:
    return f"event|said|{rsvp}"


def _written(answers: Mapping[str, str]) -> bytes:
    """Return answers as one byte a question: every sealed one is as long as every other."""
    numbers = {name: ANSWERS[name].index(said) for name, said in answers.items()
               if said in ANSWERS.get(name, ())}  # fmt: skip
    return bytes(numbers.get(name, _NONE) for name in ANSWERS)


def _read(plain: bytes) -> list[tuple[str, str]]:
    """Return the answers that were written, as (question, answer)."""
    return [
        (name, ANSWERS[name][number])
        for name, number in zip(ANSWERS, plain, strict=True)
        if number != _NONE
    ]


@transaction.atomic(durable=True)
def say(*, event: uuid.UUID, person: Person, answers: dict[str, str], now: datetime) -> bool:
    """Keep, sealed until all are counted, what somebody says of an event they had a place in.

    Returns False the second time. Raises NotOpen before its end, once the time for it is over,
    and for whoever had no place.
    """
    hold_row(event)  # nobody counts meanwhile
    row = Event.objects.on().remembered(now).filter(pk=event, ends_at__lte=now).first()
    if row is None or now >= rules.say_until(row.ends_at, row.forget_at):
        raise NotOpen
    if Said.objects.filter(event=row).exists():  # another host's clock is ahead of ours
        raise NotOpen
    tag = keys.key_of(row, now).tag(person.pk)
    mine = Rsvp.objects.filter(event=row, tag=tag, state=str(Going.GOING)).first()
    if mine is None:
        raise NotOpen
    sealed = daykey.seal(_day(row), _written(answers), context=_context(mine.pk))
    return Rsvp.objects.filter(pk=mine.pk, said__isnull=True).update(said=sealed) == 1


def count_in_hand(row: Event, now: datetime, *, least: int = 1) -> int:
    """Turn every answer to an event whose row is held into its totals. Returns how many.

    Fewer than `least` stay as they are. Totals are written once and never changed: whatever were
    to come later would be the answer of one person.
    """
    held = Rsvp.objects.filter(event=row, said__isnull=False)
    boxes = [
        (_day(row), bytes(said), _context(pk))
        for pk, said in held.values_list("pk", "said")
        if said is not None
    ]
    opened = [plain for plain in daykey.open_many(boxes, now=now) if plain is not None]
    if len(opened) < least or Said.objects.filter(event=row).exists():
        return 0
    totals = Counter(each for plain in opened for each in _read(plain))
    rows = [Said(event=row, question=question, answer=answer, number=number)
            for (question, answer), number in totals.items()]  # fmt: skip
    random.shuffle(rows)
    Said.objects.bulk_create(rows)
    held.update(said=None)
    return len(opened)


@transaction.atomic(durable=True)
def _count(event: uuid.UUID, now: datetime) -> int:
    hold_row(event)
    row = Event.objects.remembered(now).filter(pk=event).first()
    return 0 if row is None else count_in_hand(row, now, least=rules.LEAST_ANSWERS)


def count_all(*, now: datetime) -> int:
    """Count what was said of events for which the time to say it is over. Returns how many.

    Of fewer answers than are shown the count waits until the event forgets who came: beside so
    few places a total would say too much. One transaction an event; twice is once.
    """
    enough = Count("rsvps", filter=Q(rsvps__said__isnull=False))
    due = (
        Event.objects.remembered(now)
        .filter(ends_at__lte=now - rules.SAY_FOR)
        .annotate(answers=enough)
        .filter(answers__gte=rules.LEAST_ANSWERS)
    )
    return sum(_count(event, now) for event in due.order_by("pk").values_list("pk", flat=True))
