"""How the lines of events stand, without anybody who stands in one."""

from datetime import datetime

from django.db.models import Min

from events import rules
from events.models import Rsvp


def oldest_old_offer(now: datetime) -> datetime | None:
    """Return since when an offer that ran out has not been ended, of an event that is to come.

    None if there is none, as it is a minute after each while the timer goes. One query.
    """
    ahead = Rsvp.objects.over(now).filter(
        event__state=str(rules.State.PUBLISHED), event__starts_at__gt=now
    )
    oldest: datetime | None = ahead.aggregate(oldest=Min("offer_until"))["oldest"]
    return oldest
