"""Reads for calendars: what is public, one event, and what somebody has a place in."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.urls import reverse

from events import rules
from events.models import Event
from peersupport.core.ical import Entry

# An event that was is kept in calendars for as long as one that was cancelled.
_BACK = rules.CANCELLED_SHOWN
_FIELDS = ("pk", "title", "starts_at", "ends_at", "place", "state", "sequence", "facts_at")


@dataclass(frozen=True, slots=True)
class Announced:
    """What a calendar says of a public event."""

    id: uuid.UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    state: str
    sequence: int
    facts_at: datetime

    def entry(self) -> Entry:
        """Return its entry, under its own name: everybody may know of it."""
        return Entry(
            uid=str(self.id),
            title=self.title,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            changed_at=self.facts_at,
            sequence=self.sequence,
            place=self.place,
            link=settings.PUBLIC_URL.rstrip("/") + reverse("events:event", args=[self.id]),
            is_cancelled=self.state == rules.State.CANCELLED,
            is_private=False,
        )


def announced(now: datetime) -> list[Announced]:
    """Return the public events that calendars show, in their order: one query."""
    since = now - _BACK
    is_shown = Q(state=str(rules.State.PUBLISHED), ends_at__gt=since) | Q(
        state=str(rules.State.CANCELLED), cancelled_at__gt=since
    )
    # The begin has the index.
    near = Event.objects.public().filter(is_shown, starts_at__gt=since - rules.FARTHEST)
    return [Announced(*row) for row in near.order_by("starts_at", "pk").values_list(*_FIELDS)]


def version_of(rows: Sequence[Announced]) -> str:
    """Return what changes whenever anything in the calendar of these events does."""
    seen = hashlib.sha256(settings.PUBLIC_URL.encode())
    for row in rows:
        seen.update(repr(row).encode("utf-8", "surrogatepass"))
    return seen.hexdigest()[:32]


def changed_at() -> datetime | None:
    """Return when the facts of any event changed last, of those too that left the calendar."""
    found: datetime | None = Event.objects.aggregate(last=Max("facts_at"))["last"]
    return found
