"""What pages of the program say of events: when everything closes, and in a holiday."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import Person
from events.models import Event
from events.permissions import may_plan
from events.queries import around, plans
from events.services.closing import ticket
from events.views import plan_words as said
from program.calendars import Standing
from program.models import Holiday
from program.queries import facts


def shown(start: datetime, end: datetime, by: Person, now: datetime) -> dict[str, Any]:
    """Return what would go on in a closing, with what becomes of each if it is cancelled.

    Today's that have not begun are ticked beforehand: "everything" means them. Later ones, and
    one that people sit in at this moment, somebody has to tick.
    """
    zone = facts().zone
    rows = around.published(by, start, end)
    known = plans.read(rows)
    today = now.astimezone(zone).date()
    return {
        "rows": [
            {
                "ticket": ticket(row.pk, plans.mark_of([row], known)),
                "title": row.title,
                "when": said.short_when(row.starts_at, row.ends_at, zone),
                "told": said.told([row]),
                "is_ticked": row.starts_at > now and said.day_of(row, zone) == today,
                "address": _address(row, by),
            }
            for row in rows
        ],
        "shows_letter": said.is_anybody_told(rows),
    }


def in_holidays(
    days: Iterable[Holiday], by: Person, now: datetime
) -> dict[uuid.UUID, list[Standing]]:
    """Return the published events that lie in each of some holidays."""
    zone = facts().zone
    return {
        holiday: [
            Standing(
                row.title,
                said.short_when(row.starts_at, row.ends_at, zone),
                _address(row, by),
            )
            for row in rows
        ]
        for holiday, rows in around.in_holidays(days, by, now).items()
    }


def _address(row: Event, by: Person) -> str:
    name = "events:plan-event" if may_plan(by) else "events:event"
    return reverse(name, args=[row.pk])
