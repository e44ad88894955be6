"""Writes of who stands behind the supporters."""

from datetime import date, datetime, time

from django.db import transaction

from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from program.models import Coverage
from program.services.facts import authorize


@transaction.atomic(durable=True)
def add_coverage(
    *,
    label: str,
    phone: str,
    weekday: int | None,
    starts: time,
    ends: time,
    until: date | None,
    by: Actor,
    now: datetime,
    order: int = 1,
) -> Coverage:
    """Name somebody who answers at certain hours (wall time in the program's zone)."""
    authorize(by)
    row = Coverage.objects.create(
        label=label,
        phone=phone,
        weekday=weekday,
        starts=starts,
        ends=ends,
        until=until,
        order=order,
    )
    record(by=by, verb="add coverage", thing="coverage", thing_id=str(row.pk), now=now)
    return row


@transaction.atomic(durable=True)
def remove_coverage(*, coverage: Coverage, by: Actor, now: datetime) -> None:
    """Take away a coverage entry. Hours that are already published stay as they are."""
    authorize(by)
    key = str(coverage.pk)
    coverage.delete()
    record(by=by, verb="remove coverage", thing="coverage", thing_id=key, now=now)
