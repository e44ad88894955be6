"""The key store of the care host: the root that signs, and the secret keys of the epochs.

An epoch is a quarter of a year. Content is sealed to the newest epoch's key; the one before stays,
for what has not been wrapped anew; older ones are destroyed. The store lies outside the database
and its backups, so that destroying a key here ends every old copy of what was sealed to it.

Only `services/opening.py` and `services/rotation.py` may import this module (pyproject.toml).
Nothing is cached: a process that kept a destroyed key in memory would break the promise.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.db import transaction
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from peersupport.core import careseal, keyfiles
from peersupport.core.crypto import CannotOpen
from peersupport.core.keyfiles import KeysUnusable
from referrals import care_ledger
from referrals.envelope import Recipient, recipient_of
from referrals.models import PublishedKey
from referrals.published import is_genuine, signed

EPOCH = timedelta(days=91)  # a quarter of a year
# A key is kept so long after its successor came: what ended before that is destroyed by then.
KEPT = timedelta(days=90)
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """A secret key, its number, since when content is sealed to it. Its repr shows no key."""

    number: int
    since: date
    secret: bytes = field(repr=False)

    @property
    def recipient(self) -> Recipient:
        """The public half, for which envelopes are made."""
        return recipient_of(self.secret)


def _place(directory: Path | None) -> Path:
    return directory or Path(settings.KEYS_DIR)


def _encode(epochs: list[Epoch]) -> bytes:
    rows = [
        {
            "epoch": one.number,
            "since": one.since.isoformat(),
            "secret": base64.b64encode(one.secret).decode(),
        }
        for one in epochs
    ]
    return json.dumps({"format": _FORMAT, "epochs": rows}).encode()


def _decoded(raw: bytes) -> list[Epoch] | None:
    try:
        said = json.loads(raw)
        found = [
            Epoch(
                int(row["epoch"]),
                date.fromisoformat(row["since"]),
                base64.b64decode(row["secret"], validate=True),
            )
            for row in said["epochs"]
        ]
        is_good = said["format"] == _FORMAT and all(len(one.secret) == 32 for one in found)
    except (ValueError, KeyError, TypeError):
        return None
    numbers = [one.number for one in found]
    is_rising = numbers == sorted(set(numbers)) and min(numbers, default=1) >= 1
    return found if is_good and is_rising and found else None


def _new_epoch(number: int, since: date) -> Epoch:
    return Epoch(number, since, bytes(PrivateKey.generate()))


# -- making and reading ---------------------------------------------------------------------------


def create(directory: Path, now: datetime) -> bool:
    """Make every key file of the care side that is missing; replace none, also in a race.

    Returns whether this call made the root.
    """
    seed = base64.b64encode(bytes(SigningKey.generate()))
    made = keyfiles.write_private(directory / keyfiles.CARE_ROOT_KEY, seed, replace=False)
    public = base64.b64encode(bytes(root(directory).verify_key))
    keyfiles.write_private(directory / keyfiles.CARE_ROOT_PUB, public, replace=False)
    first = _encode([_new_epoch(1, now.date())])
    keyfiles.write_private(directory / keyfiles.CARE_EPOCHS, first, replace=False)
    ring = keyfiles.new_keyring()
    keyfiles.write_private(directory / keyfiles.CARE_KEYRING, ring, replace=False)
    careseal.create(directory)
    return made


def root(directory: Path | None = None) -> SigningKey:
    """Return the key that signs what is published. Raises KeysUnusable."""
    raw = keyfiles.read_private(_place(directory) / keyfiles.CARE_ROOT_KEY)
    try:
        return SigningKey(base64.b64decode(raw, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise KeysUnusable(f"Key file {keyfiles.CARE_ROOT_KEY} is malformed.") from None


def epochs(directory: Path | None = None) -> list[Epoch]:
    """Return the epochs of the store, oldest first.

    One that the ledger knows as destroyed is refused, whatever copy of the file it came back in.
    Raises KeysUnusable if the file is missing, malformed, open to others, or holds none but those.
    """
    found = _decoded(keyfiles.read_private(_place(directory) / keyfiles.CARE_EPOCHS))
    gone = care_ledger.gone_epochs(_place(directory))
    left = [one for one in found or [] if one.number not in gone]
    if not left:
        raise KeysUnusable(f"Key file {keyfiles.CARE_EPOCHS} is malformed, or its keys are gone.")
    return left


def current(directory: Path | None = None) -> Epoch:
    """Return the epoch to which content is sealed now."""
    return epochs(directory)[-1]


def secrets(directory: Path | None = None) -> dict[str, bytes]:
    """Return the secret keys by the name of their recipient, newest first."""
    return {one.recipient.name: one.secret for one in reversed(epochs(directory))}


def check() -> None:
    """Raise KeysUnusable unless every secret file of the store can be used."""
    root()
    epochs()
    _contact_key()


def open_contact_box(sealed: bytes) -> bytes:
    """Return what `core.careseal.seal` sealed on the web side. Raises CannotOpen."""
    plain = _unsealed(sealed)
    if plain is None:
        raise CannotOpen
    return plain


def _contact_key() -> PrivateKey:
    raw = keyfiles.read_private(_place(None) / keyfiles.CARE_KEY)
    try:
        return PrivateKey(base64.b64decode(raw, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise KeysUnusable(f"Key file {keyfiles.CARE_KEY} is malformed.") from None


def _unsealed(sealed: bytes) -> bytes | None:
    secret = _contact_key()
    try:
        bare = bytes(SealedBox(secret).decrypt(sealed)).rstrip(b"\0")
    except (CryptoError, ValueError, TypeError):
        return None
    return bare[:-1] if bare.endswith(b"\x80") else None


# -- changing -------------------------------------------------------------------------------------


def _change(make: Callable[[list[Epoch]], list[Epoch]], directory: Path | None) -> None:
    path = _place(directory) / keyfiles.CARE_EPOCHS
    with keyfiles.locked(path):
        keyfiles.overwrite_private(path, _encode(make(epochs(directory))))


def begin_epoch(
    now: datetime, *, after: int, above: int = 0, directory: Path | None = None
) -> bool:
    """Add a new epoch to the store, numbered above any other. Returns whether this call did.

    `after` is the number of the epoch it follows: of two who begin one at once, one does.
    """
    made: list[Epoch] = []

    def add(found: list[Epoch]) -> list[Epoch]:
        if found[-1].number != after:
            return found
        gone = max(care_ledger.gone_epochs(_place(directory)), default=0)
        made.append(_new_epoch(max(after, above, gone) + 1, now.date()))
        return [*found, *made]

    _change(add, directory)
    return bool(made)


def outdated(now: datetime, directory: Path | None = None) -> list[Epoch]:
    """Return the epochs whose keys may go: older than the previous, succeeded 90 days ago."""
    found = epochs(directory)
    return [one for one, successor in pairwise(found[:-1]) if successor.since + KEPT <= now.date()]


def destroy_epoch(epoch: Epoch, *, now: datetime, directory: Path | None = None) -> None:
    """Destroy the key of an epoch for good: first the ledger says so, then its bytes go."""
    care_ledger.note_gone(epoch.number, on=now.date(), directory=_place(directory))
    _change(lambda found: [one for one in found if one.number != epoch.number], directory)


def purge_gone(directory: Path | None = None) -> list[int]:
    """Overwrite the keys of epochs that are gone and lie in the file again; return which."""
    path = _place(directory) / keyfiles.CARE_EPOCHS
    raw = _decoded(keyfiles.read_private(path)) or []
    back = sorted({one.number for one in raw} & care_ledger.gone_epochs(_place(directory)))
    if back:
        _change(lambda found: found, directory)
    return back


def publish() -> int:
    """Publish the keys of the store, signed, and nothing else. Returns how many rows were written.

    Rows that the root has not signed are taken away, and so are those whose key is not here:
    nobody could open what is sealed to them.
    """
    signing = root()
    wanted = {
        one.number: signed(signing, epoch=one.number, public=one.recipient.public, since=one.since)
        for one in epochs()
    }
    with transaction.atomic(durable=True):
        good = {
            row.epoch
            for row in PublishedKey.objects.all()
            if is_genuine(row, signing.verify_key)
            and row.epoch in wanted
            and bytes(row.public) == bytes(wanted[row.epoch].public)
        }
        PublishedKey.objects.exclude(epoch__in=good).delete()
        new = [row for number, row in wanted.items() if number not in good]
        PublishedKey.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
