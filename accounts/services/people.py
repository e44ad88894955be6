"""Writes on people and roles."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import TruncMonth

from accounts.models import (
    CalendarFeed,
    CampusLink,
    Membership,
    Person,
    Profile,
    RoleGrant,
    RosterEntry,
    Tag,
    month_of,
)
from accounts.permissions import may_grant
from accounts.queries.standing import is_barred
from accounts.rules import OF_STUDENTS, LastAdministrator, NotAllowed, Role
from accounts.services.linking import link_newcomer
from peersupport.core import ids
from peersupport.core.actors import SYSTEM, Actor
from peersupport.core.audit.services import record

# Rows keyed to a person that a sign-in or an act of theirs writes, beside the account itself.
_MIXED: tuple[Any, ...] = (
    RoleGrant,
    Profile,
    Tag,
    CalendarFeed,
    RosterEntry,
    Membership,
    CampusLink,
)


@transaction.atomic
def grant_role(*, person: Person, role: Role, by: Actor, now: datetime) -> None:
    """Give a role; giving it twice is once. In force from the person's next request."""
    if not may_grant(by, role):
        raise NotAllowed
    if role in OF_STUDENTS and is_barred(person):
        raise NotAllowed
    row = RoleGrant(person=person, role=str(role), granted_by=by.actor_id, granted_on=now.date())
    RoleGrant.objects.bulk_create([row], ignore_conflicts=True)
    if role == Role.SUPPORTER:
        shown = Profile(person=person, shown_name=person.called or "A supporter")
        Profile.objects.bulk_create([shown], ignore_conflicts=True)
    if RoleGrant.objects.filter(pk=row.pk).exists():
        record(
            by=by,
            verb="grant role",
            thing="person",
            thing_id=str(person.pk),
            now=now,
            note=str(role),
        )
    person.__dict__.pop("roles", None)


@transaction.atomic
def revoke_role(*, person: Person, role: Role, by: Actor, now: datetime) -> None:
    """Take a role away. Raises LastAdministrator if nobody would be left."""
    if not may_grant(by, role):
        raise NotAllowed
    active = RoleGrant.objects.filter(role=str(role), revoked_on__isnull=True)
    if role == Role.ADMINISTRATOR:
        # Two who take the role from one another wait here for each other, so that one of them
        # sees that nobody else is left. (SQLite has one writer at a time anyway.)
        list(active.order_by("pk").select_for_update().values_list("pk", flat=True))
    if role == Role.ADMINISTRATOR and not active.exclude(person=person).exists():
        raise LastAdministrator
    if active.filter(person=person).update(revoked_on=now.date()):
        record(
            by=by,
            verb="revoke role",
            thing="person",
            thing_id=str(person.pk),
            now=now,
            note=str(role),
        )
        # What was open under the role is open no more.
        Person.objects.filter(pk=person.pk).update(session_epoch=ids.new_id())
    person.__dict__.pop("roles", None)


@transaction.atomic(durable=True)
def sign_out_everywhere(*, person: Person) -> None:
    """End every session of this person at their next request."""
    Person.objects.filter(pk=person.pk).update(session_epoch=ids.new_id())


@transaction.atomic
def join_as_student(*, email: str, now: datetime) -> Person:
    """Return the person of an address that has just proved itself, made if need be.

    The caller has checked that the address may join.
    """
    found = Person.objects.filter(email=email.lower()).first()
    if found is not None:
        return found
    person = Person.objects.create_user(email, joined=now.date())
    # No audit row, and the month only: who came here first at which hour is nobody's business.
    RoleGrant.objects.create(
        person=person,
        role=str(Role.STUDENT),
        granted_by=SYSTEM.actor_id,
        granted_on=month_of(now).date(),
    )
    link_newcomer(person=person, email=person.email)
    return person


@transaction.atomic
def join_by_invitation(*, email: str, now: datetime) -> Person:
    """Return the person of an address that has just proved itself, made if need be: no role yet.

    The caller has checked that the address was invited.
    """
    found = Person.objects.filter(email=email.lower()).first()
    if found is not None:
        return found
    person = Person.objects.create_user(email, joined=now.date())
    link_newcomer(person=person, email=person.email)
    return person


def note_sign_in(*, person: Person, now: datetime) -> None:
    """Note the month of a sign-in; writes nothing when the month is known already."""
    month = month_of(now)
    if person.last_login != month:
        Person.objects.filter(pk=person.pk).update(last_login=month)


@transaction.atomic(durable=True)
def mix_rows() -> None:
    """Write every account and grant anew: in one transaction, in the order of their random keys.

    Beside each row a database keeps which transaction wrote it and where it lies. For somebody
    who joined, or signed in for the first time this month, and then booked, that is the moment
    of the booking: laid beside the times of forgotten visits it gave away every second one
    (tests/officehours/test_join_attack.py). The forgetting job mixes the rows, so that a day
    later they say nothing. A sign-in that is noted finer than by the month is rounded too.
    """
    month = TruncMonth("last_login", tzinfo=UTC)
    for key in Person.objects.order_by("pk").values_list("pk", flat=True):
        Person.objects.filter(pk=key).update(last_login=month)
    for model in _MIXED:
        for key in model.objects.order_by("pk").values_list("pk", flat=True):
            model.objects.filter(pk=key).update(id=F("id"))
    if connection.vendor == "sqlite":  # where a row keeps its number however often it is written
        with connection.cursor() as cursor:
            for model in (Person, *_MIXED):
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"UPDATE {table} SET rowid = abs(random() / 2)")  # noqa: S608
