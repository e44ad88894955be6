"""What can still be said of somebody's own answers to events."""

import uuid
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from events import keys
from events.models import Event, Rsvp

_PLAIN = ("state", "number", "offer_until", "wants_mail", "came_by")
RSVP_FIELDS = frozenset(["event", "holder", *_PLAIN])


def my_rsvp_rows(person: uuid.UUID, now: datetime) -> list[dict[str, Any]]:
    """Return a person's answers, as long as the events remember them. Two queries."""
    rows = {row.pk: row for row in Event.objects.remembered(now)}
    tags = [key.tag(person) for key in keys.keys_of(rows.values(), now).values()]
    found = Rsvp.objects.filter(tag__in=tags).order_by("event__starts_at")
    return [_row(rsvp, rows[rsvp.event_id]) for rsvp in found]


def _row(rsvp: Rsvp, event: Event) -> dict[str, Any]:
    plain = {name: getattr(rsvp, name) for name in _PLAIN}
    return {"event": event.title, "holder": _("you"), **plain}
