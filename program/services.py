"""Writes of the school's own facts."""

import secrets
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, QuerySet

from accounts.models import Person
from peersupport.core.actors import Actor, System
from peersupport.core.audit.services import record
from program.models import Coverage, Facts, Holiday
from program.permissions import may_keep_facts


class NotAllowed(Exception):
    """This person may not do that."""


def _authorize(by: Actor) -> None:
    if isinstance(by, System) or (isinstance(by, Person) and may_keep_facts(by)):
        return
    raise NotAllowed


def touch_public(made: QuerySet[Any] | None = None) -> bool:
    """Say that something a signed-out visitor can read has changed.

    Call it last in the transaction that changes it: the row is shared by everybody. With `made`,
    only if that finds the row which the transaction meant to insert; returns whether it does
    (an insert that does nothing on a conflict cannot tell).
    """
    version = secrets.token_bytes(16)
    facts = Facts.objects.filter(pk=1)
    seen = facts if made is None else facts.filter(Exists(made))
    if not seen.update(public_version=version):
        if made is not None and not made.exists():
            return False
        row = Facts(pk=1, zone=settings.PROGRAM_ZONE, public_version=version)
        Facts.objects.bulk_create([row], ignore_conflicts=True)
    return True


@transaction.atomic(durable=True)
def change_zone(*, zone: ZoneInfo, by: Actor, now: datetime) -> None:
    """Set the zone in which times are shown and new hours are meant.

    Hours that exist keep the zone they were made in: their instants do not move.
    """
    _authorize(by)
    touch_public()
    Facts.objects.filter(pk=1).update(zone=zone.key)
    record(by=by, verb="change zone", thing="program", thing_id="facts", now=now, note=zone.key)


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
    _authorize(by)
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
    _authorize(by)
    key = str(coverage.pk)
    coverage.delete()
    record(by=by, verb="remove coverage", thing="coverage", thing_id=key, now=now)


@transaction.atomic(durable=True)
def add_holiday(*, name: str, first_on: date, last_on: date, by: Actor, now: datetime) -> Holiday:
    """Name days on which the school is closed; weekly hours leave them out. Twice is once.

    What is planned in them already is for whoever planned it: `program.calendars.closings`.
    """
    _authorize(by)
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
    _authorize(by)
    key = str(holiday.pk)
    holiday.delete()
    record(by=by, verb="remove holiday", thing="holiday", thing_id=key, now=now)
