"""When somebody reads next and by when, against walking through the minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.rules import Days, Window
from referrals.reading_rules import due, is_read_now, next_reading, with_holidays

NEW_YORK = ZoneInfo("America/New_York")
STEP = timedelta(minutes=15)
OFFICE = [Window(day, time(9), time(17)) for day in range(5)]
THANKSGIVING = [Days(date(2026, 11, 26), date(2026, 11, 27))]


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("asked", "reads"),
    [
        (_at(11, 24, 10), _at(11, 24, 10)),
        (_at(11, 24, 8), _at(11, 24, 9)),
        (_at(11, 24, 17), _at(11, 25, 9)),
        (_at(11, 25, 18), _at(11, 30, 9)),  # Thanksgiving, Friday and a weekend
        (_at(10, 30, 18), _at(11, 2, 9)),  # over the night in which the clocks go back
    ],
)
def test_the_next_reading(asked: datetime, reads: datetime) -> None:
    windows = with_holidays(OFFICE, THANKSGIVING)
    assert next_reading(windows, asked, NEW_YORK) == reads
    assert is_read_now(windows, asked, NEW_YORK) == (asked == reads)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (_at(11, 24, 10), 1, _at(11, 24, 11)),
        (_at(11, 24, 16, 30), 1, _at(11, 25, 9, 30)),
        (_at(11, 25, 16), 4, _at(11, 30, 12)),
        (_at(11, 24, 22), 8, _at(11, 25, 17)),
        (_at(11, 24, 9), 0, _at(11, 24, 9)),
    ],
)
def test_what_is_due_when(start: datetime, hours: int, end: datetime) -> None:
    windows = with_holidays(OFFICE, THANKSGIVING)
    assert due(windows, start, timedelta(hours=hours), NEW_YORK) == end


def test_a_service_that_never_reads_promises_nothing() -> None:
    long = [Days(date(2026, 1, 1), date(2027, 12, 31))]
    for windows in ([], with_holidays(OFFICE, long)):
        assert next_reading(windows, _at(11, 24, 10), NEW_YORK) is None
        assert due(windows, _at(11, 24, 10), timedelta(hours=1), NEW_YORK) is None
    assert due(OFFICE, _at(11, 24, 10), timedelta(hours=500), NEW_YORK) is None


_walls = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
_windows = st.lists(
    st.builds(Window, weekday=st.none() | st.integers(0, 6), starts=_walls, ends=_walls),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(_windows, st.integers(0, 6 * 96), st.integers(0, 40))
def test_counting_is_the_same_as_walking(windows: list[Window], offset: int, steps: int) -> None:
    start = datetime(2026, 10, 29, tzinfo=UTC) + offset * STEP
    at, left, first = start, steps, None
    while at < start + timedelta(days=20) and (left or first is None):
        if is_read_now(windows, at, NEW_YORK):
            first = first or at
            left -= left > 0
        at += STEP
        if not left and first is not None:
            break

    assert next_reading(windows, start, NEW_YORK) == first
    found = due(windows, start, steps * STEP, NEW_YORK)
    if not left:
        assert steps == 0 or found == at
    else:  # some minutes a week: not there yet when the walk ends
        assert found is None or found > at
