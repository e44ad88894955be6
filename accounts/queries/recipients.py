"""Whom messages go to, looked up once for a whole batch of them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from accounts.models import Person
from peersupport.core.outbox.batches import shared
from peersupport.core.outbox.models import Outgoing


def _people(rows: Sequence[Outgoing]) -> Mapping[uuid.UUID, Person]:
    """Return everybody whom rows name: one query."""
    named = {row.recipient for row in rows if row.recipient}
    found: dict[uuid.UUID, Person] = Person.objects.in_bulk(named) if named else {}
    return found


def named_in(outgoing: Outgoing, now: datetime) -> Person | None:
    """Return whom a message names, in use or not. No query but the first of a batch."""
    if outgoing.recipient is None:
        return None
    return shared(outgoing, now, "people", _people).get(outgoing.recipient)


def recipient_of(outgoing: Outgoing, now: datetime) -> Person | None:
    """Return whom a message goes to; None if it names nobody, or somebody who is gone."""
    person = named_in(outgoing, now)
    return person if person is not None and person.is_active else None
