"""After an older copy of the database was restored: what had been erased is erased again."""

from dataclasses import dataclass
from datetime import datetime

from referrals.services import chain, destroying, rotation


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back and was destroyed again, and what it can no longer open."""

    wholes: int
    contents: int
    epochs: tuple[int, ...]
    wrapped: int
    closed: int
    chain_goes_on_from: int


def restore(*, now: datetime) -> Restored:
    """Replay the ledger, refuse epochs that are gone, publish, wrap on, and go on with the chain.

    Safe to run twice.
    """
    epochs = rotation.refuse_gone()
    wholes, contents = destroying.destroy_again()
    rotation.publish()
    wrapped, closed = rotation.rewrap()
    return Restored(wholes, contents, tuple(epochs), wrapped, closed, chain.note_restored(now=now))
