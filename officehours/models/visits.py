"""Visits. They know nobody.

`holder`, `name` and the rest are sealed under the visit's day key, and `claim_tag` is a name of
the holder that only that day's key can compute. docs/decisions/0002-claims.md.
"""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from officehours import rules
from officehours.models.choices import choices
from officehours.models.hours import Assignment, Shift
from peersupport.core import ids


class VisitSet(models.QuerySet["Visit"]):
    """Adjectives of visits."""

    def live(self) -> "VisitSet":
        """Visits that are still to come or going on."""
        return self.filter(state__in=[str(s) for s in rules.LIVE])

    def remembered(self, now: datetime) -> "VisitSet":
        """Visits whose people are still known: every read of a person's visit begins here."""
        return self.filter(forget_at__gt=now, is_forgotten=False)

    def due_to_forget(self, now: datetime) -> "VisitSet":
        """Visits whose people must be forgotten now."""
        return self.filter(forget_at__lte=now, is_forgotten=False)

    def holding_time(self) -> "VisitSet":
        """Visits whose booked time cannot be given to anybody else."""
        return self.filter(state__in=[str(s) for s in rules.HOLDS_TIME], starts_at__isnull=False)


class Visit(models.Model):
    """One talk, however it came about. Knows nobody: see the head of this file."""

    State = rules.VisitState

    class HolderKind(models.TextChoices):
        """What the holder is known by."""

        ACCOUNT = "account", _("an account")
        DOOR = "door", _("the door code")
        NOBODY = "nobody", _("nothing: added by the supporter")

    class EndedBy(models.TextChoices):
        """Who ended a visit before its talk."""

        STUDENT = "student", _("the student")
        MOVE = "move", _("the student, for another time")
        SUPPORTER = "supporter", _("the supporter")
        PROGRAM = "program", _("the program")
        SYSTEM = "system", _("the system")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="visits")
    assignment = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.PROTECT, related_name="visits"
    )
    way = models.CharField(max_length=12, choices=choices(rules.Way), default=rules.Way.IN_PERSON)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=choices(rules.VisitState))
    came_from = models.CharField(max_length=12, blank=True, default="")
    changed_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=12, choices=EndedBy.choices, blank=True, default="")
    request_key = models.UUIDField(default=ids.new_id)
    # The place in the line of its shift: lower is earlier. Kept while called, so that who was
    # called by mistake goes back to the same place.
    line_rank = models.IntegerField(null=True)
    is_away = models.BooleanField(default=False)
    not_found = models.PositiveSmallIntegerField(default=0)
    # Somebody else than chosen is offered; the student has not said yes. The time is held.
    is_offer = models.BooleanField(default=False)
    reference = models.CharField(max_length=8, default=ids.new_reference)

    # Sealed under the day key of `key_day`; emptied at `forget_at`.
    key_day = models.DateField()
    forget_at = models.DateTimeField(db_index=True)
    is_forgotten = models.BooleanField(default=False)
    holder_kind = models.CharField(max_length=8, choices=HolderKind.choices)
    holder = models.BinaryField(null=True)
    name = models.BinaryField(null=True)
    acceptable = models.BinaryField(null=True)
    contact = models.BinaryField(null=True)
    claim_tag = models.BinaryField(null=True, max_length=32, db_index=True)
    # Sealed under the key of the day after, so that the nightly count can still read it.
    log = models.BinaryField(null=True)
    is_log_removed = models.BooleanField(default=False)

    objects = VisitSet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[str(s) for s in rules.VisitState]),
                name="officehours_visit_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["booked", "arrived"])
                | Q(starts_at__isnull=False, assignment__isnull=False),
                name="officehours_visit_booked_has_time",
            ),
            models.CheckConstraint(
                condition=Q(is_forgotten=False)
                | Q(
                    holder__isnull=True,
                    name__isnull=True,
                    acceptable__isnull=True,
                    contact__isnull=True,
                    claim_tag__isnull=True,
                    log__isnull=True,
                    changed_at__isnull=True,
                ),
                name="officehours_visit_forgotten_is_empty",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["waiting", "called"]) | Q(line_rank__isnull=False),
                name="officehours_visit_waiting_has_place",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["called", "talking"]) | Q(assignment__isnull=False),
                name="officehours_visit_called_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["shift", "line_rank"],
                condition=Q(state__in=["called", "waiting"]),
                name="officehours_visit_one_per_place_in_line",
            ),
            models.UniqueConstraint(fields=["request_key"], name="officehours_visit_once"),
            models.UniqueConstraint(
                fields=["assignment", "starts_at"],
                condition=Q(state__in=sorted(str(s) for s in rules.HOLDS_TIME)),
                name="officehours_visit_one_per_time",
            ),
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(state__in=sorted(str(s) for s in rules.WITH_SUPPORTER)),
                name="officehours_visit_one_talk_per_supporter",
            ),
            models.UniqueConstraint(
                fields=["claim_tag"],
                condition=Q(state__in=sorted(str(s) for s in rules.LIVE)),
                name="officehours_visit_one_live_claim",
            ),
        ]
