"""Reads of invitations."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Invitation, Person
from accounts.permissions import may_invite
from accounts.rules import MOST_SENDINGS, Role
from peersupport.core.crypto import keyring


def mark_of(token: str) -> bytes:
    """Return what is kept of a link: without the keyring nobody can even try links on it."""
    return keyring().mac(token.encode("utf-8", "replace"), purpose="invitation")


def open_invitation(*, token: str, now: datetime) -> Invitation | None:
    """Return what a link opens; None alike for all that open nothing."""
    rows = Invitation.objects.filter(mark=mark_of(token), expires_on__gte=now.date())
    return rows.select_related("invited_by").first()


@dataclass(frozen=True, slots=True)
class Open:
    """One invitation, as those who may give its role see it."""

    key: uuid.UUID
    email: str
    role: Role
    invited_by: str
    expires_on: date
    may_be_sent_again: bool


def open_invitations(person: Person, now: datetime) -> list[Open]:
    """Return the invitations that stand, to roles which this person may give: one query."""
    rows = Invitation.objects.filter(expires_on__gte=now.date()).select_related("invited_by")
    return [
        Open(
            key=row.pk,
            email=row.email,
            role=Role(row.role),
            invited_by=row.invited_by.called or row.invited_by.email,
            expires_on=row.expires_on,
            may_be_sent_again=row.sent < MOST_SENDINGS,
        )
        for row in rows.order_by("email", "role")
        if may_invite(person, Role(row.role))
    ]
