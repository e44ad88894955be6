"""In which order what is due goes, with one worker: nothing urgent waits behind a campaign."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bench.counting import counted
from peersupport.core import ids
from peersupport.core.outbox import delivery, kinds, marks
from peersupport.core.outbox.delivery import drain
from peersupport.core.outbox.models import ASKED, UNASKED, URGENT, Outgoing
from peersupport.core.outbox.services import enqueue, mark_of
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("worker"),
]
RANKS = {"guards": URGENT, "asked-for": ASKED, "letter": UNASKED}
_URGENT, _ASKED, _CAMPAIGN = RANKS


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter:
        return kinds.Letter(bytes(row.ref).decode(), "You have a message", "text", "<p>")

    for name, rank in RANKS.items():
        kinds.register(
            kinds.Kind(name, asked=rank != UNASKED, always=rank == URGENT, compose=compose)
        )
    yield
    for name in RANKS:
        kinds._kinds.pop(name)


def _campaign(now: datetime, count: int) -> None:
    Outgoing.objects.bulk_create(
        Outgoing(
            kind=_CAMPAIGN,
            key=mark_of(_CAMPAIGN, str(number)),
            ref=f"c{number}@school.example".encode(),
            rank=UNASKED,
            due_at=now - timedelta(hours=1),
            expires_at=now + timedelta(days=1),
        )
        for number in range(count)
    )


def _put(now: datetime, kind: str, to: str) -> None:
    with transaction.atomic():
        enqueue(
            kind=kind,
            key=f"{kind}|{to}",
            due_at=now,
            expires_at=now + timedelta(hours=1),
            now=now,
            ref=to.encode(),
        )


def _place(sink: Sink, address: str) -> int:
    return sink.accepted.index(address)


def test_a_kind_says_its_rank_and_its_rows_keep_it(evening: datetime) -> None:
    for kind in RANKS:
        _put(evening, kind, "s@school.example")

    assert dict(Outgoing.objects.values_list("kind", "rank")) == RANKS
    care = kinds.Kind(name="care.word", asked=True, compose=lambda row, now: None)
    assert (care.rank, kinds.rank_of("nobody knows it")) == (URGENT, ASKED)


def test_what_cannot_wait_goes_before_a_whole_campaign(sink: Sink, evening: datetime) -> None:
    _campaign(evening, 2000)
    _put(evening, _ASKED, "ana@school.example")
    _put(evening, _URGENT, "dee@school.example")

    drain(now=lambda: evening, limit=marks.BATCH)

    assert sink.accepted[:2] == ["dee@school.example", "ana@school.example"]
    assert len(sink.accepted) > 2


def test_control_without_ranks_it_would_wait(sink: Sink, evening: datetime) -> None:
    _campaign(evening, 300)
    _put(evening, _URGENT, "dee@school.example")
    Outgoing.objects.update(rank=UNASKED)

    drain(now=lambda: evening)

    assert _place(sink, "dee@school.example") == 300


def test_what_comes_during_a_campaign_goes_with_the_next_batch(
    sink: Sink, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _campaign(evening, 3 * marks.BATCH)
    real = delivery._Round.deliver

    def deliver(turn: Any, row: Outgoing, token: Any) -> None:
        if turn.result.sent == 10 and row.kind == _CAMPAIGN:
            _put(evening, _URGENT, "dee@school.example")
        real(turn, row, token)

    monkeypatch.setattr(delivery._Round, "deliver", deliver)
    drain(now=lambda: evening)

    assert _place(sink, "dee@school.example") <= marks.BATCH
    assert len(sink.accepted) == 3 * marks.BATCH + 1


def test_a_slow_server_does_not_keep_it_waiting_for_a_whole_batch(
    sink: Sink, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that takes long gives back what is left of it."""
    monkeypatch.setattr(delivery, "SLOW", 0.3)
    _campaign(evening, 30)
    real = delivery._Round.deliver

    def deliver(turn: Any, row: Outgoing, token: Any) -> None:
        if turn.result.sent == 1:
            _put(evening, _URGENT, "dee@school.example")
        if row.kind == _CAMPAIGN and turn.result.sent < 10:
            time.sleep(0.05)
        real(turn, row, token)

    monkeypatch.setattr(delivery._Round, "deliver", deliver)
    drain(now=lambda: evening)

    assert _place(sink, "dee@school.example") <= 8
    assert len(set(sink.accepted)) == len(sink.accepted) == 31


def test_nothing_starves_however_much_is_urgent(sink: Sink, evening: datetime) -> None:
    """Of each batch a part is for those below."""
    _campaign(evening, 50)
    for number in range(2 * marks.BATCH):
        _put(evening, _URGENT, f"u{number}@school.example")
    _put(evening, _ASKED, "ana@school.example")

    drain(now=lambda: evening, limit=marks.BATCH)

    first = [to[0] for to in sink.accepted]
    assert first.count("a") == 1
    assert first.count("c") >= 10
    assert first.count("u") == marks.BATCH - 20


def test_what_the_others_do_not_need_is_used(evening: datetime) -> None:
    """A batch is whole where there is only one rank, and so are its last few messages."""
    for number in range(marks.BATCH + 7):
        _put(evening, _ASKED, f"s{number}@school.example")

    taken = [len(marks.claim(now=evening)[1]) for _turn in range(2)]

    assert taken == [marks.BATCH, 7]


def test_claiming_stays_flat_however_many_wait(evening: datetime) -> None:
    """Those planned for later, and those that others hold, are not gone through."""
    counts = []
    for size in (10, 1000):
        Outgoing.objects.all().delete()
        _campaign(evening, size)
        Outgoing.objects.update(due_at=evening + timedelta(days=1))
        _put(evening, _ASKED, "ana@school.example")
        with counted(connection) as count:
            _token, rows = marks.claim(now=evening)
        assert [row.kind for row in rows] == [_ASKED]
        counts.append(count[0])

    assert counts[0] == counts[1] <= 6


def test_whoever_lost_the_lease_hands_over_nothing_more(
    sink: Sink, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker has claimed all: each is said once, but for the one just accepted."""
    for number in range(5):
        _put(evening, _ASKED, f"s{number}@school.example")
    real, theirs = marks.sent, ids.new_id()

    def sent(*args: Any, **more: Any) -> bool:
        if not taken:
            taken.append(1)
            until = evening + marks.LEASE
            Outgoing.objects.update(lease_token=theirs, lease_until=until)
        return real(*args, **more)

    taken: list[int] = []
    monkeypatch.setattr(marks, "sent", sent)
    drain(now=lambda: evening)
    assert len(sink.accepted) == 1
    assert set(Outgoing.objects.values_list("lease_token", flat=True)) == {theirs}

    drain(now=lambda: evening + marks.LEASE)

    assert sorted(set(sink.accepted)) == [f"s{number}@school.example" for number in range(5)]
    assert len(sink.accepted) == 6
