"""Writing the audit, and ending what is older than two years."""

from datetime import datetime, timedelta

from django.db import transaction

from peersupport.core.actors import Actor
from peersupport.core.audit.models import Entry

KEPT = timedelta(days=730)


class Anonymous(Exception):
    """An act without an actor cannot be recorded, so it must not happen."""


def record(
    *, by: Actor, verb: str, thing: str, thing_id: str, now: datetime, note: str = ""
) -> Entry:
    """Write one row in the caller's transaction, so that act and row stand or fall together."""
    if not by.actor_id:
        raise Anonymous
    return Entry.objects.create(
        at=now,
        actor_id=by.actor_id,
        actor_label=by.actor_label,
        verb=verb,
        thing=thing,
        thing_id=thing_id,
        note=note,
    )


@transaction.atomic(durable=True)
def forget_old(*, now: datetime) -> int:
    """Delete entries older than two years. Returns how many."""
    old = Entry.objects.filter(at__lt=now - KEPT)
    return int(old._raw_delete(old.db))
