"""When somebody reads, how long things may take, the keys to seal to: the web side reads them."""

from django.db import models
from django.db.models import F, Q

from peersupport.core import ids
from referrals.models.people import Card


class Reading(models.Model):
    """Weekly hours, as wall time, in which a counselor reads what has come."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="reading")
    weekday = models.SmallIntegerField()
    starts = models.TimeField()
    ends = models.TimeField()
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__gte=0, weekday__lte=6), name="referrals_reading_weekday"
            ),
            models.CheckConstraint(
                condition=Q(first_on__isnull=True)
                | Q(last_on__isnull=True)
                | Q(last_on__gte=F("first_on")),
                name="referrals_reading_days",
            ),
        ]


class DaysAway(models.Model):
    """Days on which a counselor reads nothing, whatever their weekly hours say."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="away")
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="referrals_daysaway_days"
            ),
            models.UniqueConstraint(
                fields=["card", "first_on", "last_on"], name="referrals_daysaway_once"
            ),
        ]


class Timers(models.Model):
    """One row: what the lead has set. Minutes of reading time by urgency, and the last rung."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    minutes = models.JSONField(default=dict)
    line_name = models.CharField(max_length=80, blank=True, default="")
    line_email = models.EmailField(blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="referrals_timers_one_row")]


class Clock(models.Model):
    """One row: when the care side's clock last went round. If it stops, every desk says so."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="referrals_clock_one_row")]


class PublishedKey(models.Model):
    """A public key of the care side, signed. The web side believes the signature, not the row."""

    epoch = models.PositiveIntegerField(primary_key=True)
    public = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    since = models.DateField()
