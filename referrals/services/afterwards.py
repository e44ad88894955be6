"""What a student does with what was sent: take it back, or say whether they got in.

Rows are added, none is changed: the counselors' side settles what follows.
"""

import uuid
from datetime import datetime

from django.db import transaction

from peersupport.core import clock
from program.queries import facts
from referrals import rules
from referrals.models import Told, Withdrawal
from referrals.queries.mine import Claim, found
from referrals.services.hours import by_the_hour


class NotNow(Exception):
    """It is over, or was taken back: there is nothing to say any more."""


@transaction.atomic(durable=True)
def withdraw(*, claim: Claim, referral: uuid.UUID, now: datetime) -> None:
    """Take one's own referral back. Twice is the same as once. Raises NotMine, NotNow."""
    mine = found(claim, referral, now)
    if mine.is_withdrawn:
        return
    if not mine.is_live:
        raise NotNow
    row = Withdrawal(referral_id=mine.id, at=by_the_hour(now))
    Withdrawal.objects.bulk_create([row], ignore_conflicts=True)


@transaction.atomic(durable=True)
def tell(*, claim: Claim, referral: uuid.UUID, word: rules.Word, now: datetime) -> None:
    """Say that one got in, or could not. The first word stands. Raises NotMine, NotNow."""
    mine = found(claim, referral, now)
    if mine.told:
        return
    if not mine.may_tell:
        raise NotNow
    row = Told(referral_id=mine.id, word=str(word), on=clock.local_date(now, facts().zone))
    Told.objects.bulk_create([row], ignore_conflicts=True)
