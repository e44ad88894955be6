"""The audit table. Rows describe by text; they point at nothing and are never changed."""

from typing import Any, NoReturn

from django.db import models

from peersupport.core import ids


class AppendOnly(Exception):
    """An audit row cannot be changed or deleted."""


class EntrySet(models.QuerySet["Entry"]):
    """Reads and inserts only."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly

    def delete(self) -> NoReturn:
        """Refuse; the retention job uses `_raw_delete` on what is old."""
        raise AppendOnly


class Entry(models.Model):
    """One act: who, what, on which thing, when."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    at = models.DateTimeField(db_index=True)
    actor_id = models.CharField(max_length=40)
    actor_label = models.CharField(max_length=60)
    verb = models.CharField(max_length=60)
    thing = models.CharField(max_length=40)
    thing_id = models.CharField(max_length=60)
    note = models.CharField(max_length=200, blank=True, default="")

    objects = EntrySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(actor_id=""), name="audit_entry_has_an_actor"
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert once. Raises AppendOnly for anything else."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly
