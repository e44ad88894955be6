"""Two workers at once, many letters: one a week for each person, in a few queries a batch."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Person
from bench.counting import counted
from peersupport.core.outbox import kinds
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from reminders.services import governor
from tests.people import cast
from tests.reminders.ground import campaign, ledger, marks, milestone, put_in_class, students
from tests.roles import drain, plan_reminders
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.fixture
def crowd(evening: datetime) -> list[Person]:
    return list(cast(evening).values())[:5]


@pytest.fixture(autouse=True)
def nudge() -> Iterator[str]:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter | None:
        return kinds.Letter(f"{row.recipient}@school.example", "s", "t", "<p>t</p>")

    kinds.register(kinds.Kind(name="nudge", asked=False, compose=compose))
    yield "nudge"
    kinds._kinds.pop("nudge")


def _put(people: Iterable[Person]) -> None:
    with transaction.atomic():
        for person in people:
            enqueue(
                kind="nudge",
                key=str(uuid.uuid4()),
                due_at=NOON,
                expires_at=NOON + timedelta(days=1),
                now=NOON,
                recipient=person.pk,
            )


def _two_workers(monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    """Let each claim its share, and both read that nothing was said before either writes."""
    both, real = Barrier(2), governor._write

    def write(*args: Any) -> None:
        both.wait(20)
        real(*args)

    monkeypatch.setattr(governor, "_write", write)

    def work(_number: int) -> int:
        try:
            return int(drain(now=lambda: NOON, limit=share).sent)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))


def test_of_two_letters_to_each_at_two_workers_one_goes(
    crowd: list[Person], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In opposite orders, so that two who wait for each other in a ring would be seen."""
    _put(crowd)
    _put(reversed(crowd))

    _two_workers(monkeypatch, len(crowd))

    assert Counter(Counter(sink.accepted).values()) == {1: len(crowd)}
    assert len(marks()) == len(crowd)
    assert ledger() == {("went", "fine"): len(crowd), ("dropped", "week"): len(crowd)}


def test_control_without_the_guard_both_go(
    crowd: list[Person], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governor, "reserve", lambda rows: {row.pk for row in rows})
    _put(crowd)
    _put(reversed(crowd))

    _two_workers(monkeypatch, len(crowd))

    assert Counter(Counter(sink.accepted).values()) == {2: len(crowd)}


def _sent(number: int, first: int) -> int:
    """Send a campaign to so many people; return the queries that took."""
    from accounts.models import RosterEntry

    for key in students(number, NOON, first=first):
        one = Person.objects.get(pk=key)
        put_in_class(one, f"class {first}")
    assert RosterEntry.objects.filter(class_name=f"class {first}").count() == number
    milestone("Anatomy", date(2026, 11, 27), class_name=f"class {first}")
    plan_reminders(now=NOON - timedelta(hours=20))
    with counted(connection) as count:
        assert drain(now=lambda: NOON).sent == number
    return count[0]


def test_a_governed_letter_costs_its_mark_and_no_query_more(sink: Sink) -> None:
    campaign()
    few, many = _sent(10, 0), _sent(60, 1000)

    each = (many - few) / 50
    assert each <= (1 if connection.vendor == "postgresql" else 6), (few, many)
    assert few <= 10 * (1 if connection.vendor == "postgresql" else 6) + 50
