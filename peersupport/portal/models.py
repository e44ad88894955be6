"""What ties this database to its keys, and says whether it is a demo."""

from django.db import models
from django.db.models import Q


class Stamp(models.Model):
    """One row, written at the first migrate and never changed."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    is_demo = models.BooleanField()
    keyring = models.CharField(max_length=32)
    daykey = models.CharField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="portal_stamp_one_row")]
