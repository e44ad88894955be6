"""When the forgetting jobs ran."""

from django.db import models
from django.db.models import Q


class ForgettingRun(models.Model):
    """One row: the last run, and the last one in which every store succeeded."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last_at = models.DateTimeField()
    last_good_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="datamap_run_one_row")]
