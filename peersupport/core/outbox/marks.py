"""Marking messages: claimed under a lease, ended, put back. Each mark asks for the lease."""

import random
import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from peersupport.core import ids
from peersupport.core.outbox import kinds
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.models import RANKS, Outgoing, OutgoingSet, Tombstone
from peersupport.core.outbox.services import TOMBSTONE

BATCH = 100
# So many of a batch are for each lower rank, if it has any.
_FOR_THE_OTHERS = 10
# Far longer than one message takes with every step into the mail server's time-out, since it is
# renewed between messages; short enough that what a killed worker held goes out soon.
LEASE = timedelta(minutes=3)
RENEW = LEASE / 2
# No live lease is that long: it is from before the clock was set back. Two hosts' clocks may
# differ by less.
IMPOSSIBLE = 2 * LEASE
MOST_ATTEMPTS = 8
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
_FREE = {"lease_until": None, "lease_token": None}
# One statement, and one turn to the database, for what `_bury` does in five.
_END = """
WITH gone AS (
    DELETE FROM outbox_outgoing WHERE id = %s AND lease_token = %s RETURNING key
), stone AS (
    INSERT INTO outbox_tombstone (key, until) SELECT key, %s FROM gone ON CONFLICT DO NOTHING
)
SELECT count(*) FROM gone
"""


def claim(*, now: datetime, limit: int = BATCH) -> tuple[uuid.UUID, list[Outgoing]]:
    """Take up to `limit` due messages of this side for this worker alone, until the lease ends.

    What cannot wait comes first, yet a part of each batch is for the ranks below: whatever there
    is of the one, the other goes on as well.
    """
    token, until = ids.new_id(), now + LEASE
    picked: list[Outgoing] = []
    cut = False
    with transaction.atomic(durable=True):
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        due = Outgoing.objects.of(kinds.own_sides()).filter(
            free | Q(lease_until__gt=now + IMPOSSIBLE),
            state=Outgoing.State.DUE,
            due_at__lte=now,
        )
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        for rank in RANKS:
            kept = _FOR_THE_OTHERS * (len(RANKS) - 1 - rank)
            most = max(limit - kept, 1) - len(picked)
            if most > 0:
                found = list(due.filter(rank=rank).order_by("due_at")[:most])
                cut = cut or len(found) == most
                picked += found
        taken = [row.pk for row in picked]
        if cut and len(picked) < limit:
            # What was kept for the others, and they do not need.
            more = due.exclude(pk__in=taken).order_by("rank", "due_at")[: limit - len(picked)]
            picked += more
            taken = [row.pk for row in picked]
        if taken:
            Outgoing.objects.filter(pk__in=taken).update(lease_until=until, lease_token=token)
    return token, picked


def renew(token: uuid.UUID, now: datetime) -> set[uuid.UUID]:
    """Hold what is still ours for longer. Returns which; the others somebody else has claimed."""
    mine = Outgoing.objects.filter(lease_token=token)
    mine.update(lease_until=now + LEASE)
    return set(mine.values_list("pk", flat=True))


def release(token: uuid.UUID) -> None:
    """Give back whatever of a claim is not ended."""
    Outgoing.objects.filter(lease_token=token).update(**_FREE)


def sent(row: Outgoing, token: uuid.UUID, now: datetime, *, keep: bool) -> bool:
    """End one that was accepted: leave the mark, then the row or nothing.

    Returns whether the lease was still ours. Else it is somebody else's, and stays as it is.
    """
    if keep:
        return bool(_mine(row, token).update(state=Outgoing.State.SENT, done_at=now, **_FREE))
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(_END, [row.pk, token, now + TOMBSTONE])
            return bool(cursor.fetchone()[0])
    with transaction.atomic():
        return _bury(row, token, now)


def drop(row: Outgoing, token: uuid.UUID, now: datetime, *, keep: bool) -> None:
    """End one that says nothing any more, if the lease is ours; whoever counts it is told."""
    state = Outgoing.State.DROPPED
    with transaction.atomic():
        if keep:
            is_ended = _mine(row, token).update(state=state, done_at=now, **_FREE)
        else:
            is_ended = _bury(row, token, now)
        if is_ended:
            kinds.tell_unsaid(row, state, now)


def _bury(row: Outgoing, token: uuid.UUID, now: datetime) -> bool:
    if not _mine(row, token).delete()[0]:
        return False
    stone = Tombstone(key=bytes(row.key), until=now + TOMBSTONE)
    Tombstone.objects.bulk_create([stone], ignore_conflicts=True)
    return True


def later(row: Outgoing, token: uuid.UUID, trouble: Trouble, now: datetime) -> bool:
    """Put one message back with a longer wait. False: it was the last attempt, and it is dead."""
    if row.attempts + 1 >= MOST_ATTEMPTS:
        dead(row, token, trouble, now)
        return False
    wait = min(_FIRST_WAIT * 2**row.attempts, _LONGEST_WAIT)
    wait *= 0.75 + random.random() / 2  # noqa: S311 - spreads retries, guards nothing
    attempts = F("attempts") + 1
    _mine(row, token).update(due_at=now + wait, error=str(trouble), attempts=attempts, **_FREE)
    return True


def hold(row: Outgoing, token: uuid.UUID, until: datetime) -> None:
    """Put one message back without counting it as an attempt."""
    _mine(row, token).update(due_at=until, **_FREE)


def dead(row: Outgoing, token: uuid.UUID, trouble: Trouble, now: datetime) -> None:
    """Give one message up; it stays to be seen, and whoever counts it is told."""
    state = Outgoing.State.DEAD
    attempts = F("attempts") + 1
    with transaction.atomic():
        given_up = _mine(row, token).update(
            state=state, error=str(trouble), attempts=attempts, done_at=now, **_FREE
        )
        if given_up:
            kinds.tell_unsaid(row, state, now)


def _mine(row: Outgoing, token: uuid.UUID) -> OutgoingSet:
    return Outgoing.objects.filter(pk=row.pk, lease_token=token)
