"""What a batch shares is looked up once for it, and soon anew."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from peersupport.core.outbox.batches import FRESH, in_hand, shared
from peersupport.core.outbox.models import Outgoing


def test_one_batch_asks_once_and_the_next_anew(evening: datetime) -> None:
    asked: list[int] = []

    def make(rows: Sequence[Outgoing]) -> int:
        asked.append(len(rows))
        return len(asked)

    first, second, same = Outgoing(), Outgoing(), timedelta(seconds=1)
    with in_hand() as hand:
        hand.rows = [first, second]
        assert shared(first, evening, "a", make) == 1
        hand.rows = [second]
        assert shared(second, evening + same, "a", make) == 1
        assert shared(second, evening + same, "b", make) == 2
        assert shared(second, evening + FRESH, "a", make) == 3
        assert shared(second, evening - same, "a", make) == 4  # the clock was set back
    assert shared(second, evening, "a", make) == 5
    with in_hand() as hand:
        hand.rows = [second]
        assert shared(second, evening, "a", make) == 6

    assert asked == [2, 1, 1, 1, 1, 1]


def test_one_that_breaks_the_look_up_breaks_its_own_alone(evening: datetime) -> None:
    rows = [Outgoing(recipient=uuid.uuid4()) for _ in range(3)]

    def make(some: Sequence[Outgoing]) -> int:
        if rows[1] in some:
            raise KeyError
        return len(some)

    with in_hand() as hand:
        hand.rows = rows
        assert shared(rows[0], evening, "a", make) == 1
        hand.rows = rows[1:]
        with pytest.raises(KeyError):
            shared(rows[1], evening, "a", make)
        hand.rows = rows[2:]
        assert shared(rows[2], evening, "a", make) == 1
