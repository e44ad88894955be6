"""Events: what is on, when, for how many. They know nobody who comes.

Who comes is sealed under a key of the event, and that key under a day key: once the ratchet has
moved past the day, nobody can tell any more, in any copy. docs/decisions/0031-who-comes.md.
"""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from events import rules
from events.models.choices import choices, one_of
from peersupport.core import ids


class Series(models.Model):
    """The rule by which the dates of a series were made. Its dates are events of their own."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    every_weeks = models.PositiveSmallIntegerField(default=1)
    first_on = models.DateField()
    last_on = models.DateField()
    starts = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(every_weeks__gte=1, every_weeks__lte=8), name="events_series_weeks"
            ),
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="events_series_days"
            ),
        ]


class EventSet(models.QuerySet["Event"]):
    """Adjectives of events."""

    def on(self) -> "EventSet":
        """Events that are published and not cancelled."""
        return self.filter(state=str(rules.State.PUBLISHED))

    def shown(self) -> "EventSet":
        """Events that people may see: published, or cancelled after that."""
        return self.exclude(state=str(rules.State.DRAFT))

    def ahead(self, now: datetime) -> "EventSet":
        """Events that are not over."""
        return self.filter(ends_at__gt=now)

    def public(self) -> "EventSet":
        """Events that everybody may know of."""
        return self.filter(visibility=str(rules.Visibility.PUBLIC), is_sensitive=False)

    def remembered(self, now: datetime) -> "EventSet":
        """Events of which it is still known who comes: every read of that begins here."""
        return self.filter(forget_at__gt=now, is_forgotten=False)

    def due_to_forget(self, now: datetime) -> "EventSet":
        """Events whose people must be forgotten now."""
        return self.filter(forget_at__lte=now, is_forgotten=False)


class Event(models.Model):
    """One event, on one date. `taken` counts places held; every write to it holds the row."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    series = models.ForeignKey(Series, null=True, on_delete=models.PROTECT, related_name="dates")
    # Which date of the series it is, whatever day it was moved to.
    series_on = models.DateField(null=True)
    kind = models.CharField(max_length=10, choices=choices(rules.Kind))
    title = models.CharField(max_length=80)
    words = models.TextField(blank=True)  # Markdown, as it was written
    led_by = models.CharField(max_length=120, blank=True)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=120, blank=True)
    link = models.URLField(max_length=300, blank=True)
    access = models.CharField(max_length=300, blank=True)
    visibility = models.CharField(max_length=10, choices=choices(rules.Visibility))
    is_sensitive = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=choices(rules.State), default=str(rules.State.DRAFT)
    )
    cancelled_at = models.DateTimeField(null=True)

    # Places. Without `capacity` everybody finds one and nobody waits. `places` is `capacity`, or
    # more for as long as more hold one than a capacity lowered afterwards: nobody is put out.
    capacity = models.PositiveSmallIntegerField(null=True)
    places = models.PositiveSmallIntegerField(null=True)
    taken = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    next_number = models.PositiveIntegerField(default=1)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)

    # Totals of attendance: counted by a host, or at the door without a name.
    heads = models.PositiveSmallIntegerField(null=True)
    walk_ins = models.PositiveIntegerField(default=0)
    came = models.PositiveIntegerField(default=0)

    # What calendars are told: raised only when the facts in a calendar change.
    sequence = models.PositiveIntegerField(default=0)
    facts_at = models.DateTimeField()

    # The event's key, sealed under the day key of `key_day`; emptied at `forget_at`.
    key_day = models.DateField()
    key = models.BinaryField(null=True)
    forget_at = models.DateTimeField(db_index=True)
    is_forgotten = models.BooleanField(default=False)

    objects = EventSet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", rules.Kind, "events_event_kind"),
            one_of("visibility", rules.Visibility, "events_event_visibility"),
            one_of("state", rules.State, "events_event_state"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="events_event_times"
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True, places__isnull=True, waiting=0)
                | Q(capacity__gte=1, places__gte=F("capacity")),
                name="events_event_places",
            ),
            models.CheckConstraint(
                condition=Q(places__isnull=True) | Q(taken__lte=F("places")),
                name="events_event_never_overfull",
            ),
            models.CheckConstraint(
                condition=Q(is_sensitive=False) | ~Q(visibility=str(rules.Visibility.PUBLIC)),
                name="events_event_sensitive_is_not_public",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True)
                | Q(closes_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
                name="events_event_window",
            ),
            models.CheckConstraint(
                condition=Q(state=str(rules.State.CANCELLED), cancelled_at__isnull=False)
                | ~Q(state=str(rules.State.CANCELLED)) & Q(cancelled_at__isnull=True),
                name="events_event_cancelled_has_time",
            ),
            models.CheckConstraint(
                condition=Q(is_forgotten=False, key__isnull=False)
                | Q(is_forgotten=True, key__isnull=True),
                name="events_event_forgotten_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=True, series_on__isnull=True)
                | Q(series__isnull=False, series_on__isnull=False),
                name="events_event_of_series",
            ),
            models.UniqueConstraint(fields=["series", "series_on"], name="events_event_once"),
        ]

    def free_for_new(self, now: datetime) -> int | None:
        """Return how many places whoever taps now may take. None: there is always one.

        None of them while anybody waits, except in the last minutes: then a free place is
        whoever's taps first.
        """
        if self.capacity is None:
            return None
        if self.waiting and not rules.is_free_for_all(self.starts_at, now):
            return 0
        return max(self.capacity - self.taken, 0)


class Invited(models.Model):
    """Whom an event is for: a class, or a rotation group of one. An event without is for all."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="invited")
    class_name = models.CharField(max_length=40)
    rotation = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "class_name", "rotation"], name="events_invited_once"
            )
        ]


class Host(models.Model):
    """Somebody of the program who runs an event on the day and sees its list."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="hosts")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hosting"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "person"], name="events_host_once")
        ]
