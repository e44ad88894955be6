"""When somebody on the care side reads, and within how long: the web side asks this as well.

Only tables are read that the web side may read, and of the timers only what it may see of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peersupport.core import clock
from program.queries import holidays
from program.rules import Days, Window
from referrals import reading_rules
from referrals.models import Reading, Timers
from referrals.rules import DANGER, TIMERS, Kind, Timer, Urgency

# As they stand in the row of timers: minutes, in this order.
PARTS = ("acknowledge", "contact", "step")


def windows(now: datetime, zone: ZoneInfo) -> list[Window]:
    """Return the weekly reading hours of everybody who is there, without holidays: two queries."""
    rows = Reading.objects.filter(card__is_there=True)
    hours = [
        Window(row.weekday, row.starts, row.ends, row.last_on, row.first_on)
        for row in rows.order_by("weekday", "starts")
    ]
    yesterday = clock.local_date(now, zone) - timedelta(days=1)
    closed = [Days(one.first_on, one.last_on) for one in holidays(yesterday)]
    return reading_rules.with_holidays(hours, closed)


def _timer(said: Any, usual: Timer) -> Timer:
    """Return what the lead has set; what was never set, or is nothing usable, as it is usually."""
    if not isinstance(said, list) or len(said) != len(PARTS):
        return usual
    if not all(isinstance(one, int) and one > 0 for one in said):
        return usual
    return Timer(*(timedelta(minutes=one) for one in said))


def timers() -> dict[Urgency, Timer]:
    """Return within how much reading time each urgency is answered: one query."""
    row = Timers.objects.filter(pk=1).values_list("minutes", flat=True).first()
    set_here: Mapping[str, Any] = row if isinstance(row, dict) else {}
    return {urgency: _timer(set_here.get(urgency), TIMERS[urgency]) for urgency in Urgency}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything by which it is said until when something must be done, read once."""

    windows: tuple[Window, ...]
    timers: Mapping[Urgency, Timer]
    zone: ZoneInfo

    def timer(self, kind: str, urgency: str) -> Timer:
        """Return the times that hold for a referral."""
        return DANGER if kind == Kind.DANGER else self.timers[Urgency(urgency)]

    def after(self, kind: str, start: datetime, length: timedelta) -> datetime:
        """Return when so much reading time has passed.

        Danger is counted by the clock on the wall; and so is everything where nobody has reading
        hours within a month: then too something must ring.
        """
        if kind == Kind.DANGER:
            return start + length
        found = reading_rules.due(self.windows, start, length, self.zone)
        return found if found is not None else start + length

    def begins(self, kind: str, start: datetime) -> datetime:
        """Return when the first word goes out: at once for danger, else when somebody reads."""
        if kind == Kind.DANGER:
            return start
        return reading_rules.next_reading(self.windows, start, self.zone) or start


def plan(now: datetime, zone: ZoneInfo) -> Plan:
    """Return reading hours and timers as they are now: three queries."""
    return Plan(tuple(windows(now, zone)), timers(), zone)
