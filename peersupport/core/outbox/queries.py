"""Reads of the outbox: numbers only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.kinds import own_sides
from peersupport.core.outbox.models import DrainRun, Outgoing

# Three rounds of the timer and half a minute: what is older has stopped.
STALE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Health:
    """How the outbox does."""

    last_drain_at: datetime | None
    oldest_due_at: datetime | None
    dead: int
    tick_at: datetime | None = None
    trouble: str = ""
    trouble_at: datetime | None = None
    audit_at: datetime | None = None
    repaired: int = 0


def health(now: datetime) -> Health:
    """Return the last drain, the oldest message that is due and not sent, and how many failed.

    Of this process's own side. The care side notes no drains: its clock tells of them.
    """
    counted = own_sides()
    run = DrainRun.objects.filter(pk=1).first() if "web" in counted else None
    totals = Outgoing.objects.of(counted).aggregate(
        oldest=Min("due_at", filter=Q(state="due", due_at__lte=now)),
        dead=Count("pk", filter=Q(state="dead")),
    )
    if run is None:
        return Health(None, totals["oldest"], totals["dead"])
    return Health(
        run.last_at,
        totals["oldest"],
        totals["dead"],
        run.tick_at,
        run.trouble,
        run.trouble_at,
        run.audit_at,
        run.repaired,
    )


def _is_stale(moment: datetime | None, now: datetime) -> bool:
    return moment is None or abs(now - moment) > STALE


def alarm(found: Health, now: datetime) -> str:
    """Return what is wrong with delivering, as a word; nothing if all is well.

    A clock that was set back makes notes of the future: those count as old, not as new.
    """
    if _is_stale(found.tick_at, now):
        return "timer"
    if found.trouble in (Trouble.CREDENTIALS, Trouble.REFUSING):
        return found.trouble
    if _is_stale(found.last_drain_at, now):
        return str(Trouble.SERVER) if found.trouble else "rounds"
    return ""


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """Messages of one kind that failed in one way: how many. Never whose."""

    kind: str
    error: str
    count: int


def dead_groups() -> list[DeadGroup]:
    """Return what could not be delivered, by kind and class of error: one query."""
    dead = Outgoing.objects.of(own_sides()).filter(state=Outgoing.State.DEAD)
    rows = dead.values_list("kind", "error").annotate(count=Count("pk"))
    return [DeadGroup(*row) for row in rows.order_by("kind", "error")]
