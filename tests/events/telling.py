"""Saying things of events in the tests, as the services say them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from events import emails
from events.models import Event, Rsvp
from events.rules import Going, State

HOUR = timedelta(hours=1)


def tell(say: Callable[..., None], *about: Any) -> None:
    with transaction.atomic():
        say(*about)


def offer(answer: Rsvp, now: datetime) -> None:
    until = now + 2 * HOUR
    Rsvp.objects.filter(pk=answer.pk).update(state=Going.OFFERED, offer_until=until)
    answer.refresh_from_db()
    tell(emails.tell_offered, answer.event, answer, now)


def call_off(answer: Rsvp, now: datetime) -> None:
    Event.objects.filter(pk=answer.event_id).update(state=State.CANCELLED, cancelled_at=now)
    tell(emails.tell_cancelled, Event.objects.get(pk=answer.event_id), now)
