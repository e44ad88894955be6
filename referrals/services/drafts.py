"""Drafts: answers on their way, and the words a supporter attaches to them."""

from datetime import datetime

from django.db import transaction

from referrals.models import Attachment, Draft


@transaction.atomic(durable=True)
def forget_drafts(*, now: datetime) -> int:
    """Delete drafts after two hours, with what was attached to them. Returns how many."""
    over = Draft.objects.filter(until__lte=now)
    waiting = Attachment.objects.filter(state=Attachment.State.WAITING)
    waiting.filter(draft__until__lte=now).update(state=Attachment.State.GONE, sealed=None)
    return over.delete()[0] + Attachment.objects.filter(until__lte=now).delete()[0]
