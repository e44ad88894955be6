"""Days on which the school is closed."""

from django.db import models
from django.db.models import Q

from peersupport.core import ids


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
