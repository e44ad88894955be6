"""Reads of the outbox: numbers only."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from peersupport.core.outbox.kinds import own_sides
from peersupport.core.outbox.models import DrainRun, Outgoing


@dataclass(frozen=True, slots=True)
class Health:
    """How the outbox does."""

    last_drain_at: datetime | None
    oldest_due_at: datetime | None
    dead: int


def health(now: datetime) -> Health:
    """Return the last drain, the oldest message that is due and not sent, and how many failed.

    Of this process's own side. The care side notes no drains: its clock tells of them.
    """
    counted = own_sides()
    last = None
    if "web" in counted:
        last = DrainRun.objects.filter(pk=1).values_list("last_at", flat=True).first()
    totals = Outgoing.objects.of(counted).aggregate(
        oldest=Min("due_at", filter=Q(state="due", due_at__lte=now)),
        dead=Count("pk", filter=Q(state="dead")),
    )
    return Health(last, totals["oldest"], totals["dead"])
