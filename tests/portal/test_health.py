"""Health says whether this host forgets, and not only whether some host does."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from peersupport.core import daykey
from peersupport.portal import health

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_a_host_whose_day_key_stands_still_is_not_well(keys_dir: Path, evening: datetime) -> None:
    daykey.advance(evening)
    assert health.report(evening)["forgetting"]["key_late_seconds"] == 0

    late = daykey.gone_at(daykey.oldest_day(evening)) + health.FORGET_STALE
    assert health.report(late)["forgetting"]["ok"] is False
    assert health.report(late)["forgetting"]["key_late_seconds"] == 3 * 3600

    daykey.advance(late)
    assert health.report(late + timedelta(hours=1))["forgetting"]["key_late_seconds"] == 0
