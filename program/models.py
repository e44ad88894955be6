"""Tables of the school's own facts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids


class Facts(models.Model):
    """One row: what every page needs to know about this program."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    zone = models.CharField(max_length=64)
    # Changes whenever something that a signed-out visitor can read changes. Random, so that it
    # tells nothing about how much happens here.
    public_version = models.BinaryField(max_length=16)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="program_facts_one_row")]


class Coverage(models.Model):
    """Somebody, a team or a line that stands behind the supporters at certain hours."""

    class Weekday(models.IntegerChoices):
        """Days as Python counts them."""

        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    label = models.CharField(max_length=80)
    phone = models.CharField(max_length=32)
    weekday = models.SmallIntegerField(choices=Weekday.choices, null=True, blank=True)
    starts = models.TimeField()
    ends = models.TimeField()
    until = models.DateField(null=True, blank=True)
    order = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__isnull=True) | Q(weekday__gte=0, weekday__lte=6),
                name="program_coverage_weekday",
            )
        ]


class Holiday(models.Model):
    """Days on which the school is closed: weekly hours leave them out."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=60)
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=models.F("first_on")), name="program_holiday_days"
            )
        ]
