"""The session table: marks, sealed bytes, an hour and a day."""

from django.db import models


class Row(models.Model):
    """One session. Without the cookie it cannot be opened; it says nothing of whose it is."""

    key = models.BinaryField(max_length=32, primary_key=True)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)
    # A keyed mark that the rows of one person share; nothing before somebody is signed in.
    owner = models.BinaryField(max_length=32, null=True)
    # "Firefox on a phone", sealed under the keyring and bound to the owner's mark.
    device = models.BinaryField(null=True)
    used_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["owner"], name="sessions_row_owner")]
