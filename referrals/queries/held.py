"""What somebody has in hand who is not there: away today, or no more who they were.

Whoever works here no more loses their cases at once (`services/routing.py`). This is about those
who still work here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from peersupport.core import clock
from program.queries import facts
from referrals import reading_rules
from referrals.models import Counselor, Referral
from referrals.models.cases import ReferralSet
from referrals.queries.reading import Roster, away
from referrals.rules import S
from referrals.seals import is_genuine

HELD = (S.ACKNOWLEDGED, S.IN_CONTACT)


@dataclass(frozen=True, slots=True)
class Gone:
    """A counselor who is not there: since when, and when they are back, if that is known."""

    first_on: date | None = None
    # None: their row is not one that the care side wrote. They can sign in no more.
    back_on: date | None = None


Gones = Mapping[UUID, Gone]


def gone(days_away: Roster, now: datetime, zone: ZoneInfo) -> Gones:
    """Return the counselors who are not there today: one query."""
    today, found = clock.local_date(now, zone), {}
    for one in Counselor.objects.filter(state=Counselor.State.ACTIVE):
        days = reading_rules.absence(days_away.away.get(one.pk, ()), today)
        if not is_genuine(one):
            found[one.pk] = Gone()
        elif days is not None:
            found[one.pk] = Gone(days.first, days.last + timedelta(days=1))
    return found


def held_by(gone_now: Gones) -> ReferralSet:
    """Return what they have in hand."""
    return Referral.objects.live().filter(state__in=HELD, owner__in=list(gone_now))


def holder_if_gone(referral: UUID, round_: int, now: datetime) -> UUID | None:
    """Return who has a case in this round, if they are not there now."""
    zone = facts().zone
    gone_now = gone(Roster({}, away(now, zone)), now, zone)
    row = held_by(gone_now).filter(pk=referral, round=round_)
    return row.values_list("owner", flat=True).first()
