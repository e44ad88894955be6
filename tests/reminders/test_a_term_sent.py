"""A term as it is really planned and sent: the same limits, counted in what arrived."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from peersupport.core.actors import SYSTEM
from peersupport.core.outbox import kinds
from reminders.library import LIBRARY
from reminders.planning_rules import is_silent, monday_of, next_moment
from reminders.queries.ground import ground
from reminders.rules import Verb
from reminders.services import campaigns, governor
from tests.people import cast
from tests.reminders.ground import milestone, put_in_class
from tests.roles import drain, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
NEW_YORK = ZoneInfo("America/New_York")
STARTS = datetime(2026, 11, 23, 14, tzinfo=UTC)
_DAYS = 35


def _term(now: datetime) -> None:
    people = cast(now)
    for name, group in (("ana", "M1"), ("ben", "M2"), ("sol", "M3")):
        put_in_class(people[name], group)
    day = STARTS.date()
    for week in range(1, 5):
        for group in ("M1", "M2"):
            milestone(f"Block {week}", day + timedelta(days=7 * week), class_name=group)
    milestone("Clerkship begins", date(2026, 11, 30), kind="change", class_name="M3")
    milestone("Step 1", date(2026, 12, 16), class_name="M2")
    milestone("Scores", date(2026, 12, 18), kind="other")
    milestone("Dedicated", date(2026, 11, 30), last_on=date(2026, 12, 20), kind="study")
    for key in LIBRARY:
        row = campaigns.take_from_library(key=key, by=SYSTEM, now=now)
        campaigns.switch(campaign=row.pk, verb=Verb.SWITCH_ON, by=SYSTEM, now=now)


def _drain(now: datetime) -> None:
    drain(now=lambda: now)


def _live(mailoutbox: list[Any]) -> list[tuple[str, datetime]]:
    """Let the days pass, six hours at a time; return who got something, and when."""
    found: list[tuple[str, datetime]] = []
    for step in range(_DAYS * 4):
        now = STARTS + timedelta(hours=6 * step)
        plan_reminders(now=now)
        before = len(mailoutbox)
        _drain(now)
        found += [(mail.to[0], now) for mail in mailoutbox[before:]]
    return found


def test_what_arrives_in_a_term_keeps_every_limit(mailoutbox: list[Any]) -> None:
    _term(STARTS)

    got = _live(mailoutbox)

    weeks = Counter((to, monday_of(at.astimezone(NEW_YORK).date())) for to, at in got)
    assert max(weeks.values()) == 1
    assert len({to for to, _ in got}) >= 3
    walls = [at.astimezone(NEW_YORK).replace(tzinfo=None) for _to, at in got]
    assert all(next_moment(wall) == wall for wall in walls)
    quiets = ground(STARTS).quiets("M1", "")
    mine = [at.astimezone(NEW_YORK).replace(tzinfo=None) for to, at in got if to[:3] == "ana"]
    assert mine
    assert not any(is_silent(wall, quiets) for wall in mine)


def test_without_the_governor_it_would_not(
    mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    gates = [gate for gate in kinds._gates if gate is not governor.governor]
    monkeypatch.setattr(kinds, "_gates", gates)
    _term(STARTS)

    got = _live(mailoutbox)

    weeks = Counter((to, monday_of(at.astimezone(NEW_YORK).date())) for to, at in got)
    assert max(weeks.values()) > 1
