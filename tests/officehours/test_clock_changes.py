"""Weekly hours across both clock changes of New York, and past midnight."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from officehours.rules import Wall, bounds, expand, slots

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "starts", "ends", "hours_long", "begins"),
    [
        (date(2027, 3, 13), time(17), time(19), 2, datetime(2027, 3, 13, 22, tzinfo=UTC)),
        (date(2027, 3, 14), time(17), time(19), 2, datetime(2027, 3, 14, 21, tzinfo=UTC)),
        (date(2027, 3, 13), time(23), time(4), 4, datetime(2027, 3, 14, 4, tzinfo=UTC)),
        (date(2026, 10, 31), time(23), time(4), 6, datetime(2026, 11, 1, 3, tzinfo=UTC)),
        (date(2026, 11, 1), time(13), time(15), 2, datetime(2026, 11, 1, 18, tzinfo=UTC)),
        (date(2026, 11, 2), time(22), time(1), 3, datetime(2026, 11, 3, 3, tzinfo=UTC)),
    ],
)
def test_bounds_follow_the_wall_clock(
    day: date, starts: time, ends: time, hours_long: int, begins: datetime
) -> None:
    start, end = bounds(day, starts, ends, NEW_YORK)

    assert start == begins
    assert (end - start).total_seconds() == hours_long * 3600
    assert len(slots(start, end, 30)) == hours_long * 2


def test_a_time_that_does_not_exist_is_read_after_the_change() -> None:
    start, _ = bounds(date(2027, 3, 14), time(2, 30), time(6), NEW_YORK)

    assert start.astimezone(NEW_YORK).hour == 3


def test_weekly_hours_keep_their_wall_time_over_both_changes() -> None:
    wall = Wall(6, time(17), time(19), NEW_YORK)

    found = list(expand(wall, date(2026, 10, 20), date(2027, 3, 31)))

    assert all(s.astimezone(NEW_YORK).time() == time(17) for _, s, _ in found)
    assert all(day.weekday() == 6 for day, _, _ in found)
    assert len(found) == 23
