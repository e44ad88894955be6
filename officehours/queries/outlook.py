"""What others may know of the hours ahead: when the next ones are, and how many are missing."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Q

from officehours import rules
from officehours.models import Cover, Rule, Shift
from officehours.queries.planning import horizon, hours_by_week
from peersupport.core import clock
from program.calendars import Opening
from program.queries import facts

_DAY = timedelta(days=1)
_WEEK = 7 * _DAY
_WEEKS_BEHIND = 4
# Hours are mostly held two at a time; so much is one time that somebody could take.
_A_TIME = 2.0


def next_hours(now: datetime, most: int) -> list[Opening]:
    """Return the next published hours that are not over: one query."""
    ahead = Shift.objects.bookable().filter(ends_at__gt=now).order_by("starts_at", "place")
    return [Opening(*row) for row in ahead.values_list("starts_at", "ends_at", "place")[:most]]


def _expected(first: date, last: date, published_to: date) -> dict[date, float]:
    """Return the hours of each week by its Monday: published ones, then those of weekly rules."""
    found: defaultdict[date, float] = defaultdict(float)
    found.update(hours_by_week(first, min(last, published_to)))
    begins = max(first, published_to + _DAY)
    if begins > last:
        return found
    current = Rule.objects.filter(Q(last_on__isnull=True) | Q(last_on__gte=begins))
    for rule in current.filter(first_on__lte=last):
        wall = rules.Wall(rule.weekday, rule.starts, rule.ends, ZoneInfo(rule.zone))
        ends = min(last, rule.last_on or last)
        for day, start, end in rules.expand(wall, max(begins, rule.first_on), ends):
            found[day - day.weekday() * _DAY] += (end - start) / timedelta(hours=1)
    return found


def _usual(today: date) -> float:
    """Return how many hours a week had lately: the middle of the last four."""
    monday = today - today.weekday() * _DAY
    behind = hours_by_week(monday - _WEEKS_BEHIND * _WEEK, monday - _DAY)
    return median(behind.get(monday - n * _WEEK, 0) for n in range(1, _WEEKS_BEHIND + 1))


def _mondays(first: date, last: date) -> Iterable[date]:
    day = first - first.weekday() * _DAY
    while day <= last:
        yield day
        day += _WEEK


def missing_hours(first: date, last: date, now: datetime) -> int:
    """Return how many times in these weeks nobody holds yet: five queries.

    Those for which cover is asked, and what is missing to as many hours as weeks had lately.
    """
    zone = facts().zone
    today, published_to = horizon(now, zone)
    weeks = list(_mondays(first, last))
    expected = _expected(weeks[0], weeks[-1] + 6 * _DAY, published_to)
    usual = _usual(today)
    short = sum(max(usual - expected.get(monday, 0), 0) for monday in weeks)
    asked = Cover.objects.filter(
        state=rules.CoverState.OPEN,
        assignment__is_active=True,
        assignment__starts_at__gte=max(now, clock.day_bounds(weeks[0], zone)[0]),
        assignment__starts_at__lt=clock.day_bounds(weeks[-1] + _WEEK, zone)[0],
    )
    return round(short / _A_TIME) + asked.count()
