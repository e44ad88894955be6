"""When somebody on the care side reads, and within how long: the web side asks this as well.

Only tables are read that the web side may read, and of the timers only what it may see of them.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from peersupport.core import clock
from program.queries import holidays
from program.rules import Days, Window
from referrals import reading_rules
from referrals.models import DaysAway, Reading, Timers
from referrals.rules import DANGER, TIMERS, Kind, Timer, Urgency

# As they stand in the row of timers: minutes, in this order.
PARTS = ("acknowledge", "contact", "step")


def away(now: datetime, zone: ZoneInfo) -> dict[UUID, tuple[Days, ...]]:
    """Return, by counselor, the days on which they are away, from yesterday on: one query."""
    yesterday = clock.local_date(now, zone) - timedelta(days=1)
    found: defaultdict[UUID, list[Days]] = defaultdict(list)
    for row in DaysAway.objects.filter(last_on__gte=yesterday).order_by("first_on", "last_on"):
        found[row.card_id].append(Days(row.first_on, row.last_on))
    return {card: tuple(days) for card, days in found.items()}


@dataclass(frozen=True, slots=True)
class Roster:
    """When each counselor reads, and when they are away."""

    windows: Mapping[UUID, tuple[Window, ...]]
    away: Mapping[UUID, tuple[Days, ...]]

    def everybody(self) -> tuple[Window, ...]:
        """Return the hours of all of them together."""
        return tuple(window for hours in self.windows.values() for window in hours)


def roster(now: datetime, zone: ZoneInfo) -> Roster:
    """Return when everybody who is there reads: not on holidays, not on days away. 3 queries."""
    rows = Reading.objects.filter(card__is_there=True).order_by("weekday", "starts")
    gone = away(now, zone)
    hours: defaultdict[UUID, list[Window]] = defaultdict(list)
    for row in rows:
        hours[row.card_id].append(window(row, gone.get(row.card_id, ())))
    yesterday = clock.local_date(now, zone) - timedelta(days=1)
    closed = [Days(one.first_on, one.last_on) for one in holidays(yesterday)]
    return Roster(
        {card: tuple(reading_rules.with_holidays(own, closed)) for card, own in hours.items()},
        gone,
    )


def window(row: Reading, gone: tuple[Days, ...]) -> Window:
    """Return weekly hours as a window of wall time, without days away of whoever reads."""
    return Window(row.weekday, row.starts, row.ends, row.last_on, row.first_on, gone)


def windows(now: datetime, zone: ZoneInfo) -> list[Window]:
    """Return the reading hours of everybody who is there: three queries."""
    return list(roster(now, zone).everybody())


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
    roster: Roster

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
    """Return reading hours and timers as they are now: four queries."""
    found = roster(now, zone)
    return Plan(found.everybody(), timers(), zone, found)
