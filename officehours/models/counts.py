"""Totals that point at nobody."""

from django.db import models

from peersupport.core import ids


class Counter(models.Model):
    """A total that points at nobody: one series, one bucket, one period, one number."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    series = models.CharField(max_length=24)
    bucket = models.CharField(max_length=24)
    period = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "bucket", "period"], name="officehours_counter_once"
            )
        ]
