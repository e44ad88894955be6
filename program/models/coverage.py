"""Who stands behind the supporters."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids


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
