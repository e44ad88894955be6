"""What the messages of one batch share, looked up once for all of them.

A drain claims its batch under one lease, so the lease says what belongs together. Nothing is
kept for longer than some seconds: what is paused meanwhile is seen by the next batch.
"""

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from peersupport.core.outbox.models import Outgoing

Found = TypeVar("Found")
FRESH = timedelta(seconds=3)


class _Memory(threading.local):
    token: UUID | None = None
    at: datetime | None = None
    kept: dict[Hashable, Any] = {}


_memory = _Memory()


def shared(outgoing: Outgoing, now: datetime, key: Hashable, make: Callable[[], Found]) -> Found:
    """Return what `make` returned for another message of this batch, or make it now."""
    if outgoing.lease_token is None:
        return make()
    is_same = _memory.token == outgoing.lease_token and _memory.at is not None
    if not is_same or not timedelta() <= now - (_memory.at or now) < FRESH:
        _memory.token, _memory.at, _memory.kept = outgoing.lease_token, now, {}
    if key not in _memory.kept:
        _memory.kept[key] = make()
    found: Found = _memory.kept[key]
    return found
