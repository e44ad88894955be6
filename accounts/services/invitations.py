"""Asking somebody to take a role, and their saying yes.

The link proves nothing by itself: whoever opens it signs in with a code to the invited address
first. So a forwarded mail, or one that a scanner opens, gives nobody a role.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.emails import ask_to_join
from accounts.models import Invitation, Person
from accounts.permissions import may_invite
from accounts.queries.invitations import mark_of, open_invitation
from accounts.rules import MOST_INVITATIONS, MOST_SENDINGS, NotAllowed, Role, TooMany
from accounts.services.people import grant_role
from peersupport.core import ids, locks
from peersupport.core.audit.services import record

_STANDS = timedelta(days=14)


@transaction.atomic(durable=True)
def invite(*, email: str, role: Role, by: Person, now: datetime) -> None:
    """Ask whoever has an address to take a role. Raises NotAllowed, TooMany.

    An invitation of the same address to the same role that still stands is sent once more.
    """
    if not may_invite(by, role):
        raise NotAllowed
    locks.hold("roster", b"invitations")
    forget = Invitation.objects.filter(email=email, role=str(role), expires_on__lt=now.date())
    forget.delete()
    known = Invitation.objects.filter(email=email, role=str(role)).first()
    if known is not None:
        _send(known.pk, by, now)
        return
    if Invitation.objects.count() >= MOST_INVITATIONS:
        raise TooMany
    token = ids.new_token()
    row = Invitation.objects.create(
        email=email,
        role=str(role),
        mark=mark_of(token),
        invited_by=by,
        expires_on=(now + _STANDS).date(),
    )
    ask_to_join(key=row.pk.hex, email=email, token=token, until=now + _STANDS, now=now)
    _record("invite", row.pk, role, by, now)


@transaction.atomic(durable=True)
def send_again(*, invitation: uuid.UUID, by: Person, now: datetime) -> None:
    """Send a new link; the one before is dead. Raises NotAllowed, TooMany."""
    _send(invitation, by, now)


def _send(invitation: uuid.UUID, by: Person, now: datetime) -> None:
    row = _mine(invitation, by)
    token = ids.new_token()
    again = Invitation.objects.filter(pk=row.pk, sent__lt=MOST_SENDINGS)
    until = (now + _STANDS).date()
    if not again.update(sent=F("sent") + 1, mark=mark_of(token), expires_on=until):
        raise TooMany
    ask_to_join(key=row.pk.hex, email=row.email, token=token, until=now + _STANDS, now=now)
    _record("invite again", row.pk, Role(row.role), by, now)


@transaction.atomic(durable=True)
def withdraw(*, invitation: uuid.UUID, by: Person, now: datetime) -> None:
    """Take an invitation back: its link opens nothing any more. Raises NotAllowed."""
    row = _mine(invitation, by)
    if Invitation.objects.filter(pk=row.pk).delete()[0]:
        _record("withdraw invitation", row.pk, Role(row.role), by, now)


@transaction.atomic(durable=True)
def accept(*, token: str, person: Person, now: datetime) -> Role:
    """Take the role, once. Raises NotAllowed for whoever was not invited, and if whoever invited
    them may not give the role any more, or the school says that they are no student.
    """
    row = open_invitation(token=token, now=now)
    if row is None or row.email != person.email or not person.is_active:
        raise NotAllowed
    if not Invitation.objects.filter(pk=row.pk, mark=mark_of(token)).delete()[0]:
        raise NotAllowed
    if not row.invited_by.is_active:
        raise NotAllowed
    grant_role(person=person, role=Role(row.role), by=row.invited_by, now=now)
    return Role(row.role)


@transaction.atomic(durable=True)
def forget_invitations(*, now: datetime) -> int:
    """Delete those whose time is over; return how many."""
    return Invitation.objects.filter(expires_on__lt=now.date()).delete()[0]


def _mine(invitation: uuid.UUID, by: Person) -> Invitation:
    row = Invitation.objects.filter(pk=invitation).first()
    if row is None or not may_invite(by, Role(row.role)):
        raise NotAllowed
    return row


def _record(verb: str, key: uuid.UUID, role: Role, by: Person, now: datetime) -> None:
    record(by=by, verb=verb, thing="invitation", thing_id=str(key), now=now, note=str(role))
