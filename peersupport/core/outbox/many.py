"""The same message to many people: put into the outbox together, and taken back together.

What a message is about stands in its `ref`, the same for everybody; the row names the recipient.
Flat in queries on PostgreSQL; SQLite takes so many values in one statement and no more.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from peersupport.core.outbox.kinds import rank_of
from peersupport.core.outbox.models import Outgoing, Tombstone
from peersupport.core.outbox.services import mark_of
from peersupport.core.outbox.wake import wake

_MANY, _FEW = 20_000, 500


def _at_once() -> int:
    return _MANY if connection.vendor == "postgresql" else _FEW


def enqueue_many(
    *,
    kind: str,
    keys: Mapping[uuid.UUID, str],
    ref: bytes,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> int:
    """Put one message to each of many people into the outbox, in the caller's transaction.

    `keys` names the logical message to each recipient, as `enqueue` does: each is said once.
    Returns to how many it was not said before.
    """
    return _put(
        [
            Outgoing(
                kind=kind,
                key=mark_of(kind, key),
                recipient=person,
                ref=ref,
                rank=rank_of(kind),
                due_at=due_at,
                expires_at=expires_at,
            )
            for person, key in keys.items()
        ],
        now,
    )


@dataclass(frozen=True, slots=True)
class Nameless:
    """One message whose row names nobody: its `ref` is all that leads to whom it goes to."""

    kind: str
    key: str
    ref: bytes
    due_at: datetime
    expires_at: datetime


def enqueue_nameless(messages: Sequence[Nameless], *, now: datetime) -> int:
    """Put messages of any kinds whose recipients are found at sending into the outbox.

    In the caller's transaction, each said once. Returns how many were not said before.
    """
    return _put(
        [
            Outgoing(
                kind=each.kind,
                key=mark_of(each.kind, each.key),
                ref=each.ref,
                rank=rank_of(each.kind),
                due_at=each.due_at,
                expires_at=each.expires_at,
            )
            for each in messages
        ],
        now,
    )


def _put(rows: list[Outgoing], now: datetime) -> int:
    """Insert what was not said before: two queries."""
    marks, most = [row.key for row in rows], _at_once()
    said: set[bytes] = set()
    for first in range(0, len(marks), most):
        some = marks[first : first + most]
        known = Tombstone.objects.filter(key__in=some, until__gt=now)
        said.update(bytes(mark) for mark in known.values_list("key", flat=True))
    new = [row for row in rows if row.key not in said]
    Outgoing.objects.bulk_create(new, batch_size=most, ignore_conflicts=True)
    if any(row.due_at <= now for row in new):
        transaction.on_commit(wake)
    return len(new)


def is_known(kind: str, key: str, now: datetime) -> bool:
    """Return whether a logical message is on its way or was said: two queries at most."""
    mark = mark_of(kind, key)
    return (
        Outgoing.objects.filter(key=mark).exists()
        or Tombstone.objects.filter(key=mark, until__gt=now).exists()
    )


def waiting_for(kind: str, ref: bytes) -> set[uuid.UUID]:
    """Return to whom a message is on its way: one query."""
    rows = Outgoing.objects.filter(kind=kind, ref=ref, recipient__isnull=False)
    return {one for one in rows.values_list("recipient", flat=True) if one is not None}


def waiting_refs(kinds: Collection[str]) -> set[tuple[str, bytes]]:
    """Return what messages of some kinds that have not gone yet are about: one query."""
    due = Outgoing.objects.filter(kind__in=kinds, state=Outgoing.State.DUE)
    return {(kind, bytes(ref)) for kind, ref in due.values_list("kind", "ref").distinct()}


def take_back(kind: str, refs: Iterable[bytes]) -> int:
    """Take what has not gone yet out of the outbox, as if it had never been there.

    A message that a worker has in hand stays: it is looked at once more before it goes.
    """
    waiting = Outgoing.objects.filter(
        kind=kind, ref__in=list(refs), state=Outgoing.State.DUE, lease_until__isnull=True
    )
    return int(waiting.delete()[0])


def ask_again(kind: str, refs: Iterable[bytes], now: datetime) -> int:
    """Let what waits for a later moment be asked about now: what it waits for may have changed."""
    waiting = Outgoing.objects.filter(
        kind=kind,
        ref__in=list(refs),
        state=Outgoing.State.DUE,
        lease_until__isnull=True,
        due_at__gt=now,
    )
    return waiting.update(due_at=now)
