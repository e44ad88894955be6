"""Links that stop mail: made from a seed with the keyring, found by a mark."""

import base64
import hashlib
import uuid

from peersupport.core import ids
from peersupport.core.crypto import keyring
from reminders.models import StopLink


def token_of(seed: bytes) -> str:
    """Return the token of a link. It says neither whose it is nor what it stops."""
    raw = keyring().mac(bytes(seed), purpose="stop-link")[:24]
    return base64.urlsafe_b64encode(raw).decode()


def mark_of(token: str) -> bytes:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def link_of(token: str) -> StopLink | None:
    """Return the link with a token: one query."""
    return StopLink.objects.filter(mark=mark_of(token)).select_related("person").first()


def token_for(person: uuid.UUID, kind: str) -> str:
    """Return the token that stops a kind of message to somebody, made at its first use."""
    mine = StopLink.objects.filter(person=person, kind=kind)
    seed = mine.values_list("seed", flat=True).first()
    if seed is None:
        fresh = ids.new_id().bytes
        row = StopLink(person_id=person, kind=kind, seed=fresh, mark=mark_of(token_of(fresh)))
        StopLink.objects.bulk_create([row], ignore_conflicts=True)
        seed = mine.values_list("seed", flat=True).get()
    return token_of(bytes(seed))
