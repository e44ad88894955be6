"""The governor's rules as tables: one reason at a time, and which of two wins."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from program.calendar_rules import Quiet
from reminders.limit_rules import (
    A_MILESTONE,
    A_TERM,
    Decision,
    Known,
    Outcome,
    Rival,
    SaidOnce,
    Why,
    decide,
    next_week,
)

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 12, 9, 17, tzinfo=UTC)  # a Wednesday at noon
EXAM, OTHER = uuid.uuid4(), uuid.uuid4()
_DAY = timedelta(days=1)


def _message(**more: Any) -> Rival:
    values = {
        "priority": 3, "milestone": EXAM, "due_at": NOW, "expires_at": NOW + _DAY, "key": b"a",
        **more,
    }  # fmt: skip
    return Rival(**values)


def _known(**more: Any) -> Known:
    values: dict[str, Any] = {"now": NOW, "zone": NEW_YORK, "message": _message(), **more}
    return Known(**values)


def _said(days_ago: int, milestone: uuid.UUID | None = None) -> SaidOnce:
    return SaidOnce(date(2026, 12, 9) - days_ago * _DAY, milestone)


def _night(hour: int) -> datetime:
    return datetime(2026, 12, 10, hour, 30, tzinfo=UTC)  # UTC: five hours ahead


TODAY = date(2026, 12, 9)
EXAM_NOW = (Quiet(TODAY, TODAY, TODAY - _DAY),)
LONG_EXAM = (Quiet(TODAY, TODAY + 5 * _DAY, TODAY - _DAY),)
EVE = (Quiet(TODAY + _DAY, TODAY + _DAY, TODAY),)


@pytest.mark.parametrize(
    ("known", "outcome", "why"),
    [
        (_known(), "went", "fine"),
        (_known(message=_message(expires_at=NOW)), "dropped", "late"),
        (_known(is_live=False), "dropped", "changed"),
        (_known(is_there=False), "dropped", "gone"),
        (_known(is_wanted=False), "dropped", "unwanted"),
        (_known(was_said=True), "dropped", "said"),
        (_known(waits_for_incident=True), "held", "incident"),
        (_known(now=_night(3)), "held", "night"),
        (_known(now=_night(3), message=_message(expires_at=_night(5))), "dropped", "night"),
        (_known(quiets=EXAM_NOW), "held", "exam"),
        (_known(quiets=LONG_EXAM), "dropped", "exam"),
        (_known(quiets=EVE), "went", "fine"),
        (_known(quiets=EVE, now=NOW + timedelta(hours=6, minutes=1)), "dropped", "exam"),
        (_known(said=(_said(2),)), "dropped", "week"),
        (_known(said=(_said(2),), message=_message(expires_at=NOW + 6 * _DAY)), "held", "week"),
        (_known(said=(_said(3),)), "went", "fine"),  # the Sunday before: another week
        (_known(said=(_said(9, EXAM),) * A_MILESTONE), "dropped", "milestone"),
        (_known(said=(_said(9, OTHER),) * A_MILESTONE), "went", "fine"),
        (_known(said=(_said(9),) * A_TERM), "dropped", "term"),
        (_known(said=(_said(9),) * A_TERM, term_first=TODAY - 8 * _DAY), "went", "fine"),
    ],
)
def test_one_reason_decides(known: Known, outcome: str, why: str) -> None:
    decision = decide(known)

    assert (str(decision.outcome), str(decision.why)) == (outcome, why)


def test_a_night_before_an_exam_is_held_until_the_exam_is_over() -> None:
    quiets = (Quiet(date(2026, 12, 10), date(2026, 12, 10), TODAY),)
    known = _known(now=_night(3), quiets=quiets, message=_message(expires_at=NOW + 3 * _DAY))

    assert decide(known) == Decision(
        Outcome.HELD, Why.NIGHT, datetime(2026, 12, 11, 13, tzinfo=UTC)
    )


_BETTER = _message(priority=4, due_at=NOW + _DAY, expires_at=NOW + 2 * _DAY, key=b"b")


@pytest.mark.parametrize(
    ("rival", "gives_way"),
    [
        (_BETTER, True),
        (replace(_BETTER, priority=3), False),  # as useful, but later
        (replace(_BETTER, priority=3, due_at=NOW - timedelta(hours=1)), True),  # and earlier
        (replace(_BETTER, due_at=NOW + 6 * _DAY, expires_at=NOW + 8 * _DAY), False),  # next week
        (replace(_BETTER, expires_at=NOW), False),  # it never went, and never will
        (replace(_BETTER, milestone=OTHER), True),
    ],
)
def test_the_more_useful_message_wins(rival: Rival, gives_way: bool) -> None:
    decision = decide(_known(rivals=(rival,)))

    assert (decision.why is Why.WEAKER) is gives_way


def test_a_rival_that_falls_into_an_exam_displaces_nobody() -> None:
    quiets = (Quiet(TODAY + _DAY, TODAY + 3 * _DAY, TODAY),)

    assert decide(_known(rivals=(_BETTER,), quiets=quiets)).why is Why.FINE


def test_a_rival_about_a_date_that_had_its_three_displaces_nobody() -> None:
    said = (_said(9, OTHER),) * A_MILESTONE
    rival = replace(_BETTER, milestone=OTHER)

    assert decide(_known(rivals=(rival,), said=said)).why is Why.FINE


def test_what_gives_way_waits_for_the_next_week_if_it_is_still_good_then() -> None:
    known = _known(rivals=(_BETTER,), message=_message(expires_at=NOW + 7 * _DAY))

    assert decide(known) == Decision(Outcome.HELD, Why.WEAKER, next_week(NOW, NEW_YORK))
    assert next_week(NOW, NEW_YORK) == datetime(2026, 12, 14, 13, tzinfo=UTC)


def test_of_two_alike_exactly_one_gives_way() -> None:
    one, other = _message(key=b"a"), _message(key=b"b")

    assert decide(_known(message=one, rivals=(other,))).outcome is Outcome.WENT
    assert decide(_known(message=other, rivals=(one,))).why is Why.WEAKER
