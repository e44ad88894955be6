"""Acting as one side of the program in PostgreSQL, as each process really does.

Every test acts as `web`. `@pytest.mark.plane("worker")` makes a whole test act as another side,
and `acting_as("worker")` a part of one. On SQLite both change nothing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from peersupport.core.sides import role_of

WEB = "web"


class _Acting(threading.local):
    """The side of this thread, and of the whole test where a thread has none of its own."""

    side: str | None = None


_here = _Acting()
_test: list[str | None] = [None]  # None between tests: the superuser that makes the database


def _take(wrapper: BaseDatabaseWrapper) -> None:
    side = _here.side or _test[0]
    with wrapper.cursor() as cursor:
        cursor.execute(f"SET ROLE {role_of(side)}" if side else "RESET ROLE")


def on_connect(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new connection, of whatever thread, the role of its test."""
    if connection.vendor == "postgresql":
        _take(connection)


def _retake() -> None:
    """Give this thread's open connection its role. A broken transaction does so when it ends."""
    if connection.vendor == "postgresql" and connection.connection is not None:
        try:
            _take(connection)
        except DatabaseError:
            if not connection.in_atomic_block:
                raise


@contextmanager
def whole_test_as(side: str) -> Iterator[None]:
    """Let a test and every thread that it starts act as a side."""
    _test[0] = side
    _retake()
    try:
        yield
    finally:
        _test[0] = None
        _retake()


@contextmanager
def acting_as(side: str) -> Iterator[None]:
    """Act as a side ("web", "care", "worker", "owner") until the block ends; this thread alone."""
    before, _here.side = _here.side, side
    _retake()
    try:
        yield
    finally:
        _here.side = before
        _retake()
