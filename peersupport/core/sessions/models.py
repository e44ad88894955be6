"""The session table: a hash, sealed bytes, and an hour."""

from django.db import models


class Row(models.Model):
    """One session. Without the cookie it cannot be opened, and it says nothing of whose it is."""

    key = models.BinaryField(max_length=32, primary_key=True)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)
