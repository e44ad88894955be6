"""The same message to many people: put into the outbox together, and taken back together.

What a message is about stands in its `ref`, the same for everybody; the row names the recipient.
Flat in queries on PostgreSQL; SQLite takes so many values in one statement and no more.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
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
    marks = {mark_of(kind, key): person for person, key in keys.items()}
    asked, most = list(marks), _at_once()
    for first in range(0, len(asked), most):
        some = asked[first : first + most]
        known = Tombstone.objects.filter(key__in=some, until__gt=now)
        for mark in known.values_list("key", flat=True):
            marks.pop(bytes(mark), None)
    rank = rank_of(kind)
    rows = [
        Outgoing(
            kind=kind,
            key=mark,
            recipient=person,
            ref=ref,
            rank=rank,
            due_at=due_at,
            expires_at=expires_at,
        )
        for mark, person in marks.items()
    ]
    Outgoing.objects.bulk_create(rows, batch_size=most, ignore_conflicts=True)
    if rows and due_at <= now:
        transaction.on_commit(wake)
    return len(rows)


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
