"""Sealing with the keyring: AES-256-GCM, versioned keys, bound to purpose and place.

What is sealed here can be opened by whoever holds the keyring file. It protects a stolen
database, backup or replica; it does not protect against somebody on the host itself. What must
be unreadable even there, later, is sealed under the day key (`daykey.py`).

A sealed value is: 1 byte format, 4 bytes key version, 12 bytes nonce, then ciphertext and tag.
Purpose and context are bound as associated data, so a value moved to another row or column does
not open. Nothing here ever returns a ciphertext as if it were the content: it raises.
"""

import base64
import hashlib
import hmac
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from peersupport.core import keyfiles
from peersupport.core.keyfiles import KeysUnusable

__all__ = [
    "CannotOpen",
    "Keyring",
    "KeysUnusable",
    "cache_key",
    "care_keyring",
    "forget_keyring",
    "keyring",
    "open_box",
    "seal_box",
]

_FORMAT = 1
_HEADER = struct.Struct(">BI")
_NONCE = 12
_TAG = 16


class CannotOpen(Exception):
    """A sealed value does not open: wrong key, wrong place, cut, edited or planted.

    The text is always the same: it must not tell an attacker which of these it was.
    """

    def __init__(self) -> None:
        super().__init__("This cannot be opened.")


def seal_box(key: bytes, plain: bytes, *, version: int, context: str) -> bytes:
    """Return `plain` sealed under a 32-byte key, bound to `context` and the key's version."""
    header = _HEADER.pack(_FORMAT, version)
    nonce = os.urandom(_NONCE)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + context.encode())


def box_version(sealed: bytes) -> int:
    """Return the key version a sealed value names. Raises CannotOpen if it is not one."""
    if len(sealed) < _HEADER.size + _NONCE + _TAG:
        raise CannotOpen
    form, version = _HEADER.unpack(sealed[: _HEADER.size])
    if form != _FORMAT:
        raise CannotOpen
    return int(version)


def open_box(key: bytes, sealed: bytes, *, context: str) -> bytes:
    """Return the content of a sealed value. Raises CannotOpen in every other case."""
    box_version(sealed)
    header, rest = sealed[: _HEADER.size], sealed[_HEADER.size :]
    try:
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], header + context.encode())
    except InvalidTag:
        raise CannotOpen from None


def derive(key: bytes, purpose: str) -> bytes:
    """Return a 32-byte sub-key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The versioned keys of this program. Its repr shows nothing."""

    current: int
    versions: Mapping[int, bytes] = field(repr=False)

    def seal(self, plain: bytes, *, purpose: str, context: str) -> bytes:
        """Return `plain` sealed under the current key for `purpose`, bound to `context`."""
        key = derive(self.versions[self.current], f"seal|{purpose}")
        return seal_box(key, plain, version=self.current, context=f"{purpose}|{context}")

    def open(self, sealed: bytes, *, purpose: str, context: str) -> bytes:
        """Return the content. Raises CannotOpen for anything that is not exactly right."""
        sealed = bytes(sealed)
        key = self.versions.get(box_version(sealed))
        if key is None:
            raise CannotOpen
        return open_box(derive(key, f"seal|{purpose}"), sealed, context=f"{purpose}|{context}")

    def mac(self, message: bytes, *, purpose: str) -> bytes:
        """Return 32 bytes that name `message` only to holders of the keyring.

        Always under version 1, the root: a MAC is looked up, so it must not change when the
        sealing key is rotated.
        """
        key = derive(self.versions[min(self.versions)], f"mac|{purpose}")
        return hmac.new(key, message, hashlib.sha256).digest()

    def fingerprint(self) -> str:
        """Return what the database remembers, so that a wrong keyring is refused at start."""
        return self.mac(b"peersupport", purpose="fingerprint").hex()[:32]


def _read(path: Path) -> Keyring:
    raw = keyfiles.read_private(path)
    try:
        data = json.loads(raw)
        versions = {
            int(n): base64.b64decode(key, validate=True) for n, key in data["versions"].items()
        }
        current = int(data["current"])
        good = data["format"] == 1 and current in versions
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeysUnusable(f"Key file {path.name} is malformed.") from None
    if not good or any(len(key) != 32 or n < 1 for n, key in versions.items()):
        raise KeysUnusable(f"Key file {path.name} is malformed.")
    return Keyring(current=current, versions=versions)


@lru_cache(maxsize=8)
def _keyring(directory: Path, name: str) -> Keyring:
    path = directory / name
    if settings.DEMO and not path.exists():
        keyfiles.write_private(path, keyfiles.new_keyring(), replace=False)
    return _read(path)


def keyring() -> Keyring:
    """Return the keyring of this process's side, read once.

    Raises KeysUnusable if the file is missing (outside the demo), malformed or open to others.
    """
    return care_keyring() if settings.PLANE == "care" else _keyring_named(keyfiles.KEYRING)


def care_keyring() -> Keyring:
    """Return the keyring of the care side, which the web side's hosts do not have.

    Raises KeysUnusable as `keyring` does.
    """
    return _keyring_named(keyfiles.CARE_KEYRING)


def _keyring_named(name: str) -> Keyring:
    return _keyring(Path(settings.KEYS_DIR), name)


def forget_keyring() -> None:
    """Read the keyring file anew at the next call (after a rotation, and in tests)."""
    _keyring.cache_clear()


def cache_key(key: str, prefix: str, version: int) -> str:
    """Return a cache key that names nobody: limits are counted by address, kept by MAC."""
    message = f"{prefix}:{version}:{key}".encode("utf-8", "surrogatepass")
    return keyring().mac(message, purpose="cache").hex()
