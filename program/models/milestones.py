"""Terms, and what stands in the calendar of a class."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids
from program.calendar_rules import Kind


class Term(models.Model):
    """A term: from its first to its last day."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=60, unique=True)
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="program_term_days"
            )
        ]


class Milestone(models.Model):
    """An exam, a study period, a deadline: for everybody, a class, or a rotation group."""

    class Kind(models.TextChoices):
        """What it is."""

        EXAM = Kind.EXAM, _("An exam")
        STUDY = Kind.STUDY, _("A time of study")
        DEADLINE = Kind.DEADLINE, _("A deadline or a decision")
        CHANGE = Kind.CHANGE, _("Something new begins or ends")
        OTHER = Kind.OTHER, _("Something else")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    first_on = models.DateField(db_index=True)
    last_on = models.DateField()
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    class_name = models.CharField(max_length=40, blank=True)
    rotation = models.CharField(max_length=60, blank=True)
    # Which line or event of a file it is, hashed, so that the next file changes this one.
    key = models.CharField(max_length=64, null=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="program_milestone_days"
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False)
                & (Q(last_on__gt=F("first_on")) | Q(ends__gt=F("starts"))),
                name="program_milestone_times",
            ),
        ]
