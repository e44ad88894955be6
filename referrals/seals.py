"""That a row of the care side is genuine: a MAC under a keyring that only the care side has.

Whoever can write into the database, and has no code running on the care host, can make no
counselor, give nobody a role, and swap no passkey: the row then has no seal that fits. Nor can
they put back an older row that was genuine once, such as that of a counselor who was ended: seals
that no longer hold are listed in a file on the care host, to which lines are only added.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from peersupport.core import keyfiles
from peersupport.core.crypto import care_keyring
from referrals.models import Counselor, Passkey

RETIRED = "care-retired.log"
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def _mac(purpose: str, *parts: object) -> bytes:
    said = "\0".join(str(part) for part in parts)
    return care_keyring().mac(said.encode(), purpose=purpose)


def seal_of(counselor: Counselor) -> bytes:
    """Return the seal of a counselor's row as it now is."""
    return _mac(
        "counselor",
        *(counselor.pk, counselor.email, counselor.role, counselor.state),
        *(counselor.confirmed_by, counselor.confirmed_on, counselor.epoch),
    )


def passkey_seal(passkey: Passkey) -> bytes:
    """Return the seal of a passkey's row as it now is."""
    credential = bytes(passkey.credential).hex()
    return _mac("passkey", passkey.pk, passkey.counselor_id, credential, int(passkey.is_confirmed))


def _is_right(kept: bytes | memoryview, right: bytes) -> bool:
    return hmac.compare_digest(bytes(kept), right) and _retired_mark(right) not in _retired()


def is_genuine(counselor: Counselor) -> bool:
    """Return whether the care side itself wrote this row, and has not changed it since."""
    return _is_right(counselor.seal, seal_of(counselor))


def is_genuine_passkey(passkey: Passkey) -> bool:
    """Return whether the care side itself wrote this row, and has not changed it since."""
    return _is_right(passkey.seal, passkey_seal(passkey))


# -- what was genuine once ------------------------------------------------------------------------


def _retired_mark(seal: bytes) -> str:
    return _mac("retired", bytes(seal).hex()).hex()


def _place() -> Path:
    return Path(settings.KEYS_DIR) / RETIRED


def _retired() -> frozenset[str]:
    try:
        found = _place().stat()
    except FileNotFoundError:
        return frozenset()
    return _read(_place(), found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> frozenset[str]:
    return frozenset(keyfiles.read_private(path).decode().split())


def retire(seals: Iterable[bytes]) -> None:
    """Let rows with these seals never be genuine again, once this transaction has committed.

    Afterwards, since a transaction that fails leaves the row as it was.
    """
    lines = "\n".join(_retired_mark(seal) for seal in seals)
    if lines:
        transaction.on_commit(partial(keyfiles.append_private, _place(), lines))


def fingerprint(credential: bytes) -> str:
    """Return what two people compare: twelve letters and figures that no other passkey has."""
    number = int.from_bytes(hashlib.sha256(credential).digest())
    letters = []
    for _ in range(12):
        number, place = divmod(number, len(_READABLE))
        letters.append(_READABLE[place])
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))
