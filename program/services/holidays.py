"""Writes of days on which the school is closed."""

from datetime import date, datetime

from django.db import transaction

from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from program.models import Holiday
from program.services.facts import authorize


@transaction.atomic(durable=True)
def add_holiday(*, name: str, first_on: date, last_on: date, by: Actor, now: datetime) -> Holiday:
    """Name days on which the school is closed; weekly hours leave them out. Twice is once.

    What is planned in them already is for whoever planned it: `program.calendars.closings`.
    """
    authorize(by)
    days = {"first_on": first_on, "last_on": last_on}
    again = Holiday.objects.filter(name=name, **days).first()
    if again is not None:
        return again
    row = Holiday.objects.create(name=name, **days)
    record(by=by, verb="add holiday", thing="holiday", thing_id=str(row.pk), now=now)
    return row


@transaction.atomic(durable=True)
def remove_holiday(*, holiday: Holiday, by: Actor, now: datetime) -> None:
    """Take a holiday away again. Weekly hours hold those days from the next night on."""
    authorize(by)
    key = str(holiday.pk)
    holiday.delete()
    record(by=by, verb="remove holiday", thing="holiday", thing_id=key, now=now)
