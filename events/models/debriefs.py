"""Asking for a group debrief: a named person is asked, and makes a private event of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from events.models.events import Event
from peersupport.core import ids


class Taker(models.Model):
    """Somebody of the program who can be asked for a debrief, and what they say of themselves."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="takes_debriefs"
    )
    about = models.CharField(max_length=200, blank=True)

    @property
    def name(self) -> str:
        """What they are called. Asks the database unless the person is at hand."""
        return self.person.called or self.person.email


class Request(models.Model):
    """What a team asks for, sealed with the keyring for the person who was asked."""

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked"
        TAKEN = "taken"  # the private event is `event`
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    request_key = models.UUIDField(unique=True, default=ids.new_id)
    taker = models.ForeignKey(Taker, null=True, on_delete=models.SET_NULL, related_name="asked")
    # A mark by which who asked finds it; who that is; and which team, what would help and when it
    # suits, which the worker may not read.
    tag = models.BinaryField(max_length=32, db_index=True)
    holder = models.BinaryField()
    sealed = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_on = models.DateField()
    forget_at = models.DateTimeField(db_index=True)
    event = models.OneToOneField(
        Event, null=True, on_delete=models.SET_NULL, related_name="debrief_of"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "taken", "declined", "withdrawn"]),
                name="events_request_state",
            ),
            # Whoever waits for somebody's answer does not ask them again.
            models.UniqueConstraint(
                fields=["tag", "taker"],
                condition=Q(state="asked"),
                name="events_request_open_once",
            ),
        ]
