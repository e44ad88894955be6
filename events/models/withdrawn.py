"""Public events that are not public any more: calendars are told that for a while."""

from django.db import models


class Withdrawn(models.Model):
    """An event that was dropped, or that stopped being public, as calendars knew it.

    It has neither name nor place: what has become private is not named once more.
    """

    id = models.UUIDField(primary_key=True, editable=False)  # the event's own: its UID
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    sequence = models.PositiveIntegerField()
    withdrawn_at = models.DateTimeField(db_index=True)
