"""Words for times, and the one way to begin a sentence with them."""

import re
from datetime import date
from pathlib import Path

import pytest

from peersupport.core import words

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = ("accounts", "officehours", "peersupport", "program")


@pytest.mark.parametrize(
    ("ahead", "says"), [(0, "Today"), (1, "Tomorrow"), (2, "Wednesday"), (7, "Monday 30 November")]
)
def test_a_day_can_open_a_sentence(ahead: int, says: str) -> None:
    today = date(2026, 11, 23)

    near = words.day_near(date.fromordinal(today.toordinal() + ahead), today)

    assert words.upper_first(near) == says


def test_nothing_but_the_first_letter_changes() -> None:
    assert words.upper_first("réunion with Ana, IRL") == "Réunion with Ana, IRL"
    assert words.upper_first("") == ""


def test_nobody_writes_a_capital_in_another_way() -> None:
    """`capitalize()` makes "Monday 30 november"; slicing is the same thing a second time."""
    other_ways = re.compile(r"\.capitalize\(\)|\[:1\]\.upper\(\)|\[0\]\.upper\(\)")

    found = [
        str(path.relative_to(_ROOT))
        for app in _PROGRAM
        for path in (_ROOT / app).rglob("*.py")
        if other_ways.search(path.read_text())
    ]

    assert found == []
