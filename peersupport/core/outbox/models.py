"""Tables of the outbox."""

from collections.abc import Collection
from typing import Literal

from django.db import models
from django.db.models import Q

from peersupport.core import ids

# Kinds whose names begin so are the care side's: it alone composes and sends them.
CARE = "care."
# In which order messages go that are due: what cannot wait, what was asked for, what was not.
URGENT, ASKED, UNASKED = RANKS = (0, 1, 2)
Side = Literal["web", "care"]


def side_of(kind: str) -> Side:
    """Return the side of the program to which a kind of message belongs, known or not."""
    return "care" if kind.startswith(CARE) else "web"


class OutgoingSet(models.QuerySet["Outgoing"]):
    """Messages, by adjectives."""

    def of(self, sides: Collection[Side]) -> "OutgoingSet":
        """Those of these sides. Each side leaves what is the other's as it is."""
        if {"web", "care"} <= set(sides):
            return self
        if "care" in sides:
            return self.filter(kind__startswith=CARE)
        return self.exclude(kind__startswith=CARE) if "web" in sides else self.none()


class Outgoing(models.Model):
    """One message on its way. Messages about visits name no recipient: it is found at sending."""

    class State(models.TextChoices):
        """Where a message stands."""

        DUE = "due"
        SENT = "sent"
        DEAD = "dead"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    kind = models.CharField(max_length=40)
    key = models.BinaryField(max_length=32, unique=True)
    recipient = models.UUIDField(null=True)
    ref = models.BinaryField(default=b"")
    # Of its kind, at the moment it was put here: so that what is due is found in its order.
    rank = models.PositiveSmallIntegerField(default=ASKED, db_default=ASKED)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=60, blank=True, default="")
    message_id = models.UUIDField(default=ids.new_id)
    done_at = models.DateTimeField(null=True)

    objects = OutgoingSet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["due", "sent", "dead", "dropped"]),
                name="outbox_outgoing_state",
            ),
            models.CheckConstraint(condition=Q(rank__in=RANKS), name="outbox_outgoing_rank"),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True, lease_token__isnull=True)
                | Q(lease_until__isnull=False, lease_token__isnull=False),
                name="outbox_outgoing_lease_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["rank", "due_at"], condition=Q(state="due"), name="outbox_outgoing_turn"
            ),
            models.Index(
                fields=["kind", "error"], condition=Q(state="dead"), name="outbox_outgoing_dead"
            ),
            # What a lease is marked and given back by.
            models.Index(
                fields=["lease_token"],
                condition=Q(lease_token__isnull=False),
                name="outbox_outgoing_leased",
            ),
        ]


class Tombstone(models.Model):
    """A keyed mark that something was said; it outlives the message's row."""

    key = models.BinaryField(max_length=32, primary_key=True)
    until = models.DateTimeField(db_index=True)


class DrainRun(models.Model):
    """One row: how delivering goes. Its times are what the alarms are told by."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    # The last round that got through.
    last_at = models.DateTimeField(null=True)
    # The last round that the timer called, and not a wake-up.
    tick_at = models.DateTimeField(null=True)
    # What stops the rounds, and since when.
    trouble = models.CharField(max_length=12, blank=True, default="")
    trouble_at = models.DateTimeField(null=True)
    # The last audit, and how many messages it put back.
    audit_at = models.DateTimeField(null=True)
    repaired = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="outbox_drain_one_row")]
