"""Losing the keys and finding them again, tried with a copy of them and a sample of its own.

Nothing of what students sent is touched, and the store is only read. The copy lies beside the
keys, for its owner alone, and is overwritten and taken away at the end.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from peersupport.core import ids, keyfiles
from peersupport.core.crypto import CannotOpen
from peersupport.core.keyfiles import KeysUnusable
from referrals import care_keys, envelope
from referrals.content import Content, to_bytes
from referrals.envelope import Envelope
from referrals.models import Referral
from referrals.services import rotation

# What a sealed copy must hold for a restore; the ledger with it, so that nothing comes back.
COPIED = (
    keyfiles.CARE_ROOT_KEY,
    keyfiles.CARE_EPOCHS,
    keyfiles.CARE_KEYRING,
    keyfiles.CARE_KEY,
    keyfiles.CARE_ERASED,
    keyfiles.CARE_CHAIN_HEAD,
)
_MAY_BE_MISSING = {keyfiles.CARE_ERASED, keyfiles.CARE_CHAIN_HEAD}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rehearsal: what was tried, and whether it went as it must."""

    name: str
    is_good: bool


def rehearse(*, now: datetime, copy: Path | None = None) -> list[Step]:
    """Return every step: with the keys, without them, with the copy, after an epoch has gone.

    `copy` is a directory with the copy that a restore would really use; else one is made here.
    """
    sample, referral = to_bytes(Content(words="a rehearsal")), ids.new_id()
    box = envelope.seal(sample, referral=referral, recipients=[care_keys.current().recipient])

    def opens(directory: Path, one: Envelope = box) -> bool:
        try:
            keys = care_keys.secrets(directory)
            return envelope.open_envelope(one, referral=referral, secrets=keys) == sample
        except (CannotOpen, KeysUnusable):
            return False

    with _aside() as aside:
        empty, copied = aside / "lost", aside / "restored"
        empty.mkdir(mode=0o700)
        missing = _copy(copy or Path(settings.KEYS_DIR), copied)
        steps = [
            Step("with the keys the sample opens", opens(Path(settings.KEYS_DIR))),
            Step("without them it does not", not opens(empty)),
            Step("the copy is complete", not missing),
            Step("with the restored copy the sample opens", opens(copied)),
            Step("and so does everything that is live", not _closed_to(copied)),
        ]
        if not missing:
            steps += _an_epoch_goes(copied, now)
    return steps


def _closed_to(directory: Path) -> list[str]:
    """Return the codes of what opens here and does not open with the keys of a copy."""
    try:
        copied = care_keys.secrets(directory)
    except KeysUnusable:
        copied = {}
    live = Referral.objects.live().order_by("code")
    return [
        one.code for one in live if rotation.is_whole(one) and not rotation.is_whole(one, copied)
    ]


def _an_epoch_goes(directory: Path, now: datetime) -> list[Step]:
    """Let the copy live on for three quarters: what was wrapped on opens, what was not is gone."""
    plain, referral = b"a rehearsal", ids.new_id()
    first = care_keys.current(directory)
    old = envelope.seal(plain, referral=referral, recipients=[first.recipient])
    for _ in range(2):
        now += care_keys.EPOCH
        care_keys.begin_epoch(now, after=care_keys.current(directory).number, directory=directory)
    newest = care_keys.current(directory)
    wrap = envelope.wrap_for(
        old,
        referral=referral,
        secrets=care_keys.secrets(directory),
        to=newest.recipient,
    )
    before = (directory / keyfiles.CARE_EPOCHS).read_bytes()
    later = now + care_keys.KEPT + timedelta(days=1)
    for one in care_keys.outdated(later, directory):
        care_keys.destroy_epoch(one, now=later, directory=directory)

    def opens(one: Envelope) -> bool:
        try:
            keys = care_keys.secrets(directory)
            return envelope.open_envelope(one, referral=referral, secrets=keys) == plain
        except CannotOpen:
            return False

    carried = Envelope(old.blob, (wrap,))
    steps = [
        Step("after two more epochs the first one's key is destroyed", _is_gone(directory, first)),
        Step("what was wrapped on still opens", opens(carried)),
        Step("an old copy of the database no longer does", not opens(old)),
    ]
    keyfiles.write_private(directory / keyfiles.CARE_EPOCHS, before)
    return [*steps, Step("and does not, should the old file come back", not opens(old))]


def _is_gone(directory: Path, epoch: care_keys.Epoch) -> bool:
    return epoch.number not in {one.number for one in care_keys.epochs(directory)}


@contextmanager
def _aside() -> Iterator[Path]:
    place = Path(settings.KEYS_DIR) / f".rehearsal.{secrets.token_hex(8)}"
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        for path in place.rglob("*"):
            if path.is_file():
                path.write_bytes(b"\0" * path.stat().st_size)
        os.sync()
        shutil.rmtree(place)


def _copy(source: Path, target: Path) -> list[str]:
    """Copy what a restore needs. Returns the names of files that are missing."""
    target.mkdir(mode=0o700)
    missing = []
    for name in COPIED:
        path = source / name
        if path.exists():
            keyfiles.write_private(target / name, path.read_bytes())
        elif name not in _MAY_BE_MISSING:
            missing.append(name)
    return missing
