"""Forgetting who came, and who asked for a debrief. Totals stay; nobody is in them."""

from datetime import datetime

from django.db import transaction

from events import rules
from events.models import Event, Request, Rsvp, Withdrawn
from events.services.said import count_in_hand


def forget_rsvps(*, now: datetime) -> int:
    """Delete the answers of events that are to forget, and their keys. Returns how many answers.

    Reads have treated them as forgotten since `forget_at`; the day key, when it moves on, does the
    same for every copy. What was said of it and is not counted yet is counted first, all at once.
    One transaction an event.
    """
    due = Event.objects.due_to_forget(now).order_by("forget_at", "pk")
    return sum(_forget(row, now) for row in due)


@transaction.atomic(durable=True)
def _forget(row: Event, now: datetime) -> int:
    held = Event.objects.filter(pk=row.pk, is_forgotten=False)
    if held.update(is_forgotten=True, key=None, waiting=0) != 1:
        return 0  # another worker got there first
    count_in_hand(row, now)
    count: int = Rsvp.objects.filter(event=row).delete()[0]
    return count


@transaction.atomic(durable=True)
def forget_withdrawn(*, now: datetime) -> int:
    """Delete what calendars were told long enough. Returns how many."""
    old = Withdrawn.objects.filter(withdrawn_at__lte=now - rules.CANCELLED_SHOWN)
    count: int = old.delete()[0]
    return count


@transaction.atomic(durable=True)
def forget_requests(*, now: datetime) -> int:
    """Delete requests for debriefs that are over. Returns how many."""
    count: int = Request.objects.filter(forget_at__lte=now).delete()[0]
    return count
