"""Destroying what was sealed in a referral, while its outside still stands."""

from datetime import datetime
from uuid import UUID

from referrals.models import EmergencyContact, Sealed, Wrap


def destroy(*, referral: UUID, now: datetime) -> None:
    """Destroy everything sealed in a referral, in the caller's transaction."""
    Wrap.objects.filter(referral=referral).delete()
    Sealed.objects.filter(referral=referral).delete()
    EmergencyContact.objects.filter(referral=referral).delete()
