"""Receipts: sixteen digits by which somebody finds what they asked for without an account.

What is kept is a mark: a MAC, under the keyring, of what Argon2id makes of the digits. A stolen
database alone tells nothing; with the keyring beside it, each guess costs a tenth of a second.
"""

import secrets
from threading import BoundedSemaphore

from argon2.low_level import Type, hash_secret_raw

from peersupport.core.crypto import derive, keyring

DIGITS = 16
_GROUP = 4
_PURPOSE = "receipt"
# Argon2id: 64 MiB, three passes. Two at once at most, so that many who ask at the same time take
# turns and do not take the memory of the host.
_MEMORY_KIB, _PASSES = 64 * 1024, 3
_AT_ONCE = BoundedSemaphore(2)


def of(secret: bytes) -> str:
    """Return the receipt that belongs to 32 random bytes: the same at every call."""
    number = int.from_bytes(derive(secret, _PURPOSE), "big") % 10**DIGITS
    digits = f"{number:0{DIGITS}d}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, DIGITS, _GROUP))


def new() -> str:
    """Return a fresh receipt, in groups of four digits."""
    return of(secrets.token_bytes(32))


def _digits(text: str) -> str:
    """Return the digits as they are worked on; what is no receipt becomes one that never was."""
    bare = "".join(text.replace("-", "").replace(".", "").split())
    is_one = len(bare) == DIGITS and bare.isascii() and bare.isdigit()
    return bare if is_one else "x" * DIGITS


def mark(text: str) -> bytes:
    """Return the mark of a receipt, however its digits are grouped.

    Takes the same work for anything that is none, whose mark no row has.
    """
    with _AT_ONCE:
        stretched = hash_secret_raw(
            _digits(text).encode(),
            salt=keyring().mac(b"salt", purpose=_PURPOSE)[:16],
            time_cost=_PASSES,
            memory_cost=_MEMORY_KIB,
            parallelism=1,
            hash_len=32,
            type=Type.ID,
        )
    return keyring().mac(stretched, purpose=_PURPOSE)
