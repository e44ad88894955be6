"""Which side of the program a test of referrals stands on."""

from datetime import datetime
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
