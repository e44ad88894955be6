"""Sealing to the care side: what is sealed here, nothing on the web side can open.

A libsodium sealed box (X25519, XSalsa20-Poly1305) to one public key. The web side holds only
`care.pub`; `care.key` belongs on the care host. What carries a person's whereabouts is sealed a
second time under the day key by whoever keeps it, so that it is forgotten with the day.
"""

import base64
from pathlib import Path

from django.conf import settings
from nacl.public import PrivateKey, PublicKey, SealedBox

from peersupport.core import keyfiles
from peersupport.core.keyfiles import KeysUnusable

_BLOCK = 256


def create(directory: Path) -> bool:
    """Make the pair of key files if there is none. Returns whether this call made it."""
    secret = PrivateKey.generate()
    kept = keyfiles.write_private(
        directory / keyfiles.CARE_KEY, base64.b64encode(bytes(secret)), replace=False
    )
    if kept:
        public = base64.b64encode(bytes(secret.public_key))
        keyfiles.write_private(directory / keyfiles.CARE_PUB, public)
    return kept


def _public() -> PublicKey:
    raw = keyfiles.read_private(Path(settings.KEYS_DIR) / keyfiles.CARE_PUB)
    try:
        return PublicKey(base64.b64decode(raw, validate=True))
    except (ValueError, TypeError):
        raise KeysUnusable(f"Key file {keyfiles.CARE_PUB} is malformed.") from None


def is_ready() -> bool:
    """Return whether something can be sealed to the care side on this host."""
    try:
        _public()
    except KeysUnusable:
        return False
    return True


def seal(plain: bytes) -> bytes:
    """Return `plain`, padded to a multiple of 256 bytes, sealed to the care side.

    Raises KeysUnusable if this host has no care.pub.
    """
    filled = plain + b"\x80"
    filled += b"\0" * (-len(filled) % _BLOCK)
    return bytes(SealedBox(_public()).encrypt(filled))
