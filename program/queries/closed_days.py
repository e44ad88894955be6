"""Days on which the school is closed."""

import uuid
from datetime import date

from program.models import Holiday


def holidays(first: date, last: date | None = None) -> list[Holiday]:
    """Return the holidays that touch the days from `first` on, until `last` if there is one."""
    found = Holiday.objects.filter(last_on__gte=first)
    if last is not None:
        found = found.filter(first_on__lte=last)
    return list(found.order_by("first_on", "name"))


def holiday(key: uuid.UUID) -> Holiday | None:
    """Return one holiday, or None if it is not there."""
    return Holiday.objects.filter(pk=key).first()
