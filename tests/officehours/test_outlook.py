"""What others may know of the hours ahead: the next ones, and how many times are missing."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Person
from officehours.models import Cover, Rule
from officehours.queries.outlook import missing_hours, next_hours
from program.calendars import missing_hours as asked_by_others
from program.calendars import next_hours as next_of_all
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
_WEEK = timedelta(days=7)
FIRST, LAST = date(2026, 12, 14), date(2026, 12, 27)


@pytest.fixture
def sol(evening: datetime) -> Person:
    return cast(evening)["sol"]


def _weekly(sol: Person, **more: Any) -> Rule:
    values = {
        "weekday": 1, "starts": time(17), "ends": time(21), "zone": "America/New_York",
        "place": "Room 214", "first_on": date(2026, 9, 1), **more,
    }  # fmt: skip
    return Rule.objects.create(supporter=sol, **values)


def _four_weeks_behind(sol: Person, evening: datetime, hours: int = 4) -> None:
    for week in range(1, 5):
        hours_of(sol, evening - week * _WEEK, length=timedelta(hours=hours))


def test_the_next_hours_are_told_without_names(sol: Person, evening: datetime) -> None:
    hours_of(sol, evening - timedelta(hours=3))
    soon = hours_of(sol, evening - timedelta(hours=1))
    later = hours_of(sol, evening + timedelta(days=1))

    found = next_hours(evening, 5)

    assert [one.starts_at for one in found] == [soon.starts_at, later.starts_at]
    assert found[0].place == "Room 214"
    assert next_of_all(evening, 1) == found[:1]


def test_nothing_is_missing_where_nothing_is_usual(sol: Person, evening: datetime) -> None:
    assert missing_hours(FIRST, LAST, evening) == 0


def test_weekly_hours_that_go_on_leave_nothing_missing(sol: Person, evening: datetime) -> None:
    _four_weeks_behind(sol, evening)
    _weekly(sol)

    assert missing_hours(FIRST, LAST, evening) == 0


@pytest.mark.parametrize(
    ("last_on", "missing"), [(None, 0), (date(2026, 12, 16), 2), (date(2026, 12, 1), 4)]
)
def test_weekly_hours_that_end_are_missed(
    sol: Person, evening: datetime, last_on: date | None, missing: int
) -> None:
    """Four hours a week, two hours a time, two weeks."""
    _four_weeks_behind(sol, evening)
    _weekly(sol, last_on=last_on)

    assert missing_hours(FIRST, LAST, evening) == missing
    assert asked_by_others(FIRST, LAST, evening) == missing


def test_a_request_for_cover_is_a_time_that_is_missing(sol: Person, evening: datetime) -> None:
    mine = hours_of(sol, datetime(2026, 12, 1, 22, tzinfo=evening.tzinfo))
    Cover.objects.create(assignment=mine, state="open")

    assert missing_hours(date(2026, 11, 30), date(2026, 12, 6), evening) == 1
    assert missing_hours(FIRST, LAST, evening) == 0
