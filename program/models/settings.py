"""What the school has set, one row for each change, and who has signed the pledge."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from peersupport.core import ids
from peersupport.core.audit.models import AppendOnly


class SettingSet(models.QuerySet["Setting"]):
    """Reads and inserts only."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnly


class Setting(models.Model):
    """One change of one setting: from what, to what, by which role, on which day."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=40)
    value = models.JSONField(null=True)
    was = models.JSONField(null=True)
    by = models.CharField(max_length=60)
    set_on = models.DateField()

    objects = SettingSet.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert once. Raises AppendOnly for anything else."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly


class Signature(models.Model):
    """A supporter has signed a version of the pledge."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signatures"
    )
    version = models.PositiveIntegerField()
    signed_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "version"], name="program_signed_once")
        ]
