"""What is not sent yet: sealed under a key that only the student's browser has."""

from django.db import models

from peersupport.core import ids


class Draft(models.Model):
    """Answers on their way, for two hours at most: only the browser that began it can open it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    sealed = models.BinaryField()
    # The public half of a key that follows from the browser's: what a supporter attaches is
    # sealed to it.
    public = models.BinaryField(max_length=32)
    # A MAC of the code that is read aloud, and until when it lets a supporter attach words.
    code = models.BinaryField(max_length=32, null=True, unique=True)
    code_until = models.DateTimeField(null=True)
    until = models.DateTimeField(db_index=True)


class Attachment(models.Model):
    """Words of a supporter for a draft, and later only that they were received."""

    class State(models.TextChoices):
        """What became of them, as the supporter sees it."""

        WAITING = "waiting"
        RECEIVED = "received"
        GONE = "gone"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    draft = models.ForeignKey(
        Draft, on_delete=models.SET_NULL, null=True, related_name="attachments"
    )
    # By which the supporter finds it: a MAC of the account under the key of the half-year.
    tag = models.BinaryField(max_length=32, db_index=True)
    sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    request_key = models.UUIDField(unique=True)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", sealed__isnull=False)
                | models.Q(state__in=["received", "gone"], sealed__isnull=True),
                name="referrals_attachment_keeps_nothing",
            )
        ]
