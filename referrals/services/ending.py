"""What ends on the care side: content 90 days after a referral ended, openings, sign-ins."""

from datetime import datetime

from django.db import transaction

from peersupport.core.audit.services import KEPT
from referrals import rules
from referrals.models import Asked, CareSession, EmergencyContact, Link, Opening, Referral


@transaction.atomic(durable=True)
def forget_ended(*, now: datetime) -> int:
    """Destroy what ended 90 days ago, and emergency contacts after two days. Returns how many."""
    contacts = EmergencyContact.objects.filter(until__lte=now).delete()[0]
    return contacts + Referral.objects.over(now).delete()[0]


@transaction.atomic(durable=True)
def forget_openings(*, now: datetime) -> int:
    """Delete openings after two years, with the salt by which the chain knew them."""
    old = Opening.objects.filter(at__lt=now - KEPT)
    Link.objects.filter(row_id__in=old.values("pk")).update(salt=None)
    return int(old._raw_delete(old.db))


@transaction.atomic(durable=True)
def forget_signing_in(*, now: datetime) -> int:
    """Delete sessions that are over and questions that nobody answered. Returns how many."""
    asked = Asked.objects.filter(until__lte=now).delete()[0]
    over = CareSession.objects.filter(begun_at__lte=now - rules.LONGEST_SESSION)
    idle = CareSession.objects.filter(used_at__lte=now - rules.IDLE)
    return asked + over.delete()[0] + idle.delete()[0]
