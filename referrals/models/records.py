"""What was done: openings (the student sees them), steps, rings, the chain, and totals."""

from typing import Any, NoReturn

from django.db import models

from peersupport.core import ids
from peersupport.core.audit.models import AppendOnly
from referrals import rules
from referrals.models.cases import Referral
from referrals.models.choices import choices


class OpeningSet(models.QuerySet["Opening"]):
    """Reads and inserts only."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly

    def delete(self) -> NoReturn:
        """Refuse; what is old is ended with `_raw_delete`."""
        raise AppendOnly


class Opening(models.Model):
    """Somebody opened something sealed, or tried to. Written before anything is decrypted.

    What the chain says of a row stands in Link, so that a row is never changed. The database
    refuses that, and to delete one before its two years are over (migration 0004).
    """

    class What(models.TextChoices):
        """What was opened, and for what."""

        CASE = "case"
        CHART = "chart"  # copied to the service's own chart
        CONTACT = "contact"  # the emergency contact of a visit
        ROUTING = "routing"  # by the program, to find who is left out
        REFUSED = "refused"  # it could not be opened

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    at = models.DateTimeField(db_index=True)
    # No relations: a record outlives what it tells of.
    referral_id = models.UUIDField(db_index=True)
    counselor_id = models.UUIDField(null=True)
    name = models.CharField(max_length=40)
    what = models.CharField(max_length=8, choices=What.choices)

    objects = OpeningSet.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert once. Raises AppendOnly for anything else."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly


class Taken(models.Model):
    """One step of a referral: which verb, to where, when, by whom. The care side's own."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="steps")
    verb = models.CharField(max_length=12)
    to = models.CharField(max_length=12, choices=choices(rules.State))
    at = models.DateTimeField()
    by = models.CharField(max_length=40)


class Ring(models.Model):
    """One rung of the ladder was rung, once, in one round. The word itself is an outgoing row."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="rings")
    round = models.PositiveSmallIntegerField()
    rung = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "round", "rung"], name="referrals_ring_once"
            )
        ]


class Link(models.Model):
    """One link of the chain over openings and grants of roles: an edited row is named by it.

    The chain is over salted hashes. When a row's time is over its salt goes with it, and the
    chain still holds.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    thing = models.CharField(max_length=12)  # "opening" or "grant"
    row_id = models.UUIDField(unique=True)
    salt = models.BinaryField(max_length=16, null=True)
    row_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)


class Counter(models.Model):
    """A total of one group in one term. It never knew whom it counted."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    series = models.CharField(max_length=32)
    bucket = models.CharField(max_length=32)
    period = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "bucket", "period"], name="referrals_counter_once"
            )
        ]
