"""Who comes. Rows name nobody: `tag` and `holder` mean something only with the event's key."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from events import rules
from events.models.choices import choices, one_of
from events.models.events import Event
from peersupport.core import ids


class RsvpSet(models.QuerySet["Rsvp"]):
    """Adjectives of answers to an event."""

    def holding(self) -> "RsvpSet":
        """Answers that hold a place."""
        return self.filter(state__in=[str(s) for s in rules.HOLDS_PLACE])

    def live(self) -> "RsvpSet":
        """Answers of who still wants to come."""
        return self.filter(state__in=[str(s) for s in rules.LIVE])

    def over(self, now: datetime) -> "RsvpSet":
        """Offers that ran out and were not ended yet."""
        return self.filter(state=str(rules.Going.OFFERED), offer_until__lte=now)

    def in_line(self) -> "RsvpSet":
        """Answers that wait, the first one first."""
        return self.filter(state=str(rules.Going.WAITING)).order_by("number")


class Rsvp(models.Model):
    """One person's answer to one event; deleted when the event forgets."""

    class CameBy(models.TextChoices):
        """Who said that somebody came."""

        DOOR = "door"
        HOST = "host"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="rsvps")
    tag = models.BinaryField(max_length=32)
    holder = models.BinaryField()
    state = models.CharField(max_length=10, choices=choices(rules.Going))
    # The place in the line, for ever growing: lower is earlier.
    number = models.PositiveIntegerField(null=True)
    offer_until = models.DateTimeField(null=True)
    wants_mail = models.BooleanField(default=True)
    came_by = models.CharField(max_length=5, choices=CameBy.choices, blank=True, default="")
    # What they said of it afterwards, sealed; emptied when all that was said of it is counted.
    said = models.BinaryField(null=True)

    objects = RsvpSet.as_manager()

    class Meta:
        constraints = [
            one_of("state", rules.Going, "events_rsvp_state"),
            models.UniqueConstraint(fields=["event", "tag"], name="events_rsvp_once"),
            models.UniqueConstraint(fields=["event", "number"], name="events_rsvp_number_once"),
            models.CheckConstraint(
                condition=~Q(state=str(rules.Going.WAITING)) | Q(number__isnull=False),
                name="events_rsvp_waiting_has_number",
            ),
            models.CheckConstraint(
                condition=Q(state=str(rules.Going.OFFERED), offer_until__isnull=False)
                | ~Q(state=str(rules.Going.OFFERED)) & Q(offer_until__isnull=True),
                name="events_rsvp_offer_has_end",
            ),
        ]


class Said(models.Model):
    """How many said what of an event, in two taps each: written once for all who answered."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="said")
    question = models.CharField(max_length=10)
    answer = models.CharField(max_length=10)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "question", "answer"], name="events_said_once"
            )
        ]
