"""Health says whether this host forgets, and not only whether some host does."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.rules import Going
from events.services import places
from peersupport.core import daykey
from peersupport.portal import health
from tests.events.scene import event, rsvp
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def test_a_host_whose_day_key_stands_still_is_not_well(keys_dir: Path, evening: datetime) -> None:
    daykey.advance(evening)
    assert health.report(evening)["forgetting"]["key_late_seconds"] == 0

    late = daykey.gone_at(daykey.oldest_day(evening)) + health.FORGET_STALE
    assert health.report(late)["forgetting"]["ok"] is False
    assert health.report(late)["forgetting"]["key_late_seconds"] == 3 * 3600

    daykey.advance(late)
    assert health.report(late + timedelta(hours=1))["forgetting"]["key_late_seconds"] == 0


def test_an_offer_that_nobody_ends_says_that_lines_stand(
    evening: datetime, time_machine: Any
) -> None:
    people = cast(evening)
    row = event(evening, capacity=1, starts_at=evening + timedelta(hours=22))
    ended = evening + timedelta(hours=1)
    rsvp(row, people["ana"], evening, Going.OFFERED, offer_until=ended)

    def places_of(now: datetime) -> dict[str, object]:
        found: dict[str, object] = health.report(now)["places"]
        return found

    well = {"ok": True, "late_seconds": None}
    assert places_of(evening) == well
    assert places_of(ended + timedelta(minutes=14)) == well  # nobody reads that there was one
    late = ended + timedelta(minutes=16)
    assert places_of(late) == {"ok": False, "late_seconds": 16 * 60}
    time_machine.move_to(late, tick=False)
    cora = sign_in(people["cora"])
    assert "Nobody is moved up" in cora.get("/program/").content.decode()
    places.sweep(now=late)
    assert places_of(late) == well
    assert "Nobody is moved up" not in cora.get("/program/").content.decode()


def test_an_offer_of_what_has_begun_is_not_waited_for(evening: datetime) -> None:
    row = event(evening, capacity=1, starts_at=evening + timedelta(hours=2))
    rsvp(row, cast(evening)["ana"], evening, Going.OFFERED, offer_until=evening)
    assert health.report(row.starts_at + timedelta(hours=3))["places"]["ok"]
