"""What the messages of one batch share, looked up once for all of them.

A worker has its batch in hand in one thread. What gates and composers need of the database they
ask for here, for every message that is still in hand: one query where there were fifty. Nothing is
kept for longer than some seconds, so what is paused or unwished meanwhile is seen soon.
"""

import logging
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError

from peersupport.core.outbox.models import Outgoing

_log = logging.getLogger(__name__)
Found = TypeVar("Found")
FRESH = timedelta(seconds=3)


class Batch(threading.local):
    """The messages that this thread has in hand, and what was looked up for them."""

    rows: Sequence[Outgoing] = ()
    at: datetime | None = None
    kept: dict[Hashable, Any] = {}


_hand = Batch()


@contextmanager
def in_hand() -> Iterator[Batch]:
    """Begin a batch. Whoever delivers it says what is left in its `rows` as it goes."""
    _hand.rows, _hand.at, _hand.kept = (), None, {}
    try:
        yield _hand
    finally:
        _hand.rows, _hand.at, _hand.kept = (), None, {}


def shared(
    outgoing: Outgoing,
    now: datetime,
    key: Hashable,
    make: Callable[[Sequence[Outgoing]], Found],
) -> Found:
    """Return what `make` returned for this batch some seconds ago at most, or make it now.

    `make` gets every message in hand, this one among them. If it fails over one of them it is
    asked for this one alone: a message that cannot be made stops nobody else.
    """
    if not any(row is outgoing for row in _hand.rows):
        return make([outgoing])
    if _hand.at is None or not timedelta() <= now - _hand.at < FRESH:
        _hand.at, _hand.kept = now, {}
    if key not in _hand.kept:
        try:
            _hand.kept[key] = make(_hand.rows)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            if len(_hand.rows) == 1:
                raise
            _log.warning("a batch is looked up one by one")
            return make([outgoing])
    found: Found = _hand.kept[key]
    return found
