"""Forgetting what was said to whom once no limit counts it any more."""

from datetime import datetime, timedelta

from django.db import transaction

from reminders.models import Held, Meant, Said
from reminders.queries.ground import term_first

# A date that moves by weeks must not be spoken of twice.
KEPT_AFTER = timedelta(days=30)


@transaction.atomic(durable=True)
def forget_said(*, now: datetime) -> int:
    """Delete the marks of before this term, a month later, and those of what waits no more."""
    old = Said.objects.filter(day__lt=term_first(now) - KEPT_AFTER)
    count: int = old.delete()[0]
    count += Meant.objects.filter(until__lte=now).delete()[0]
    return count + int(Held.objects.filter(until__lte=now).delete()[0])
