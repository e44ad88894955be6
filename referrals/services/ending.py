"""What ends on the care side: content 90 days after a referral ended, openings, sign-ins."""

from datetime import datetime, timedelta

from django.db import transaction

from peersupport.core.audit.models import Entry
from peersupport.core.audit.services import KEPT
from referrals import rules
from referrals.models import Asked, CareSession, EmergencyContact, Link, Opening, Referral
from referrals.services.chain import grants
from referrals.services.destroying import destroy_whole

# The web side deletes grants of two years ago by its own clock: their salts go a day before.
_BEFORE = timedelta(days=1)


@transaction.atomic(durable=True)
def forget_ended(*, now: datetime) -> int:
    """Destroy what ended 90 days ago, and emergency contacts after two days. Returns how many.

    The ledger of the care host names every referral before it goes.
    """
    contacts = EmergencyContact.objects.filter(until__lte=now).delete()[0]
    over = list(Referral.objects.over(now).values_list("pk", flat=True))
    return contacts + (destroy_whole(over, now=now) if over else 0)


@transaction.atomic(durable=True)
def forget_openings(*, now: datetime) -> int:
    """Delete openings after two years, with the salts by which the chain knew them.

    Without its salt a link says nothing of its row, and still ties the chain together.
    """
    old = Opening.objects.filter(at__lt=now - KEPT)
    Link.objects.filter(row_id__in=old.values("pk")).update(salt=None)
    entries = grants(Entry.objects.filter(at__lt=now - KEPT + _BEFORE))
    Link.objects.filter(row_id__in=entries.values("pk")).update(salt=None)
    return int(old._raw_delete(old.db))


@transaction.atomic(durable=True)
def forget_signing_in(*, now: datetime) -> int:
    """Delete sessions that are over and questions that nobody answered. Returns how many."""
    asked = Asked.objects.filter(until__lte=now).delete()[0]
    over = CareSession.objects.filter(begun_at__lte=now - rules.LONGEST_SESSION)
    idle = CareSession.objects.filter(used_at__lte=now - rules.IDLE)
    return asked + over.delete()[0] + idle.delete()[0]
