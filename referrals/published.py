"""Keys of the care side as it publishes them: signed by its root, believed by nothing else.

Both sides need the same words here: the care side signs them, the web side checks them under the
root's public half, which lies pinned on its own host.
"""

import struct
from datetime import date

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from referrals.models import PublishedKey

_KEY, _SIGNATURE = 32, 64
_SAID = b"peersupport|care key|1|"


def statement(epoch: int, public: bytes, since: date) -> bytes:
    """Return what the root signs: which key, of which epoch, since when."""
    return _SAID + struct.pack(">QI", epoch, since.toordinal()) + public


def signed(root: SigningKey, *, epoch: int, public: bytes, since: date) -> PublishedKey:
    """Return the row of a key, signed."""
    signature = root.sign(statement(epoch, public, since)).signature
    return PublishedKey(epoch=epoch, public=public, signature=signature, since=since)


def is_genuine(row: PublishedKey, root: VerifyKey) -> bool:
    """Return whether the care side's root has signed this row as it stands."""
    public, signature = bytes(row.public), bytes(row.signature)
    if len(public) != _KEY or len(signature) != _SIGNATURE:
        return False
    try:
        root.verify(statement(row.epoch, public, row.since), signature)
    except CryptoError:
        return False
    return True


def newest_genuine(root: VerifyKey) -> PublishedKey | None:
    """Return the newest key that the root has signed. What else lies in the table is passed by."""
    rows = PublishedKey.objects.order_by("-epoch")
    return next((row for row in rows if is_genuine(row, root)), None)
