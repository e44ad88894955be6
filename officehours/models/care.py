"""Care for supporters: what they carried, breaks, escalations, and whom they keep away from.

Theirs and their clinical supervisor's to see; the program sees gaps and one word.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Group
from officehours import rules
from officehours.models.choices import choices
from peersupport.core import ids


class Load(models.Model):
    """How much a supporter carried in a week. Theirs and their clinical supervisor's to see."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    week = models.CharField(max_length=8)
    talks = models.PositiveIntegerField(default=0)
    heavy = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supporter", "week"], name="officehours_load_once_per_week"
            )
        ]


class Break(models.Model):
    """A time in which a supporter takes no new talks.

    There is no column for a reason or for who began it: one asked for by hand and one that
    follows a heavy talk or an exam look the same to everybody.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="officehours_break_ends_after_start",
            )
        ]


class Escalation(models.Model):
    """That a supporter was worried: how much, in which week, what was done. Never about whom."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    level = models.CharField(max_length=8, choices=choices(rules.Level))
    week = models.CharField(max_length=8)
    # Words of the steps that were done, in the order of the card, with commas between.
    steps = models.CharField(max_length=120, blank=True, default="")
    wants_debrief = models.BooleanField(default=False)
    is_debriefed = models.BooleanField(default=False)
    is_reviewed = models.BooleanField(default=False)
    request_key = models.UUIDField(default=ids.new_id, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=[str(level) for level in rules.Level]),
                name="officehours_escalation_level",
            )
        ]


class Distance(models.Model):
    """A supporter does not meet people of a group: their class, a team they assess, and so on."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supporter", "group"], name="officehours_distance_once"
            )
        ]
