"""Whether the care side's clock still goes: the most dangerous thing here is that it stops.

The age is asked by every page of the desk, by /healthz, and by the page on which students begin.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from peersupport.core.outbox.models import Outgoing
from referrals import rules
from referrals.models import Clock
from referrals.queries.ladder import unreached

_DEAD_COUNTS = timedelta(days=1)


def last_round(now: datetime) -> datetime | None:
    """Return when the care side's clock last went round; None if it never did.

    A time well ahead of now was noted by a clock that was wrong, and says nothing.
    """
    found = Clock.objects.filter(pk=1).values_list("last_at", flat=True).first()
    return None if found is None or found > now + rules.CLOCK_STALE else min(found, now)


def is_clock_well(now: datetime) -> bool:
    """Return whether the care side's clock goes. The web side may ask this as well."""
    last = last_round(now)
    return last is not None and now - last < rules.CLOCK_STALE


@dataclass(frozen=True, slots=True)
class Alarm:
    """What every page of the desk says at its top. Never anything of one referral."""

    is_stopped: bool
    stood_for: timedelta | None
    has_unreached: bool
    undelivered: int

    @property
    def minutes(self) -> int | None:
        """For how many minutes the clock has stood; None if it never went."""
        return None if self.stood_for is None else int(self.stood_for.total_seconds() // 60)


def alarm(now: datetime, *, for_lead: bool = True) -> Alarm | None:
    """Return what is wrong with the ladder itself; None if nothing is. The care side's alone.

    The clock stands still; something pressing waits of which nobody can be told; a message of the
    last day could not be delivered. Three queries. That nobody can be told only the lead hears:
    others would learn from it that there is something they must not see.
    """
    last = last_round(now)
    stopped = last is None or now - last >= rules.CLOCK_STALE
    dead = Outgoing.objects.of({"care"}).filter(
        state=Outgoing.State.DEAD, done_at__gt=now - _DEAD_COUNTS
    )
    found = Alarm(
        is_stopped=stopped,
        stood_for=now - last if stopped and last is not None else None,
        has_unreached=for_lead and unreached(),
        undelivered=dead.count(),
    )
    return found if found.is_stopped or found.has_unreached or found.undelivered else None
