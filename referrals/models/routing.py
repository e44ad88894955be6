"""Who must not see a referral. Only the care side can tell that anybody is left out."""

from django.db import models

from peersupport.core import ids
from referrals.models.cases import Referral
from referrals.models.people import Counselor


class Routed(models.Model):
    """The care side has read who is left out; until then nobody but the program sees it."""

    referral = models.OneToOneField(
        Referral, primary_key=True, on_delete=models.CASCADE, related_name="routed"
    )
    # False: it could not be opened. The lead sees that there is one, and nothing of it.
    is_whole = models.BooleanField(default=True)


class Exclusion(models.Model):
    """One counselor who must never see one referral."""

    class Why(models.TextChoices):
        """Who said so."""

        STUDENT = "student"
        CONFLICT = "conflict"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="exclusions")
    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(max_length=8, choices=Why.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "counselor"], name="referrals_exclusion_once"
            )
        ]
