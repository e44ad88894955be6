"""Naming supporters who have agreed elsewhere: their account is there before they sign in."""

from datetime import datetime

from django.db import transaction

from accounts.emails import tell_named
from accounts.models import Person
from accounts.permissions import may_grant
from accounts.queries.standing import is_barred
from accounts.rules import NotAllowed, Role
from accounts.services.linking import link_newcomer
from accounts.services.people import grant_role
from peersupport.core.actors import Actor


@transaction.atomic(durable=True)
def name_supporters(*, people: list[tuple[str, str]], by: Actor, now: datetime) -> list[str]:
    """Give each address an account if it has none, and the roles of a student who holds hours.

    Whoever is new is told by a neutral mail. Returns the addresses that may not: the school says
    they are no students, or their account is closed. Twice is once. Raises NotAllowed.
    """
    if not may_grant(by, Role.SUPPORTER):
        raise NotAllowed
    refused = []
    for email, called in people:
        person = Person.objects.filter(email=email.lower()).first()
        if person is None:
            person = Person.objects.create_user(email, joined=now.date(), called=called)
            link_newcomer(person=person, email=person.email)
        if not person.is_active or is_barred(person):
            refused.append(email)
            continue
        if person.has_role(Role.SUPPORTER):
            continue
        for role in (Role.STUDENT, Role.SUPPORTER):
            grant_role(person=person, role=role, by=by, now=now)
        tell_named(person=person, now=now)
    return refused
