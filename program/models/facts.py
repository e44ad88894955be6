"""What every page needs to know about this program."""

from django.db import models
from django.db.models import Q


class Facts(models.Model):
    """One row: what every page needs to know about this program."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    zone = models.CharField(max_length=64)
    # Changes whenever something that a signed-out visitor can read changes. Random, so that it
    # tells nothing about how much happens here.
    public_version = models.BinaryField(max_length=16)
    # What every key is set to now, so that one query answers for all: `Setting` has the history.
    settings = models.JSONField(default=dict)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="program_facts_one_row")]
