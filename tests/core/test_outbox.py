"""The outbox against a real mail server: once, in spite of refusals, deaths and two workers."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction

from peersupport.core import ids
from peersupport.core.outbox import kinds, marks
from peersupport.core.outbox.delivery import DrainResult, drain
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.models import Outgoing, Tombstone
from peersupport.core.outbox.services import enqueue, forget_delivered
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("worker"),
]


@pytest.fixture(autouse=True)
def _kind() -> None:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter | None:
        to = bytes(row.ref).decode()
        return None if to == "gone" else kinds.Letter(to, "You have a message", "text", "<p>")

    kinds.register(kinds.Kind(name="test", asked=True, compose=compose))
    kinds.register(kinds.Kind(name="kept", asked=True, compose=compose, keep_row=True))


def _put(now: datetime, to: str, *, key: str = "", kind: str = "test") -> bool:
    with transaction.atomic():
        return enqueue(
            kind=kind,
            key=key or to,
            due_at=now,
            expires_at=now + timedelta(hours=1),
            now=now,
            ref=to.encode(),
        )


def _drain(now: datetime) -> DrainResult:
    return drain(now=lambda: now)


def test_each_message_goes_once_over_one_connection(sink: Sink, evening: datetime) -> None:
    for n in range(20):
        _put(evening, f"s{n}@school.example")

    done = _drain(evening)

    assert done.sent == 20
    assert Counter(sink.accepted) == Counter(f"s{n}@school.example" for n in range(20))
    assert sink.connections == 1
    assert not Outgoing.objects.exists()


def test_a_delivered_message_is_never_said_again(sink: Sink, evening: datetime) -> None:
    _put(evening, "s@school.example", key="one")
    _drain(evening)

    assert not _put(evening, "s@school.example", key="one")
    assert not Outgoing.objects.exists()
    assert Tombstone.objects.count() == 1


def test_a_kept_row_goes_after_a_week_and_leaves_its_mark(sink: Sink, evening: datetime) -> None:
    _put(evening, "s@school.example", key="one", kind="kept")
    _drain(evening)
    assert Outgoing.objects.count() == 1

    forget_delivered(now=evening + timedelta(days=8))

    assert not Outgoing.objects.exists()
    assert not _put(evening + timedelta(days=8), "s@school.example", key="one", kind="kept")


def test_one_bad_address_stops_nobody_else(sink: Sink, evening: datetime) -> None:
    sink.refuse["s7@school.example"] = "550 no such mailbox"
    for n in range(20):
        _put(evening, f"s{n}@school.example")

    done = _drain(evening)

    assert (done.sent, done.dead) == (19, 1)
    assert Outgoing.objects.get().state == Outgoing.State.DEAD


def test_a_passing_refusal_is_tried_again_later_and_longer(sink: Sink, evening: datetime) -> None:
    sink.refuse["s@school.example"] = "451 try again later"
    _put(evening, "s@school.example")
    waits = []
    now = evening
    for _attempt in range(3):
        assert _drain(now).retried == 1
        due = Outgoing.objects.get().due_at
        waits.append(due - now)
        now = due

    assert timedelta(seconds=20) < waits[0] < waits[1] < waits[2]
    sink.refuse.clear()
    assert _drain(now).sent == 1
    assert sink.accepted == ["s@school.example"]


def test_after_the_last_attempt_it_is_dead_and_seen(sink: Sink, evening: datetime) -> None:
    sink.refuse["s@school.example"] = "451 try again later"
    _put(evening, "s@school.example")
    with mock.patch.object(kinds, "verdict", return_value="pass"):
        Outgoing.objects.update(
            attempts=marks.MOST_ATTEMPTS - 1, expires_at=evening + timedelta(days=9)
        )
        done = _drain(evening)

    assert done.dead == 1


def test_a_mail_server_that_is_gone_loses_nothing(settings: Any, evening: datetime) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    _put(evening, "s@school.example")

    done = _drain(evening)

    assert done.stopped_by == Trouble.SERVER
    row = Outgoing.objects.get()
    assert (row.state, row.attempts, row.lease_token) == (Outgoing.State.DUE, 0, None)


@pytest.mark.parametrize("why", ["expired", "nothing to say"])
def test_what_is_pointless_by_now_is_dropped(sink: Sink, evening: datetime, why: str) -> None:
    _put(evening, "gone" if why == "nothing to say" else "s@school.example")
    now = evening if why == "nothing to say" else evening + timedelta(hours=2)

    assert _drain(now).dropped == 1
    assert sink.accepted == []


def test_a_worker_that_dies_after_acceptance_repeats_one_at_most(
    sink: Sink, evening: datetime
) -> None:
    for n in range(10):
        _put(evening, f"s{n}@school.example")
    real, calls = marks.sent, iter(range(100))

    def dies(*args: Any, **more: Any) -> None:
        if next(calls) == 4:
            raise SystemExit
        real(*args, **more)

    with mock.patch.object(marks, "sent", dies), pytest.raises(SystemExit):
        _drain(evening)
    _drain(evening + marks.LEASE + timedelta(seconds=1))

    counts = Counter(sink.accepted)
    assert len(counts) == 10
    assert sum(counts.values()) <= 11


def _two_workers(evening: datetime) -> None:
    gate = Barrier(2)

    def work(_number: int) -> None:
        gate.wait()
        try:
            _drain(evening)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))


def test_two_workers_at_once_send_each_message_once(sink: Sink, evening: datetime) -> None:
    for n in range(120):
        _put(evening, f"s{n}@school.example")

    _two_workers(evening)

    assert Counter(Counter(sink.accepted).values()) == {1: 120}


def test_control_without_the_lease_two_workers_send_twice(sink: Sink, evening: datetime) -> None:
    for n in range(40):
        _put(evening, f"s{n}@school.example")
    gate, both = Barrier(2), ids.new_id()

    def greedy(*, now: datetime, limit: int) -> tuple[Any, list[Outgoing]]:
        rows = list(Outgoing.objects.filter(state="due")[:limit])
        Outgoing.objects.update(lease_token=both, lease_until=evening)
        if rows and len(rows) == 40:
            gate.wait(10)
        return both, rows

    with mock.patch.object(marks, "claim", greedy):
        _two_workers(evening)

    assert len(sink.accepted) > 40


def test_twenty_at_once_with_one_key_make_one_row(evening: datetime) -> None:
    gate = Barrier(20)

    def put(_number: int) -> bool:
        gate.wait()
        try:
            return _put(evening, "s@school.example", key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(put, range(20)))

    assert sum(done) == 1
    assert Outgoing.objects.count() == 1
