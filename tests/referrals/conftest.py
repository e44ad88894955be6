"""Which side of the program a test of referrals stands on."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.care import stand_as, wind


@pytest.fixture
def care_plane(settings: Any) -> None:
    """The care side alone, as its own program serves it."""
    stand_as(settings, "care")


@pytest.fixture
def both_planes(settings: Any) -> None:
    """Both sides in one process, as the demo serves them."""
    stand_as(settings, "all")


@pytest.fixture
def wound(db: None, evening: datetime) -> None:
    """The care side's clock goes."""
    wind(evening)


# What is the web side's; everything else in this folder is the care side's own.
_WEB = (
    *("attach", "danger", "drafts", "mine", "receipts", "recipients", "sending", "tagkey"),
    *("envelope", "reading_rules", "more_help", "ways_", "web_", "words"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of the care side act with its rights, unless they say otherwise."""
    for item in items:
        if item.path.parent != Path(__file__).parent or item.get_closest_marker("plane"):
            continue
        if not item.path.stem.removeprefix("test_").startswith(_WEB):
            item.add_marker(pytest.mark.plane("care"))
