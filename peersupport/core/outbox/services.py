"""Putting messages into the outbox, and forgetting delivered ones."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from peersupport.core.crypto import keyring
from peersupport.core.outbox.kinds import own_sides, rank_of
from peersupport.core.outbox.models import Outgoing, Tombstone, side_of
from peersupport.core.outbox.wake import wake

TOMBSTONE = timedelta(days=400)
KEPT = timedelta(days=7)


def mark_of(kind: str, key: str) -> bytes:
    """Return the keyed mark of a logical message: it names nobody without the keyring.

    Its first bit says whose message it is, so that PostgreSQL can show each side its own marks
    alone, and neither can take one that the other will need (peersupport/portal/grants.py).
    """
    first, *rest = keyring().mac(key.encode(), purpose="outbox-key")
    return bytes([first | 0x80 if side_of(kind) == "care" else first & 0x7F, *rest])


def enqueue(
    *,
    kind: str,
    key: str,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
    recipient: uuid.UUID | None = None,
    ref: bytes = b"",
) -> bool:
    """Put one message into the outbox, in the caller's transaction.

    `key` names the logical message: it is said once, even after its row is gone. Returns whether
    this call put it there. A worker is woken after the commit.
    """
    mark = mark_of(kind, key)
    if Tombstone.objects.filter(key=mark, until__gt=now).exists():
        return False
    row = Outgoing(
        kind=kind,
        key=mark,
        recipient=recipient,
        ref=ref,
        rank=rank_of(kind),
        due_at=due_at,
        expires_at=expires_at,
    )
    Outgoing.objects.bulk_create([row], ignore_conflicts=True)
    if not Outgoing.objects.filter(pk=row.pk).exists():
        return False
    transaction.on_commit(wake)
    return True


@transaction.atomic(durable=True)
def forget_delivered(*, now: datetime) -> int:
    """Delete rows a week after they ended and marks whose time is over. Returns how many rows.

    Of this process's own side.
    """
    ours = Outgoing.objects.of(own_sides())
    ended = ours.exclude(state=Outgoing.State.DUE).filter(done_at__lte=now - KEPT)
    for mark in ended.values_list("key", flat=True):
        stone = Tombstone(key=bytes(mark), until=now + TOMBSTONE)
        Tombstone.objects.bulk_create([stone], ignore_conflicts=True)
    count = ended.delete()[0]
    Tombstone.objects.filter(until__lte=now).delete()
    return count


@transaction.atomic(durable=True)
def retry_dead(*, names: Collection[str], error: str, by: Actor, now: datetime) -> int:
    """Try again what was given up, unless it would come too late. Returns how many."""
    dead = Outgoing.objects.filter(state=Outgoing.State.DEAD, kind__in=names, error=error)
    count = dead.filter(expires_at__gt=now).update(
        state=Outgoing.State.DUE, due_at=now, attempts=0, error="", done_at=None
    )
    _record("retry messages", error, count, by, now)
    transaction.on_commit(wake)
    return count


@transaction.atomic(durable=True)
def drop_dead(*, names: Collection[str], error: str, by: Actor, now: datetime) -> int:
    """Let go what was given up: its mark stays, so that it is not said later. Returns how many."""
    dead = Outgoing.objects.filter(state=Outgoing.State.DEAD, kind__in=names, error=error)
    rows = list(dead.values_list("pk", "key"))
    stones = [Tombstone(key=bytes(key), until=now + TOMBSTONE) for _pk, key in rows]
    Tombstone.objects.bulk_create(stones, ignore_conflicts=True)
    count = dead.filter(pk__in=[pk for pk, _key in rows]).delete()[0]
    _record("let messages go", error, count, by, now)
    return count


def _record(verb: str, error: str, count: int, by: Actor, now: datetime) -> None:
    note = f"{error}: {count}"
    record(by=by, verb=verb, thing="messages", thing_id="undelivered", note=note, now=now)
