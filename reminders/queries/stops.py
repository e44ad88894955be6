"""Links that stop mail: made from a seed with the keyring, found by a mark."""

import base64
import hashlib
import uuid
from collections.abc import Collection

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


def tokens_for(people: Collection[uuid.UUID], kind: str) -> dict[uuid.UUID, str]:
    """Return the tokens that stop a kind of message to some people, made at their first use.

    Three queries, and one where all of them are there.
    """
    seeds = _seeds(people, kind)
    fresh = [_new(person, kind) for person in people if person not in seeds]
    if fresh:
        StopLink.objects.bulk_create(fresh, ignore_conflicts=True)
        seeds = _seeds(people, kind)
    return {person: token_of(seed) for person, seed in seeds.items()}


def _new(person: uuid.UUID, kind: str) -> StopLink:
    seed = ids.new_id().bytes
    return StopLink(person_id=person, kind=kind, seed=seed, mark=mark_of(token_of(seed)))


def _seeds(people: Collection[uuid.UUID], kind: str) -> dict[uuid.UUID, bytes]:
    rows = StopLink.objects.filter(person__in=people, kind=kind).values_list("person_id", "seed")
    return {person: bytes(seed) for person, seed in rows}
