"""People of the care side, how they sign in, and the cards the web side may read.

A counselor's row, role and passkeys carry a seal: a MAC under the care side's keyring. A row that
somebody wrote into the database by other means has none that fits, and is nobody.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from peersupport.core import ids
from referrals.models.choices import choices, one_of
from referrals.rules import CareRole


class Card(models.Model):
    """What students see of a counselor: a name to choose or to leave out. Readable by the web."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=40)
    # "Teaches the second year": so that a student can tell whom to leave out.
    about = models.CharField(max_length=120, blank=True, default="")
    is_there = models.BooleanField(default=True)


class Counselor(models.Model):
    """Somebody of the care side. Its key is that of the card."""

    class State(models.TextChoices):
        """How far they have come."""

        ASKED = "asked"  # a one-time code was made; nobody has used it yet
        JOINED = "joined"  # has a passkey, and waits for the lead to confirm in person
        ACTIVE = "active"
        ENDED = "ended"

    card = models.OneToOneField(Card, primary_key=True, on_delete=models.PROTECT)
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=choices(CareRole))
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    # A new epoch ends every session and every proof at once.
    epoch = models.UUIDField(default=ids.new_id)
    code = models.BinaryField(max_length=32, null=True)
    code_until = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_by = models.CharField(max_length=40, blank=True, default="")
    confirmed_on = models.DateField(null=True)
    # No mail server takes mail for the address: the lead has to know. Bound by no seal, since
    # nothing is let in or kept out by it.
    is_mail_refused = models.BooleanField(default=False)
    seal = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=~Q(state="ended"), name="referrals_counselor_email_once"
            ),
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="referrals_counselor_email_lower"
            ),
            one_of("role", CareRole, "referrals_counselor_role"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "joined", "active", "ended"]),
                name="referrals_counselor_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="active")
                | (~Q(confirmed_by="") & Q(confirmed_on__isnull=False)),
                name="referrals_counselor_active_is_confirmed",
            ),
        ]

    @property
    def actor_id(self) -> str:
        """Who acts, for the audit."""
        return str(self.pk)

    @property
    def actor_label(self) -> str:
        """The role, for the audit."""
        return "lead counselor" if self.role == CareRole.LEAD else "counselor"


class Passkey(models.Model):
    """A passkey of a counselor: the public part, bound to them by a seal."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=40)
    credential = models.BinaryField()
    added_on = models.DateField()
    # False until the lead has compared fingerprints in person: it signs nobody in before.
    is_confirmed = models.BooleanField(default=False)
    seal = models.BinaryField(max_length=32)


class RecoveryCode(models.Model):
    """A way back to a new passkey when every one is lost. It signs in and opens no case, ever."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    counselor = models.ForeignKey(
        Counselor, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    mark = models.BinaryField(max_length=32, unique=True)


class CareSession(models.Model):
    """One browser signed in on the care side. The key is a MAC of the cookie."""

    key = models.BinaryField(max_length=32, primary_key=True)
    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, related_name="sessions")
    epoch = models.UUIDField()
    begun_at = models.DateTimeField()
    used_at = models.DateTimeField()
    # When a passkey was last used in it; empty after a recovery code, which opens nothing.
    proved_at = models.DateTimeField(null=True)
    # Binds all of the above but the time of the last use: a MAC of the care side.
    seal = models.BinaryField(max_length=32)


class Asked(models.Model):
    """A question that a passkey was asked and has not answered yet: good once, for one purpose."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    purpose = models.CharField(max_length=12)
    counselor = models.ForeignKey(Counselor, on_delete=models.CASCADE, null=True, related_name="+")
    state = models.BinaryField()  # sealed under the care side's keyring
    until = models.DateTimeField(db_index=True)
