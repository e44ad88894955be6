"""When a campaign speaks: days, quiet hours, both clock changes."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program.calendar_rules import Entry, Kind, Quiet, quiet_times
from reminders.planning_rules import (
    CountsFrom,
    Pattern,
    after_quiet_hours,
    days,
    is_daytime,
    is_silent,
    next_moment,
    occurrences,
    phrases,
)

NEW_YORK = ZoneInfo("America/New_York")
KEY = uuid.uuid4()


def _pattern(**more: Any) -> Pattern:
    values: dict[str, Any] = {
        "kind": Kind.EXAM,
        "words": (),
        "milestone": None,
        "offset": -3,
        "counts_from": CountsFrom.FIRST,
        "at": time(9),
        "good_for": 1,
        **more,
    }
    return Pattern(**values)


def _entry(first: date, last: date | None = None, **more: Any) -> Entry:
    values: dict[str, Any] = {"title": "Anatomy", "kind": Kind.EXAM, **more}
    return Entry(first_on=first, last_on=last or first, **values)


def _due(pattern: Pattern, entry: Entry) -> list[datetime]:
    return [one.due_at for one in occurrences(pattern, [(KEY, entry)], NEW_YORK)]


@pytest.mark.parametrize(
    ("counts_from", "offset", "expected"),
    [
        (CountsFrom.FIRST, -14, [date(2026, 11, 30)]),
        (CountsFrom.FIRST, 0, [date(2026, 12, 14)]),
        (CountsFrom.LAST, 1, [date(2026, 12, 29)]),
        (CountsFrom.WEEKLY, 1, [date(2026, 12, 15), date(2026, 12, 22)]),
        (CountsFrom.WEEKLY, 30, []),
    ],
)
def test_days_are_counted_from(counts_from: CountsFrom, offset: int, expected: list[date]) -> None:
    entry = _entry(date(2026, 12, 14), date(2026, 12, 28))

    assert days(_pattern(counts_from=counts_from, offset=offset), entry) == expected


@pytest.mark.parametrize(
    ("exam", "expected"),
    [
        (date(2027, 3, 17), datetime(2027, 3, 13, 14, tzinfo=UTC)),  # the day before the change
        (date(2027, 3, 18), datetime(2027, 3, 14, 13, tzinfo=UTC)),  # that day: an hour earlier
        (date(2026, 11, 4), datetime(2026, 10, 31, 13, tzinfo=UTC)),
        (date(2026, 11, 5), datetime(2026, 11, 1, 14, tzinfo=UTC)),  # that day: an hour later
    ],
)
def test_nine_stays_nine_over_both_clock_changes(exam: date, expected: datetime) -> None:
    assert _due(_pattern(offset=-4), _entry(exam)) == [expected]


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        (datetime(2026, 12, 7, 7, 59), datetime(2026, 12, 7, 8)),
        (datetime(2026, 12, 7, 8), datetime(2026, 12, 7, 8)),
        (datetime(2026, 12, 7, 20, 59), datetime(2026, 12, 7, 20, 59)),
        (datetime(2026, 12, 7, 21), datetime(2026, 12, 8, 8)),
        (datetime(2026, 12, 8, 0, 30), datetime(2026, 12, 8, 8)),
        (datetime(2026, 12, 6, 17, 59), datetime(2026, 12, 6, 17, 59)),  # a Sunday
        (datetime(2026, 12, 6, 18), datetime(2026, 12, 7, 8)),
        (datetime(2026, 12, 31, 23), datetime(2027, 1, 1, 8)),
    ],
)
def test_quiet_hours_end_in_the_morning(wall: datetime, expected: datetime) -> None:
    assert after_quiet_hours(wall) == expected


def test_a_night_with_a_clock_change_ends_at_eight() -> None:
    """Saturday 10pm before the spring change: ten hours on the wall, nine in truth."""
    spring = _pattern(offset=0, at=time(22), kind=None)

    assert _due(spring, _entry(date(2027, 3, 13), kind=Kind.OTHER)) == [
        datetime(2027, 3, 14, 12, tzinfo=UTC)
    ]
    assert _due(spring, _entry(date(2026, 10, 31), kind=Kind.OTHER)) == [
        datetime(2026, 11, 1, 13, tzinfo=UTC)
    ]


def test_an_exam_and_the_evening_before_are_silent() -> None:
    quiets = quiet_times([_entry(date(2026, 12, 14), date(2026, 12, 15))])

    assert not is_silent(datetime(2026, 12, 13, 17, 59), quiets)
    assert is_silent(datetime(2026, 12, 13, 18), quiets)
    assert is_silent(datetime(2026, 12, 15, 20), quiets)
    assert next_moment(datetime(2026, 12, 13, 18), quiets) == datetime(2026, 12, 16, 8)


def test_what_prepares_ends_where_the_thing_begins() -> None:
    entry = _entry(date(2026, 12, 14), starts=time(9), ends=time(12))
    (before,) = occurrences(_pattern(offset=-1, good_for=7), [(KEY, entry)], NEW_YORK)
    (after,) = occurrences(_pattern(offset=1, good_for=0), [(KEY, entry)], NEW_YORK)

    assert before.expires_at == datetime(2026, 12, 14, 14, tzinfo=UTC)
    assert after.expires_at == datetime(2026, 12, 16, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "is_about"),
    [
        (_pattern(), True),
        (_pattern(kind=Kind.STUDY), False),
        (_pattern(kind=None, words=("anat",)), True),
        (_pattern(words=("step 1", "level 1")), False),
        (_pattern(milestone=KEY, kind=Kind.STUDY, words=("step 1",)), True),
        (_pattern(milestone=uuid.uuid4()), False),
    ],
)
def test_a_campaign_is_about(pattern: Pattern, is_about: bool) -> None:
    assert pattern.is_about(KEY, _entry(date(2026, 12, 14))) is is_about


def test_phrases_are_read_from_a_list() -> None:
    assert phrases(" Step 1,,LEVEL   1 , ") == ("step 1", "level 1")
    assert phrases("") == ()


def test_times_of_a_form_lie_in_the_day() -> None:
    assert [is_daytime(time(hour)) for hour in (7, 8, 20, 21)] == [False, True, True, False]


_WALLS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda wall: wall.replace(second=0, microsecond=0)
)


@given(_WALLS, st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=8))
def test_the_next_moment_is_awake_free_and_the_first(wall: datetime, exams: list[date]) -> None:
    quiets: list[Quiet] = quiet_times(_entry(day) for day in exams)
    found = next_moment(wall, quiets)

    assert found >= wall
    assert after_quiet_hours(found) == found
    assert not is_silent(found, quiets)
    assert next_moment(found, quiets) == found
    between = wall
    while between < found:
        assert after_quiet_hours(between) != between or is_silent(between, quiets)
        between += timedelta(minutes=30)
