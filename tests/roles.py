"""Acting as one side of the program in PostgreSQL, as each process really does.

Every test acts as `web`. `@pytest.mark.plane("worker")` makes a whole test act as another side,
and `acting_as("worker")` a part of one. On SQLite both change nothing.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from psycopg2 import Error

from accounts.services import people
from officehours import tasks
from officehours.services import forgetting, hours, planning, presence
from peersupport.core.datamap.services import forget_everything
from peersupport.core.outbox import delivery
from referrals.middleware import CARE
from reminders.services import planning as reminders

WEB = "web"
BY_SIDE = "tests.roles.BySide"
SUPERUSER = ""  # whom the tests connect as


class _Acting(threading.local):
    """The side of this thread, and of the whole test where a thread has none of its own."""

    side: str | None = None


_here = _Acting()
_test: list[str | None] = [None]  # None between tests: the superuser that makes the database


def _take(wrapper: BaseDatabaseWrapper) -> None:
    """Give an open connection its role, past whatever counts or breaks the queries of a test."""
    side = _test[0] if _here.side is None else _here.side
    with wrapper.connection.cursor() as cursor:
        cursor.execute(f"SET ROLE peersupport_{side}" if side else "RESET ROLE")


def on_connect(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new connection, of whatever thread, the role of its test."""
    if connection.vendor == "postgresql":
        _take(connection)


def _retake() -> None:
    """Give this thread's connection its role, if it has one that still lives.

    A transaction that is broken takes its role with it: the one of before comes back.
    """
    if connection.vendor != "postgresql" or connection.connection is None:
        return
    try:
        _take(connection)
    except Error:
        if not connection.in_atomic_block and not connection.connection.closed:
            raise


@contextmanager
def whole_test_as(side: str) -> Iterator[None]:
    """Let a test and every thread that it starts act as a side."""
    _test[0] = side
    try:
        _retake()
        yield
    finally:
        _test[0] = None
        _retake()


@contextmanager
def acting_as(side: str) -> Iterator[None]:
    """Act as a side until the block ends, in this thread alone.

    "web", "care", "worker", "owner", or SUPERUSER.
    """
    before, _here.side = _here.side, side
    try:
        _retake()
        yield
    finally:
        _here.side = before
        _retake()


@contextmanager
def no_triggers() -> Iterator[None]:
    """Act as a superuser for whom no trigger is an obstacle, until the block ends."""
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            try:
                yield
            finally:
                cursor.execute("SET session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        there = cursor.fetchall()
        for name, _sql in there:
            cursor.execute(f"DROP TRIGGER {name}")
        try:
            yield
        finally:
            for _name, sql in there:
                cursor.execute(sql)


def clear_openings() -> None:
    """Empty the table that SQLite keeps full: Django empties tables row by row there."""
    from referrals.models import Opening

    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        rows = Opening.objects.all()
        if rows.exists():
            with no_triggers():
                rows._raw_delete(rows.db)


class BySide:
    """For both sides in one process: each address is answered with the rights of its own side."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_as("care" if request.path_info.startswith(CARE) else WEB):
            return self.get_response(request)


# What the worker does, done as the worker does it.
drain = acting_as("worker")(delivery.drain)
tick = acting_as("worker")(tasks.tick)
extend_horizon = acting_as("worker")(hours.extend_horizon)
forget_visits = acting_as("worker")(forgetting.forget_visits)
keep_closed = acting_as("worker")(hours.keep_closed)
clear_holidays = acting_as("worker")(planning.clear_holidays)
close_ended = acting_as("worker")(presence.close_ended)
close_dark = acting_as("worker")(presence.close_dark)
mix_rows = acting_as("worker")(people.mix_rows)
plan_reminders = acting_as("worker")(reminders.plan)


def forget_all(now: datetime) -> dict[str, int]:
    """Forget what is due, as each side does for its own part; return all counts."""
    counts: dict[str, int] = {}
    for side in ("worker", "web"):
        with acting_as(side):
            counts |= forget_everything(now=now)
    return counts
