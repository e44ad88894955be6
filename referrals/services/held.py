"""Telling the leads of what somebody has in hand who is not there: once for each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from referrals import care_emails
from referrals.ladder_rules import Reader
from referrals.queries import held, ladder

# A word that waits for the next reading hours waits no longer than over a long weekend.
_AT_MOST = timedelta(days=3)


def tell_held(*, now: datetime) -> int:
    """Tell the leads, once for each case and absence. Returns how many words were queued.

    In reading hours, as everything that rings; what is danger at once.
    """
    known = ladder.known(now)
    gone = held.gone(known.plan.roster, now, known.plan.zone)
    rows = list(held.held_by(gone).order_by("pk")) if gone else []
    out = ladder.left_out([row.pk for row in rows])
    count = 0
    for row in rows:
        holder = row.owner_id
        if holder is None:
            continue
        due_at = min(known.plan.begins(row.kind, now), now + _AT_MOST)
        mark = f"{holder}|{gone[holder].first_on}"
        for who in _told(known.readers, holder, out[row.pk], has_line=known.has_line):
            count += _queue(row.pk, row.round, who, mark=mark, due_at=due_at, now=now)
    return count


def _told(
    readers: Sequence[Reader], holder: UUID, out: frozenset[UUID], *, has_line: bool
) -> list[UUID | None]:
    """Return who hears of a case: leads who are there, else leads, else the line, else its holder.

    Only a lead can hand it on. Where the only one who leads is left out of it, or has it and is
    away, the line is told that somebody must look; without a line whoever has it.
    """
    leads = [one for one in readers if one.is_lead and one.key not in out and one.key != holder]
    there = [one.key for one in leads if not one.is_away]
    if leads:
        return [*(there or [one.key for one in leads])]
    return [None] if has_line else [holder]


@transaction.atomic(durable=True)
def _queue(
    referral: UUID, round_: int, who: UUID | None, *, mark: str, due_at: datetime, now: datetime
) -> bool:
    return care_emails.tell_held(
        referral=referral, round_=round_, counselor=who, mark=mark, due_at=due_at, now=now
    )
