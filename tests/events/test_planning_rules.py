"""What a change means: local times over clock changes, later dates, what has been seen."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from events.planning_rules import (
    Dated,
    changed,
    followed,
    followed_anyway,
    is_skipped,
    mark,
    moved,
    when_of,
)
from events.rules import State
from events.series_rules import dates, days_moved, is_too_long
from peersupport.core import ids
from tests.events.plans import NEW_YORK, TUESDAY, facts, wall

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    "day", [date(2026, 10, 27), date(2026, 11, 3), date(2027, 3, 9), date(2027, 3, 16)]
)
def test_a_date_keeps_its_local_times_over_both_clock_changes(day: date) -> None:
    there = moved(facts(), day, NEW_YORK)

    assert there.starts_at.astimezone(NEW_YORK).time() == time(18)
    assert there.ends_at.astimezone(NEW_YORK).time() == time(19)
    assert there.starts_at.astimezone(NEW_YORK).date() == day


def test_a_night_that_loses_its_end_stays_as_long_as_it_was() -> None:
    """From 1:30am to 2:15am on the night of the spring change: 2:15 is not there."""
    early = facts(starts_at=wall(TUESDAY, 2, 30), ends_at=wall(TUESDAY, 3))
    there = moved(early, date(2027, 3, 14), NEW_YORK)

    assert there.ends_at > there.starts_at


def test_an_event_over_midnight_stays_over_midnight() -> None:
    late = facts(starts_at=wall(TUESDAY, 22), ends_at=wall(TUESDAY + timedelta(days=1), 1))
    there = moved(late, date(2027, 3, 13), NEW_YORK)

    assert when_of(there, date(2027, 3, 13), NEW_YORK) == when_of(late, TUESDAY, NEW_YORK)


@pytest.mark.parametrize(
    ("day", "at", "skipped"),
    [
        (date(2027, 3, 14), time(2, 30), True),
        (date(2027, 3, 14), time(1, 59), False),
        (date(2027, 3, 14), time(3), False),
        (date(2026, 11, 1), time(1, 30), False),
    ],
)
def test_a_time_that_the_clocks_jump_over_is_known(day: date, at: time, skipped: bool) -> None:
    assert is_skipped(day, at, NEW_YORK) is skipped


def _pair() -> tuple[Dated, Dated]:
    return Dated(facts(), TUESDAY), Dated(facts(TUESDAY + WEEK), TUESDAY + WEEK)


def test_a_later_date_takes_what_changed() -> None:
    this, later = _pair()
    after = replace(
        this.facts, place="Gym", starts_at=wall(TUESDAY, 17), ends_at=wall(TUESDAY, 18)
    )

    becomes, own = followed(this, after, later, NEW_YORK)

    assert own == set()
    assert becomes == facts(TUESDAY + WEEK, starts_at=wall(TUESDAY + WEEK, 17), place="Gym")


def test_a_later_date_moves_to_another_weekday_along() -> None:
    this, later = _pair()
    after = moved(this.facts, TUESDAY + timedelta(days=1), NEW_YORK)

    becomes, _own = followed(this, after, later, NEW_YORK)

    assert becomes == facts(TUESDAY + WEEK + timedelta(days=1))


def test_what_was_changed_by_itself_stays_and_is_named() -> None:
    this, later = _pair()
    by_hand = replace(later, facts=replace(facts(TUESDAY + WEEK, place="Gym"), title="Big yoga"))
    after = replace(this.facts, place="Lawn", led_by="A teacher")

    becomes, own = followed(this, after, by_hand, NEW_YORK)
    anyway = followed_anyway(this, after, by_hand, NEW_YORK)

    assert own == {"place"}
    assert (becomes.place, becomes.led_by, becomes.title) == ("Gym", "A teacher", "Big yoga")
    assert (anyway.place, anyway.title) == ("Lawn", "Big yoga")


def test_a_date_moved_by_itself_keeps_its_time_when_the_others_move() -> None:
    this, later = _pair()
    by_hand = replace(later, facts=moved(later.facts, TUESDAY + timedelta(days=9), NEW_YORK))
    after = replace(this.facts, starts_at=wall(TUESDAY, 17), ends_at=wall(TUESDAY, 18))

    becomes, own = followed(this, after, by_hand, NEW_YORK)

    assert own == {"when"}
    assert becomes == by_hand.facts


def test_a_mark_changes_with_anything_and_not_with_the_order() -> None:
    one, other = ids.new_id(), ids.new_id()
    rows = [(one, str(State.DRAFT), facts()), (other, str(State.DRAFT), facts())]

    assert mark(rows) == mark(rows[::-1])
    assert mark(rows) != mark([rows[0], (other, str(State.PUBLISHED), facts())])
    others: dict[str, Any] = {
        "hosts": frozenset({one}), "invited": frozenset({("M1", "")}), "words": "x",
        "is_sensitive": True, "capacity": 3, "opens_before": WEEK,
    }  # fmt: skip
    for name, value in others.items():
        after = replace(facts(), **{name: value})
        assert changed(facts(), after) == {name}
        assert mark([rows[0], (other, str(State.DRAFT), after)]) != mark(rows)


def test_a_series_knows_its_days_and_how_long_it_may_be() -> None:
    days = dates(TUESDAY, TUESDAY + 5 * WEEK, 2, most=40)

    assert days == [TUESDAY, TUESDAY + 2 * WEEK, TUESDAY + 4 * WEEK]
    assert days_moved(days, date(2027, 9, 7))[-1] == date(2027, 10, 5)
    assert not is_too_long(TUESDAY, TUESDAY + 39 * WEEK, 1, most=40)
    assert is_too_long(TUESDAY, TUESDAY + 40 * WEEK, 1, most=40)
