"""Taking away the second factors of somebody who has lost them: two of the staff, or the shell.

Neither can set a factor, an address or a code for anybody: afterwards the person signs in with
a code sent to their own address, and sets up a new factor.
"""

import uuid
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts import factors
from accounts.emails import tell_of_change
from accounts.models import FactorReset, Person
from accounts.permissions import may_reset_factors
from accounts.rules import NotAllowed
from peersupport.core import ids
from peersupport.core.actors import Actor, System
from peersupport.core.audit.services import record

STANDS = timedelta(days=3)


def _oldest(now: datetime) -> date:
    return (now - STANDS).date()


@transaction.atomic(durable=True)
def start_reset(*, person: Person, by: Person, now: datetime) -> None:
    """Ask that somebody's factors be taken away; the person is told, and can stop it."""
    if not may_reset_factors(by, person):
        raise NotAllowed
    FactorReset.objects.filter(person=person, started_on__lt=_oldest(now)).delete()
    row = FactorReset(person=person, started_by=by, started_on=now.date())
    FactorReset.objects.bulk_create([row], ignore_conflicts=True)
    if FactorReset.objects.filter(pk=row.pk).exists():
        _record(by, "ask to reset second factors", person, now)
        tell_of_change(person=person, now=now)


@transaction.atomic(durable=True)
def agree_to_reset(*, reset: uuid.UUID, by: Person, now: datetime) -> bool:
    """Take the factors away, as the second of two. Returns False if somebody got there first."""
    rows = FactorReset.objects.filter(pk=reset, started_on__gte=_oldest(now))
    row = rows.select_related("person").first()
    if row is None:
        return False
    if row.started_by_id == by.pk or not may_reset_factors(by, row.person):
        raise NotAllowed
    if not FactorReset.objects.filter(pk=reset).delete()[0]:
        return False
    _take_away(row.person, by, now)
    return True


@transaction.atomic(durable=True)
def withdraw_reset(*, reset: uuid.UUID, by: Person, now: datetime) -> None:
    """Stop a reset: whoever may agree to it, and the person it is about."""
    row = FactorReset.objects.filter(pk=reset).select_related("person").first()
    if row is None:
        return
    if row.person_id != by.pk and not may_reset_factors(by, row.person):
        raise NotAllowed
    gone = FactorReset.objects.filter(pk=reset).delete()[0]
    if gone and by.is_staff_member:
        _record(by, "stop a reset of second factors", row.person, now)


@transaction.atomic(durable=True)
def reset_from_shell(*, person: Person, by: System, now: datetime) -> None:
    """Take the factors away, by whoever may run commands on the server."""
    FactorReset.objects.filter(person=person).delete()
    _take_away(person, by, now)


def _take_away(person: Person, by: Actor, now: datetime) -> None:
    factors.delete(factors.keys_of(person.pk))
    Person.objects.filter(pk=person.pk).update(session_epoch=ids.new_id())
    _record(by, "reset second factors", person, now)
    tell_of_change(person=person, now=now)


def _record(by: Actor, verb: str, person: Person, now: datetime) -> None:
    record(by=by, verb=verb, thing="person", thing_id=str(person.pk), now=now)


@transaction.atomic(durable=True)
def forget_resets(*, now: datetime) -> int:
    """Delete requests that nobody has agreed to in time."""
    return FactorReset.objects.filter(started_on__lt=_oldest(now)).delete()[0]
