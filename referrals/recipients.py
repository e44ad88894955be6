"""To whom the web side seals: the newest key that the care side's pinned root has signed.

Whoever can write into the database can plant a key, edit one, or sign one with a root of their
own: it is passed by. They can take newer keys away, so that an older one is used: what is sealed
to it the care side still opens, as long as it has it, and nobody else.
"""

import base64
from datetime import date
from pathlib import Path

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from peersupport.core import keyfiles
from peersupport.core.keyfiles import KeysUnusable
from referrals.envelope import Recipient
from referrals.models import PublishedKey
from referrals.published import newest_genuine
from referrals.rules import NotSealed


def pinned_root() -> VerifyKey:
    """Return the care side's root as it is pinned on this host. Raises KeysUnusable."""
    raw = keyfiles.read_private(Path(settings.KEYS_DIR) / keyfiles.CARE_ROOT_PUB)
    try:
        return VerifyKey(base64.b64decode(raw, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise KeysUnusable(f"Key file {keyfiles.CARE_ROOT_PUB} is malformed.") from None


def _newest() -> PublishedKey | None:
    try:
        return newest_genuine(pinned_root())
    except KeysUnusable:
        return None


def recipients() -> list[Recipient]:
    """Return for whom to seal now. Raises NotSealed when the care side has no key here."""
    newest = _newest()
    if newest is None:
        raise NotSealed
    return [Recipient(bytes(newest.public))]


def is_ready() -> bool:
    """Return whether anything can be sealed on this host now."""
    return _newest() is not None


def sealed_to_since() -> date | None:
    """Return since when the key in use is in use; None if there is none."""
    newest = _newest()
    return newest.since if newest else None
