"""Writes that every page sees: the zone, and that something public changed."""

import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, QuerySet

from accounts.models import Person
from peersupport.core.actors import Actor, System
from peersupport.core.audit.services import record
from program.models import Facts
from program.permissions import may_keep_facts


class NotAllowed(Exception):
    """This person may not do that."""


def authorize(by: Actor) -> None:
    """Raise NotAllowed unless this actor may keep the school's facts."""
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
        # Whoever lost the race to insert has waited, but holds nothing: of two who read the row
        # next and write it, one would be lost. And what they change is new to visitors too.
        seen.update(public_version=version)
    return True


@transaction.atomic(durable=True)
def change_zone(*, zone: ZoneInfo, by: Actor, now: datetime) -> None:
    """Set the zone in which times are shown and new hours are meant.

    Hours that exist keep the zone they were made in: their instants do not move.
    """
    authorize(by)
    touch_public()
    Facts.objects.filter(pk=1).update(zone=zone.key)
    record(by=by, verb="change zone", thing="program", thing_id="facts", now=now, note=zone.key)
