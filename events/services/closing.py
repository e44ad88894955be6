"""Cancelling, one by one, what would go on while everything is closed."""

import uuid
from collections.abc import Collection
from datetime import datetime

from accounts.models import Person
from events.planning_rules import ChangedMeanwhile
from events.rules import NotAllowed, NotAllowedFrom
from events.services import planning

_SEPARATOR = "."


def ticket(event: uuid.UUID, mark: str) -> str:
    """Return what a form sends back of an event that was shown as it stood."""
    return f"{event}{_SEPARATOR}{mark}"


def cancel_shown(*, tickets: Collection[str], by: Person, now: datetime) -> tuple[int, int]:
    """Cancel the events of these tickets, each in a transaction of its own, and tell people.

    One that has changed since it was shown stands as it was, and does not hinder the others.
    Returns how many are cancelled, and how many were left.
    """
    done = left = 0
    for each in dict.fromkeys(tickets):
        event, _separator, mark = each.partition(_SEPARATOR)
        try:
            planning.cancel(event=uuid.UUID(event), seen=mark, by=by, now=now)
            done += 1
        except (ValueError, NotAllowed, NotAllowedFrom, ChangedMeanwhile):
            left += 1
    return done, left
