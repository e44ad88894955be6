"""Somebody is told when the key has served its time: on the care host, and later on the web's."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from peersupport.portal.checks import sealing
from referrals import care_keys
from tests.referrals.care_host import prepare

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]


def _said(when: datetime) -> list[str | None]:
    with time_machine.travel(when, tick=False):
        return [one.id for one in sealing.epoch()]


def test_the_care_host_hears_at_once_and_the_web_host_two_weeks_later(
    keys_dir: Path, evening: datetime, settings: Any
) -> None:
    prepare(keys_dir, evening)
    over = evening + care_keys.EPOCH
    settings.PLANE = "care"

    assert _said(over - timedelta(days=1)) == []
    assert _said(over) == ["peersupport.W034"]
    settings.PLANE = "web"
    assert _said(over + timedelta(days=13)) == []
    assert _said(over + timedelta(days=14)) == ["peersupport.W034"]


def test_without_any_key_nothing_is_said(keys_dir: Path, evening: datetime) -> None:
    assert _said(evening) == []
