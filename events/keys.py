"""The key of an event: who comes can be told only with it, and for as long as it can be opened.

It is random, sealed under the day key of the day on which the event is to be forgotten. An event
that is moved to another day needs nothing sealed anew but this one key.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from events.models import Event
from peersupport.core import daykey
from peersupport.core.crypto import CannotOpen, derive, open_box, seal_box
from peersupport.core.daykey import Forgotten

__all__ = [
    "CannotOpen",
    "EventKey",
    "Forgotten",
    "Keyed",
    "key_of",
    "keys_of",
    "new_key",
    "resealed",
]

_SIZE = 32


def _context(event: uuid.UUID) -> str:
    return f"event|{event}|key"


@dataclass(frozen=True, slots=True)
class EventKey:
    """An event's opened key. Its repr shows nothing of it."""

    event: uuid.UUID
    secret: bytes = field(repr=False)

    def tag(self, person: uuid.UUID) -> bytes:
        """Return the mark of a person in this event: another in every event."""
        key = derive(self.secret, "event|tag")
        return hmac.new(key, person.bytes, hashlib.sha256).digest()

    def seal_holder(self, person: uuid.UUID) -> bytes:
        """Return a person sealed into this event."""
        context = f"event|{self.event}|holder"
        return seal_box(
            derive(self.secret, "event|seal"), person.bytes, version=1, context=context
        )

    def open_holder(self, sealed: bytes) -> uuid.UUID:
        """Return the person. Raises CannotOpen for anything that is not exactly right."""
        context = f"event|{self.event}|holder"
        plain = open_box(derive(self.secret, "event|seal"), bytes(sealed), context=context)
        return uuid.UUID(bytes=plain)

    def door(self) -> str:
        """Return the token in the QR code at the door: whoever reads it stands in the room."""
        key = derive(self.secret, "event|door")
        return hmac.new(key, self.event.bytes, hashlib.sha256).hexdigest()[:32]


def day_for(forget_at: datetime) -> date:
    """Return the last day whose key is gone when an event is to be forgotten, or soon after.

    The ratchet moves on a whole day after its day has ended: so a day earlier than `forget_at`.
    """
    return daykey.day_of(forget_at - daykey.KEEP)


def new_key(event: uuid.UUID, day: date) -> bytes:
    """Return a fresh key for an event, sealed under a day."""
    return daykey.seal(day, secrets.token_bytes(_SIZE), context=_context(event))


def key_of(event: Event, now: datetime) -> EventKey:
    """Return an event's key. Raises Forgotten when who came may not be told any more."""
    if event.key is None or event.is_forgotten or now >= event.forget_at:
        raise Forgotten
    secret = daykey.open_sealed(
        event.key_day, bytes(event.key), context=_context(event.pk), now=now
    )
    return EventKey(event.pk, secret)


class Keyed(Protocol):
    """What of an event its key is opened by: a row, or no more of one than this."""

    @property
    def pk(self) -> uuid.UUID: ...

    @property
    def key_day(self) -> date: ...

    @property
    def key(self) -> bytes | memoryview | None: ...

    @property
    def forget_at(self) -> datetime: ...

    @property
    def is_forgotten(self) -> bool: ...


def keys_of(events: Iterable[Keyed], now: datetime) -> dict[uuid.UUID, EventKey]:
    """Return the keys of many events; those that are forgotten are left out."""
    known = [
        (event.pk, event.key_day, bytes(event.key))
        for event in events
        if event.key is not None and not event.is_forgotten and now < event.forget_at
    ]
    boxes = [(day, sealed, _context(pk)) for pk, day, sealed in known]
    opened = zip(known, daykey.open_many(boxes, now=now), strict=True)
    return {pk: EventKey(pk, secret) for (pk, _day, _sealed), secret in opened if secret}


def resealed(event: Event, day: date, now: datetime) -> bytes:
    """Return the same key sealed under another day. Raises Forgotten, as `key_of` does."""
    return daykey.seal(day, key_of(event, now).secret, context=_context(event.pk))
