"""What a supporter sees of what they raised, and what a visit's student is told of it."""

import uuid
from datetime import datetime

from peersupport.core.crypto import keyring
from peersupport.core.emergency import Note
from referrals import rules
from referrals.models import EmergencyContact, Opening, Referral


def key_of(supporter: uuid.UUID, nonce: uuid.UUID) -> uuid.UUID:
    """Return the key of one act of one supporter: nobody else's address leads to the same."""
    named = keyring().mac(supporter.bytes + nonce.bytes, purpose="danger|key")
    return uuid.UUID(bytes=named[:16])


def raised(supporter: uuid.UUID, nonce: uuid.UUID) -> str | None:
    """Return the code of what this supporter raised; None alike if foreign or never there."""
    rows = Referral.objects.filter(
        request_key=key_of(supporter, nonce), kind=str(rules.Kind.DANGER)
    )
    return rows.values_list("code", flat=True).first()


def notes(visit_tag: bytes, now: datetime) -> list[Note]:
    """Return what became of a visit's contact: when it was handed over, and who opened it."""
    rows = EmergencyContact.objects.filter(visit_tag=visit_tag, until__gt=now)
    handed = list(rows.order_by("until").values_list("referral_id", "until"))
    if not handed:
        return []
    opened = list(
        Opening.objects.filter(
            what=Opening.What.CONTACT, referral_id__in=[key for key, _until in handed]
        )
        .order_by("at")
        .values_list("referral_id", "name", "at")
    )
    return [
        Note(
            until - rules.CONTACT_LASTS,
            tuple((name, at) for of, name, at in opened if of == key),
        )
        for key, until in handed
    ]
