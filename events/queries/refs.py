"""What messages and their links know of an answer: its id, sealed under the day of its event.

An outbox row, a mail log or a letter in a mailbox can thus be laid beside an answer while the
event remembers who comes, and beside nothing afterwards, in whatever copy. An event that is moved
to a later day leaves older links to the older day: they end a little early and open nothing else.
"""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from events import keys
from events.models import Event, Rsvp
from peersupport.core import daykey
from peersupport.core.crypto import box_version

_REF, _LINK = "event|ref", "event|link"
_NUMBER = 8
_ID = 16


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that a message is about, with its event, and what the message says of it."""

    rsvp: Rsvp
    about: int

    @property
    def event(self) -> Event:
        """The event it answers."""
        return self.rsvp.event


def seal_refs(event: Event, items: Sequence[tuple[uuid.UUID, int]]) -> list[bytes]:
    """Return what outbox rows hold: an answer's id and a number, sealed. One key for all."""
    plains = [pk.bytes + about.to_bytes(_NUMBER, "big") for pk, about in items]
    return daykey.seal_many(event.key_day, plains, context=_REF)


def opened(sealed: bytes, context: str, now: datetime) -> bytes | None:
    """Return what was sealed under the day that it names; None if nobody can open it any more."""
    try:
        day = date.fromordinal(box_version(sealed))
        return daykey.open_sealed(day, sealed, context=context, now=now)
    except (keys.CannotOpen, keys.Forgotten, ValueError, OverflowError):
        return None


def _rsvp(raw: bytes, now: datetime) -> Rsvp | None:
    """Return an answer with its event; None once it is forgotten. One query."""
    known = Rsvp.objects.select_related("event").filter(
        pk=uuid.UUID(bytes=raw[:_ID]), event__in=Event.objects.remembered(now)
    )
    return known.first()


def find(ref: bytes, now: datetime) -> Found | None:
    """Return what an outbox row is about; None if nobody can say any more. One query."""
    raw = opened(bytes(ref), _REF, now)
    rsvp = _rsvp(raw, now) if raw is not None else None
    if raw is None or rsvp is None:
        return None
    return Found(rsvp, int.from_bytes(raw[_ID:], "big"))


def holder_of(rsvp: Rsvp, now: datetime) -> uuid.UUID | None:
    """Return who an answer is of; None once that is forgotten. For messages, never for pages."""
    try:
        return keys.key_of(rsvp.event, now).open_holder(bytes(rsvp.holder))
    except (keys.Forgotten, keys.CannotOpen):
        return None


def token_of(event: Event, rsvp: uuid.UUID) -> str:
    """Return the token of the link in a letter. It says neither whose it is nor what it is for."""
    (sealed,) = daykey.seal_many(event.key_day, [rsvp.bytes], context=_LINK)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def path_of(event: Event, rsvp: uuid.UUID) -> str:
    """Return the address in a letter about somebody's place."""
    return reverse("events:place", args=[token_of(event, rsvp)])


def rsvp_of(token: str, now: datetime) -> Rsvp | None:
    """Return the answer of a link, with its event; None alike for all that open nothing."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    raw = opened(sealed, _LINK, now)
    return _rsvp(raw, now) if raw is not None else None
