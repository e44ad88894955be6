"""How it was, in two taps: counted without a tie to who said it."""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import Person
from events import keys
from events.models import Event, Rsvp, Said
from events.rules import ANSWERS, Going, NotOpen


@transaction.atomic(durable=True)
def say(*, event: uuid.UUID, person: Person, answers: dict[str, str], now: datetime) -> bool:
    """Count what somebody says of an event they had a place in. Returns False the second time.

    Raises NotOpen before its end, after it is forgotten, and for whoever had no place.
    """
    row = Event.objects.on().remembered(now).filter(pk=event, ends_at__lte=now).first()
    if row is None:
        raise NotOpen
    mine = Rsvp.objects.filter(event=row, tag=keys.key_of(row, now).tag(person.pk))
    if not mine.filter(state=str(Going.GOING)).exists():
        raise NotOpen
    if mine.filter(has_said=False).update(has_said=True) != 1:
        return False
    for question, answer in answers.items():
        if answer in ANSWERS.get(question, ()):
            _count(row, question, answer)
    return True


def _count(row: Event, question: str, answer: str) -> None:
    said = Said(event=row, question=question, answer=answer)
    Said.objects.bulk_create([said], ignore_conflicts=True)
    Said.objects.filter(event=row, question=question, answer=answer).update(number=F("number") + 1)
