"""That a row of the care side is genuine: a MAC under a keyring that only the care side has.

Whoever can write into the database, and has no code running on the care host, can make no
counselor, give nobody a role, and swap no passkey: the row then has no seal that fits.
"""

import hashlib
import hmac

from peersupport.core.crypto import care_keyring
from referrals.models import Counselor, Passkey

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


def is_genuine(counselor: Counselor) -> bool:
    """Return whether the care side itself wrote this row."""
    return hmac.compare_digest(bytes(counselor.seal), seal_of(counselor))


def is_genuine_passkey(passkey: Passkey) -> bool:
    """Return whether the care side itself wrote this row."""
    return hmac.compare_digest(bytes(passkey.seal), passkey_seal(passkey))


def fingerprint(credential: bytes) -> str:
    """Return what two people compare: twelve letters and figures that no other passkey has."""
    number = int.from_bytes(hashlib.sha256(credential).digest())
    letters = []
    for _ in range(12):
        number, place = divmod(number, len(_READABLE))
        letters.append(_READABLE[place])
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))
