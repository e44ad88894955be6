"""Two lists on the care host, beside its keys and off the database, to which lines are only added.

`care-erased.log`: what was destroyed, as a keyed mark that says nothing without the keyring, and
which epochs' keys are gone. After an older copy of the database has been restored it says what
must not come back. `care-chain-head`: where the chain of openings ended, and on which day, so that
a chain cut short or written anew in the database shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from django.conf import settings

from peersupport.core import keyfiles
from peersupport.core.crypto import care_keyring
from peersupport.core.keyfiles import KeysUnusable

WHOLE, CONTENT, EPOCH = "whole", "content", "epoch"
SEALED, RESTORED = "sealed", "restored"
_END = "."


def _at(name: str, directory: Path | None = None) -> Path:
    return (directory or Path(settings.KEYS_DIR)) / name


def _lines(path: Path, parts: int) -> list[list[str]]:
    """Return the words of every line that ends as a whole one does.

    One that a crash cut short is passed by: what it was to say did not happen.
    """
    if not path.exists():
        return []
    found = [line.split(" ") for line in keyfiles.read_private(path).decode().splitlines()]
    whole = [words[:-1] for words in found if words[-1] == _END]
    if any(len(words) != parts for words in whole):
        raise KeysUnusable(f"{path.name} is malformed.")
    return whole


def _add(path: Path, *lines: str) -> None:
    keyfiles.append_private(path, "\n".join(f"{line} {_END}" for line in lines))


# -- what was destroyed ---------------------------------------------------------------------------


def mark_of(referral: UUID) -> str:
    """Return what stands for a referral in the ledger: only the care side can tell which."""
    return care_keyring().mac(referral.bytes, purpose="erased").hex()


def note_erased(referrals: Iterable[UUID], *, on: date, what: str = WHOLE) -> None:
    """Write down what is about to be destroyed: the whole referral, or its content alone."""
    lines = [f"{on.isoformat()} {what} {mark_of(one)}" for one in referrals]
    if lines:
        _add(_at(keyfiles.CARE_ERASED), *lines)


def erased() -> dict[str, str]:
    """Return what was destroyed of each mark: "whole" or "content"."""
    found: dict[str, str] = {}
    for _, what, mark in _lines(_at(keyfiles.CARE_ERASED), 3):
        if what in (WHOLE, CONTENT) and found.get(mark) != WHOLE:
            found[mark] = what
    return found


def note_gone(epoch: int, *, on: date, directory: Path | None = None) -> None:
    """Write down that the key of an epoch is about to be destroyed."""
    line = f"{on.isoformat()} {EPOCH} {epoch}"
    _add(_at(keyfiles.CARE_ERASED, directory), line)


def gone_epochs(directory: Path | None = None) -> frozenset[int]:
    """Return the epochs whose keys were destroyed: they must never come back."""
    lines = _lines(_at(keyfiles.CARE_ERASED, directory), 3)
    return frozenset(int(number) for _, what, number in lines if what == EPOCH)


# -- where the chain ended ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of the chain at some moment; or where it went on after a restore."""

    on: date
    what: str
    number: int
    hash: bytes


def heads() -> list[Head]:
    """Return every end the chain has had, in the order in which they were written."""
    return [
        Head(date.fromisoformat(on), what, int(number), bytes.fromhex(said))
        for on, what, number, said in _lines(_at(keyfiles.CARE_CHAIN_HEAD), 4)
    ]


def note_head(head: Head) -> None:
    """Add one end of the chain."""
    line = f"{head.on.isoformat()} {head.what} {head.number} {head.hash.hex()}"
    _add(_at(keyfiles.CARE_CHAIN_HEAD), line)
