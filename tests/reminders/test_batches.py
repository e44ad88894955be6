"""What a batch shares is looked up once for it, and soon anew."""

import uuid
from datetime import datetime, timedelta

from peersupport.core.outbox.models import Outgoing
from reminders.queries.batches import FRESH, shared


def test_one_batch_asks_once_and_the_next_anew(evening: datetime) -> None:
    asked: list[int] = []

    def make() -> int:
        asked.append(1)
        return len(asked)

    one, same, other = uuid.uuid4(), timedelta(seconds=1), uuid.uuid4()
    first = Outgoing(lease_token=one)

    assert [shared(first, evening, "a", make), shared(first, evening + same, "a", make)] == [1, 1]
    assert shared(first, evening + same, "b", make) == 2
    assert shared(first, evening + FRESH, "a", make) == 3
    assert shared(Outgoing(lease_token=other), evening, "a", make) == 4
    assert shared(Outgoing(), evening, "a", make) == 5
