"""Whoever is told of an event is told at a time that suits them, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from events import telling_rules as rules

ZONE = ZoneInfo("America/New_York")


def _local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (_local(2026, 11, 24, 7, 59), _local(2026, 11, 24, 9)),
        (_local(2026, 11, 24, 8), _local(2026, 11, 24, 8)),
        (_local(2026, 11, 24, 21, 59), _local(2026, 11, 24, 21, 59)),
        (_local(2026, 11, 24, 22), _local(2026, 11, 25, 9)),
        (_local(2026, 10, 31, 23), _local(2026, 11, 1, 9)),  # a night of eleven hours
        (_local(2027, 3, 14, 1, 30), _local(2027, 3, 14, 9)),  # and one of nine
    ],
)
def test_nobody_is_told_at_night(moment: datetime, told: datetime) -> None:
    assert rules.fit(moment, ZONE) == told


@pytest.mark.parametrize(
    ("starts_at", "due"),
    [
        (_local(2026, 11, 24, 18), _local(2026, 11, 23, 16)),
        (_local(2026, 11, 24, 7), _local(2026, 11, 23, 16)),
        (_local(2026, 11, 24, 0, 30), _local(2026, 11, 23, 16)),
        (_local(2026, 11, 1, 18), _local(2026, 10, 31, 16)),
        (_local(2027, 3, 14, 18), _local(2027, 3, 13, 16)),
    ],
)
def test_a_reminder_comes_in_the_afternoon_of_the_day_before(
    starts_at: datetime, due: datetime
) -> None:
    assert rules.remind_at(starts_at, ZONE) == due


def test_thanks_come_an_hour_later_or_in_the_morning() -> None:
    assert rules.thank_at(_local(2026, 11, 24, 19), ZONE) == _local(2026, 11, 24, 20)
    assert rules.thank_at(_local(2026, 11, 24, 21, 30), ZONE) == _local(2026, 11, 25, 9)


def test_a_place_given_at_night_is_told_in_the_morning_if_there_is_time() -> None:
    night = _local(2026, 11, 24, 23)

    assert rules.given_at(night + timedelta(days=3), night, ZONE) == _local(2026, 11, 25, 9)
    # The morning would be less than a day before it.
    assert rules.given_at(night + timedelta(hours=25), night, ZONE) == night
