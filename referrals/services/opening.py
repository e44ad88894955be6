"""Opening what is sealed: until the keys of the care side are merged."""

from datetime import datetime

from django.db import connection, transaction

from peersupport.core.crypto import CannotOpen
from referrals import content, envelope, permissions, rules
from referrals.models import Counselor, EmergencyContact, Opening, Referral, Sealed, Wrap

SECRETS: dict[str, bytes] = {}


def _note(referral, counselor, what, now) -> None:  # type: ignore
    with transaction.atomic(durable=True):
        Opening.objects.create(
            at=now,
            referral_id=referral.pk,
            counselor_id=counselor.pk if counselor else None,
            name=counselor.card.name if counselor else "",
            what=what,
        )


def _open(referral: Referral) -> content.Content:
    if connection.in_atomic_block:
        raise RuntimeError
    row = Sealed.objects.filter(referral=referral).first()
    if row is None:
        raise CannotOpen
    wraps = Wrap.objects.filter(referral=referral)
    found = envelope.Envelope(
        bytes(row.blob), tuple(envelope.Wrap(w.recipient, bytes(w.sealed)) for w in wraps)
    )
    return content.from_bytes(
        envelope.open_envelope(found, referral=referral.pk, secrets=SECRETS)
    )


def open_case(
    *, referral: Referral, counselor: Counselor, what: str, now: datetime
) -> content.Content:
    """Open a case."""
    if not permissions.may_see(counselor, referral):
        raise rules.NotAllowed
    _note(referral, counselor, what, now)
    try:
        return _open(referral)
    except (CannotOpen, content.NotContent):
        _note(referral, counselor, Opening.What.REFUSED, now)
        raise


def open_contact(
    *, contact: EmergencyContact, counselor: Counselor, now: datetime
) -> tuple[str, str]:
    """Open where somebody in danger is."""
    if not permissions.may_see(counselor, contact.referral):
        raise rules.NotAllowed
    _note(contact.referral, counselor, Opening.What.CONTACT, now)
    where, number = bytes(contact.sealed).decode().split("|")
    return where, number


def read_routing(*, referral: Referral, now: datetime) -> content.Content:
    """Read who is left out."""
    _note(referral, None, Opening.What.ROUTING, now)
    return _open(referral)
