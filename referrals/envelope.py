"""The sealed content of a referral: one padded blob, and its key wrapped for each who may open it.

The web side holds public keys alone: it can make an envelope and never open one. Rotating a key
wraps the data keys anew; the blob is written once and never again.

Whoever holds a public key can make an envelope that opens: what is in one proves nothing about
who wrote it. That is for the database's roles and for the person who reads it.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from peersupport.core.crypto import CannotOpen, open_box, seal_box

FORMAT = 1
# Every length up to here looks the same, in steps that say little of how much was written.
BLOCK = 8 * 1024
LONGEST = 8 * BLOCK - 1
_KEY = 32
_NAME = 16


class TooLong(Exception):
    """More than an envelope holds."""


class NoRecipient(Exception):
    """An envelope that nobody could ever open."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key for which envelopes are made. Its name is a hash of the key itself."""

    public: bytes

    @property
    def name(self) -> str:
        """The name under which a wrap says which key opens it."""
        return hashlib.blake2b(self.public, digest_size=_NAME).hexdigest()


@dataclass(frozen=True, slots=True)
class Wrap:
    """A data key, sealed to one recipient."""

    recipient: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A blob and everything that opens it."""

    blob: bytes = field(repr=False)
    wraps: tuple[Wrap, ...]


def recipient_of(secret: bytes) -> Recipient:
    """Return the public half of a 32-byte secret key."""
    return Recipient(bytes(PrivateKey(secret).public_key))


def _context(referral: UUID) -> str:
    return f"referrals.Sealed|{referral.hex}|{FORMAT}"


def _filled(plain: bytes) -> bytes:
    if len(plain) > LONGEST:
        raise TooLong
    marked = plain + b"\x80"
    return marked + b"\0" * (-len(marked) % BLOCK)


def _emptied(filled: bytes) -> bytes:
    bare = filled.rstrip(b"\0")
    if not bare.endswith(b"\x80") or len(filled) % BLOCK:
        raise CannotOpen
    return bare[:-1]


def _wrap(key: bytes, referral: UUID, to: Recipient) -> Wrap:
    """Seal a data key together with what it is for: a wrap moved elsewhere opens nothing."""
    inside = key + referral.bytes + bytes.fromhex(to.name)
    return Wrap(to.name, bytes(SealedBox(PublicKey(to.public)).encrypt(inside)))


def seal(plain: bytes, *, referral: UUID, recipients: Iterable[Recipient]) -> Envelope:
    """Return an envelope for one referral. Raises TooLong, and NoRecipient without any."""
    to = {one.name: one for one in recipients}
    if not to:
        raise NoRecipient
    key = os.urandom(_KEY)
    blob = seal_box(key, _filled(plain), version=FORMAT, context=_context(referral))
    return Envelope(blob, tuple(_wrap(key, referral, one) for one in to.values()))


def _data_key(wraps: Iterable[Wrap], referral: UUID, secrets: Mapping[str, bytes]) -> bytes:
    """Return the data key, by the first wrap that one of the secrets opens."""
    for wrap in wraps:
        secret = secrets.get(wrap.recipient)
        if secret is None:
            continue
        try:
            inside = SealedBox(PrivateKey(secret)).decrypt(wrap.sealed)
        except (CryptoError, ValueError, TypeError):
            continue
        if inside[_KEY:] == referral.bytes + bytes.fromhex(recipient_of(secret).name):
            return bytes(inside[:_KEY])
    raise CannotOpen


def open_envelope(envelope: Envelope, *, referral: UUID, secrets: Mapping[str, bytes]) -> bytes:
    """Return the content. `secrets` are 32-byte keys by the name of their recipient.

    Raises CannotOpen, always with the same words, for a wrong or missing key, and for anything
    cut, edited or moved from another referral: never a part of the content.
    """
    return _opened(_data_key(envelope.wraps, referral, secrets), envelope, referral)


def _opened(key: bytes, envelope: Envelope, referral: UUID) -> bytes:
    return _emptied(open_box(key, envelope.blob, context=_context(referral)))


def wrap_for(
    envelope: Envelope, *, referral: UUID, secrets: Mapping[str, bytes], to: Recipient
) -> Wrap:
    """Return one more wrap of an envelope, as rotating a key needs it. The blob stays.

    Raises CannotOpen if none of the secrets opens the envelope; the content is opened and thrown
    away, so that no wrap is made for something broken.
    """
    key = _data_key(envelope.wraps, referral, secrets)
    _opened(key, envelope, referral)
    return _wrap(key, referral, to)
