"""Where somebody in danger is: handed to the care side when a supporter presses "in danger"."""

from django.db import models

from peersupport.core import ids
from referrals.models.cases import Referral


class EmergencyContact(models.Model):
    """What a remote visit's student said of where they are, sealed to the care side."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="contacts")
    sealed = models.BinaryField()
    # A MAC of the visit under the key of its day: by it the visit's student is told who opened
    # it, and a day later nobody can say which visit it was.
    visit_tag = models.BinaryField(max_length=32, db_index=True)
    until = models.DateTimeField(db_index=True)
