"""Auditors: each app says again what ought to be on its way; what is missing is put back.

A message is queued in the transaction of the act it tells of, so nothing should ever be missing.
Where something is all the same (a restored table, a deleted row, a mistake of ours), the audit
queues it under its own key: what was said, dropped or given up is never queued a second time.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from peersupport.core.outbox import notes
from peersupport.core.outbox.models import Outgoing, Tombstone
from peersupport.core.outbox.services import enqueue, mark_of

_log = logging.getLogger(__name__)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """One message that ought to be due, or to have been said: as `enqueue` takes it."""

    kind: str
    key: str
    due_at: datetime
    expires_at: datetime
    recipient: UUID | None = None
    ref: bytes = b""


Auditor = Callable[[datetime], Iterable[Expected]]
_auditors: dict[str, Auditor] = {}


def register_auditor(name: str, auditor: Auditor) -> None:
    """Add an auditor. It reads, and returns what ought to be there now. Same name: replaced."""
    _auditors[name] = auditor


def audit(*, now: datetime) -> dict[str, int]:
    """Put back what is missing. Returns how many for each auditor; -1 for one that failed.

    Safe twice and at once: `enqueue` takes each key once. One auditor stops no other.
    """
    counts: dict[str, int] = {}
    for name, auditor in _auditors.items():
        try:
            counts[name] = sum(_repair(part, now) for part in _parts(auditor(now)))
        except Exception:
            _log.exception("an audit failed: %s", name)
            counts[name] = -1
        if counts[name]:
            _log.error("the audit %s put back %d messages", name, counts[name])
    notes.note_audit(now, sum(max(0, count) for count in counts.values()))
    return counts


def _parts(found: Iterable[Expected]) -> Iterable[list[Expected]]:
    part: list[Expected] = []
    for each in found:
        part.append(each)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    yield part


def _repair(part: list[Expected], now: datetime) -> int:
    """Queue what is neither on its way nor was said: two queries for all that is there."""
    wanted = {mark_of(each.kind, each.key): each for each in part if each.expires_at > now}
    known = _known(list(wanted), now)
    return sum(_queue(each, now) for mark, each in wanted.items() if mark not in known)


def _known(marks: list[bytes], now: datetime) -> set[bytes]:
    rows = Outgoing.objects.filter(key__in=marks).values_list("key", flat=True)
    stones = Tombstone.objects.filter(key__in=marks, until__gt=now).values_list("key", flat=True)
    return {bytes(key) for found in (rows, stones) for key in found}


def put(each: Expected, now: datetime) -> bool:
    """Queue one message in the caller's transaction, as the act that tells it does.

    What an auditor says again is made in the same place, so that it has the same key.
    """
    return enqueue(
        kind=each.kind,
        key=each.key,
        due_at=each.due_at,
        expires_at=each.expires_at,
        now=now,
        recipient=each.recipient,
        ref=each.ref,
    )


@transaction.atomic(durable=True)
def _queue(each: Expected, now: datetime) -> bool:
    return put(each, now)


def known_keys(kind: str, keys: Iterable[str], now: datetime) -> set[str]:
    """Return which messages of a kind are on their way or were said already: two queries."""
    marks = {mark_of(kind, key): key for key in keys}
    return {marks[mark] for mark in _known(list(marks), now)}
