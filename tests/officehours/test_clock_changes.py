"""Weekly hours across both clock changes of New York, and past midnight."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from officehours.planning_rules import Closed, Existing, Fate, Hours, Known, Plan, plan_weekly
from officehours.rules import Wall, bounds, expand, slots
from peersupport.core import ids
from program.rules import Span, Window

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


SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)  # the Sundays on which clocks change
ALWAYS = Window(None, time(0), time(0))
WEEK = timedelta(days=7)


def _plan(change: date, hours: Hours | None = None, **known: Any) -> Plan:
    """Return the plan for Sundays from a week before a clock change until a week after it."""
    given: dict[str, Any] = {"zone": NEW_YORK, "windows": (ALWAYS,)}
    first = change - WEEK
    wanted = hours or _sundays(time(17), time(19), first)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    return plan_weekly(wanted, Known(**(given | known)), first, change + WEEK, long_ago)


def _sundays(starts: time, ends: time, first: date) -> Hours:
    return Hours(6, starts, ends, NEW_YORK, "Room 214", 30, "in person", first)


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_plan_keeps_its_wall_time_over_a_change(change: date) -> None:
    rows = _plan(change).rows

    assert [row.fate for row in rows] == [Fate.NEW] * 3
    assert [row.starts_at.astimezone(NEW_YORK).hour for row in rows] == [17] * 3
    assert rows[0].starts_at.hour != rows[2].starts_at.hour


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_published_hours_are_the_same_after_a_change_as_before(change: date) -> None:
    """Nothing is taken for changed because its instant has moved by an hour."""
    rows = _plan(change).rows
    have = {
        row.day: Existing(ids.new_id(), row.starts_at, row.ends_at, "Room 214", 30, "in person")
        for row in rows
    }

    assert {row.fate for row in _plan(change, existing=have).rows} == {Fate.SAME}
    later = replace(_sundays(time(18), time(20), change - WEEK))
    moved = _plan(change, later, existing=have).rows
    assert {row.fate for row in moved} == {Fate.CHANGED}
    assert [row.starts_at for row in moved] == [r.starts_at + timedelta(hours=1) for r in rows]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_day_left_out_or_a_holiday_is_the_local_day(change: date) -> None:
    late = _sundays(time(23), time(1), change - WEEK)  # ends on Monday, in UTC begins on it, too
    closed = Closed("Day off", change, change)

    assert [r.fate for r in _plan(change, late, skipped=frozenset([change])).rows] == [
        Fate.NEW, Fate.SKIPPED, Fate.NEW,
    ]  # fmt: skip
    rows = _plan(change, late, holidays=(closed,)).rows
    assert [(r.fate, r.holiday) for r in rows][1] == (Fate.HOLIDAY, "Day off")


@pytest.mark.parametrize(("change", "hours"), [(SPRING, 1), (AUTUMN, 3)])
def test_the_minutes_without_cover_are_those_of_that_night(change: date, hours: int) -> None:
    """Somebody answers from 3am: from 1am on that is one hour in March, three in November."""
    night = _sundays(time(1), time(4), change - WEEK)
    rows = _plan(change, night, windows=(Window(None, time(3), time(0)),)).rows

    assert {row.fate for row in rows} == {Fate.UNCOVERED}
    lengths = [sum((g.end - g.start for g in row.gaps), timedelta()) for row in rows]
    assert lengths == [timedelta(hours=n) for n in (2, hours, 2)]


def test_hours_that_a_change_makes_too_short_are_refused_that_day_only() -> None:
    brief = _sundays(time(1, 50), time(3, 10), SPRING - WEEK)

    assert [row.fate for row in _plan(SPRING, brief).rows] == [Fate.NEW, Fate.NEW, Fate.NEW]
    briefer = _sundays(time(1, 55), time(3, 5), SPRING - WEEK)
    assert [row.fate for row in _plan(SPRING, briefer).rows] == [Fate.NEW, Fate.LENGTH, Fate.NEW]


def test_hours_of_another_zone_clash_by_instant() -> None:
    """Weekly hours keep the zone they were made in; what counts is when they are."""
    angeles = replace(
        _sundays(time(14), time(16), SPRING - WEEK), zone=ZoneInfo("America/Los_Angeles")
    )
    first = _plan(SPRING, angeles).rows[0]
    assert first.starts_at.astimezone(NEW_YORK).time() == time(17)

    mine = Span(*bounds(SPRING, time(18), time(20), NEW_YORK))
    assert [row.fate for row in _plan(SPRING, angeles, busy=(mine,)).rows] == [
        Fate.NEW, Fate.OVERLAP, Fate.NEW,
    ]  # fmt: skip
