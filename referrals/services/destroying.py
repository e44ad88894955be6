"""Destroying what was sealed in a referral: first the ledger says so, then it goes.

After an older copy of the database has been restored, the ledger destroys it again.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from referrals import care_ledger
from referrals.models import EmergencyContact, Referral, Sealed, Wrap


def destroy(*, referral: UUID, now: datetime) -> None:
    """Destroy everything sealed in a referral, in the caller's transaction. Its outside stands.

    Should that transaction fail, the ledger has a line too many: what it names is destroyed the
    next time, and a restore destroys it too. Call this last.
    """
    care_ledger.note_erased([referral], on=now.date(), what=care_ledger.CONTENT)
    _destroy_content([referral])


def destroy_whole(referrals: Iterable[UUID], *, now: datetime) -> int:
    """Destroy referrals with all that hangs on them, in the caller's transaction.

    Returns how many rows.
    """
    keys = list(referrals)
    care_ledger.note_erased(keys, on=now.date())
    return Referral.objects.filter(pk__in=keys).delete()[0]


def _destroy_content(referrals: list[UUID]) -> None:
    for model in (Wrap, Sealed, EmergencyContact):
        model.objects.filter(referral__in=referrals).delete()


@transaction.atomic(durable=True)
def destroy_again() -> tuple[int, int]:
    """Destroy what the ledger says was destroyed and has come back. Returns wholes and contents.

    It adds no lines: the ledger has them.
    """
    erased = care_ledger.erased()
    back: dict[str, list[UUID]] = {care_ledger.WHOLE: [], care_ledger.CONTENT: []}
    for referral in Referral.objects.values_list("pk", flat=True):
        what = erased.get(care_ledger.mark_of(referral))
        if what is not None:
            back[what].append(referral)
    contents = set(
        Sealed.objects.filter(pk__in=back[care_ledger.CONTENT]).values_list("pk", flat=True)
    )
    _destroy_content(back[care_ledger.CONTENT])
    Referral.objects.filter(pk__in=back[care_ledger.WHOLE]).delete()
    return len(back[care_ledger.WHOLE]), len(contents)
