"""A referral, what is sealed in it, and what its student says afterwards."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from peersupport.core import ids
from referrals import rules
from referrals.models.choices import choices, one_of
from referrals.models.people import Card

_LIVE, _ENDED, _UNANSWERED = (
    sorted(map(str, states)) for states in (rules.LIVE, rules.ENDED, rules.UNANSWERED)
)


class ReferralSet(models.QuerySet["Referral"]):
    """Referrals, by adjectives."""

    def not_withdrawn(self) -> "ReferralSet":
        """Those whose student has not taken them back."""
        return self.exclude(Exists(Withdrawal.objects.filter(referral=OuterRef("pk"))))

    def live(self) -> "ReferralSet":
        """Those that somebody still has to do something about."""
        return self.filter(state__in=_LIVE).not_withdrawn()

    def unanswered(self) -> "ReferralSet":
        """Those of which nobody has said that they are theirs."""
        return self.filter(state__in=_UNANSWERED).not_withdrawn()

    def over(self, now: datetime) -> "ReferralSet":
        """Those whose time to be destroyed has come."""
        return self.filter(ended_on__lte=(now - rules.KEPT).date())


class Referral(models.Model):
    """The outside of a referral: what the timers need, and nothing of what it is about.

    The web side adds rows and reads them; only the care side changes one.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    # May be read aloud; it opens nothing.
    code = models.CharField(max_length=8, unique=True)
    kind = models.CharField(max_length=8, choices=choices(rules.Kind))
    urgency = models.CharField(max_length=8, choices=choices(rules.Urgency))
    consent = models.CharField(
        max_length=10, choices=choices(rules.Consent), default=str(rules.Consent.GIVEN)
    )
    state = models.CharField(
        max_length=12, choices=choices(rules.State), default=str(rules.State.RECEIVED)
    )
    # By which a student finds their own: a MAC of the account under the key of the half-year,
    # or of the receipt. Gone when it ends (tag) or is destroyed (receipt).
    tag = models.BinaryField(max_length=32, null=True)
    receipt = models.BinaryField(max_length=32, null=True, unique=True)
    # Sending twice is sending once.
    request_key = models.UUIDField(unique=True)
    received_at = models.DateTimeField()  # by the hour
    # The care side's: who said that it is theirs, and by when the student hears from them.
    owner = models.ForeignKey(Card, on_delete=models.PROTECT, null=True, related_name="+")
    asked = models.ForeignKey(Card, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledge_by = models.DateTimeField(null=True)
    contact_by = models.DateTimeField(null=True)
    # The ladder: which rung comes next, and when. A new round begins when it is handed on.
    rung = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=0)
    ring_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True, default="")
    ended_on = models.DateField(null=True)

    objects = ReferralSet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", rules.Kind, "referrals_referral_kind"),
            one_of("urgency", rules.Urgency, "referrals_referral_urgency"),
            one_of("consent", rules.Consent, "referrals_referral_consent"),
            one_of("state", rules.State, "referrals_referral_state"),
            models.CheckConstraint(
                condition=Q(
                    state__in=_LIVE,
                    ended_on__isnull=True,
                    outcome="",
                )
                | Q(
                    state__in=_ENDED,
                    ended_on__isnull=False,
                    tag__isnull=True,
                    ring_at__isnull=True,
                ),
                name="referrals_referral_ended_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="received", owner__isnull=True, asked__isnull=True)
                | Q(state__in=["acknowledged", "in contact"], owner__isnull=False)
                | Q(state="transferred", asked__isnull=False)
                | Q(state__in=_ENDED),
                name="referrals_referral_has_its_owner",
            ),
            models.CheckConstraint(
                condition=Q(kind="student", consent="given")
                | Q(kind="danger", consent__in=["awaiting", "confirmed", "refused"]),
                name="referrals_referral_consent_fits",
            ),
        ]
        indexes = [
            models.Index(fields=["tag"], condition=Q(tag__isnull=False), name="referrals_by_tag"),
            models.Index(
                fields=["ring_at"], condition=Q(ring_at__isnull=False), name="referrals_to_ring"
            ),
            models.Index(fields=["state"], name="referrals_by_state"),
        ]


class AddedOnce(Exception):
    """What is sealed is written once and never changed."""


class Sealed(models.Model):
    """The one padded blob of a referral. Inserted once; destroyed whole; never changed."""

    referral = models.OneToOneField(
        Referral, primary_key=True, on_delete=models.CASCADE, related_name="sealed"
    )
    blob = models.BinaryField()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert once. Raises AddedOnce for anything else."""
        if not self._state.adding:
            raise AddedOnce
        super().save(*args, **{**kwargs, "force_insert": True})


class Wrap(models.Model):
    """The data key of a referral, wrapped for one recipient's key."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="wraps")
    recipient = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "recipient"], name="referrals_wrap_once_per_key"
            )
        ]
        indexes = [models.Index(fields=["recipient"], name="referrals_wrap_by_key")]


class Withdrawal(models.Model):
    """The student has taken a referral back. From then on nothing rings and nothing opens."""

    referral = models.OneToOneField(
        Referral, primary_key=True, on_delete=models.CASCADE, related_name="withdrawal"
    )
    at = models.DateTimeField()  # by the hour


class Told(models.Model):
    """What the student says afterwards: I got in, or I could not."""

    referral = models.OneToOneField(
        Referral, primary_key=True, on_delete=models.CASCADE, related_name="told"
    )
    word = models.CharField(max_length=12, choices=choices(rules.Word))
    on = models.DateField()

    class Meta:
        constraints = [one_of("word", rules.Word, "referrals_told_word")]
