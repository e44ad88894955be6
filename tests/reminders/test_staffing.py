"""Calls to supporters as shipped: four, three and one week before, while hours are missing."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from peersupport.core.actors import SYSTEM
from program import calendars
from reminders.rules import Verb
from reminders.services import campaigns
from tests.people import cast
from tests.reminders.ground import milestone, put_in_class, sent_to
from tests.roles import drain, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY = timedelta(days=1)
EXAM = date(2026, 12, 28)  # 35 days after the evening, a Monday
SHIPPED = ("staffing-four-weeks", "staffing-three-weeks", "staffing-one-week")


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., int]]:
    """How many hours are missing, to be set by the test."""
    found: dict[str, Callable[..., int]] = {"test": lambda first, last, now: 2}
    monkeypatch.setattr(calendars, "_missing", found)
    return found


def _same(moment: datetime) -> datetime:
    return moment


def _live(evening: datetime, mailoutbox: list[Any], who: Any) -> list[date]:
    """Plan and deliver day by day until the exam is over; return the days on which one came."""
    days = []
    for number in range(37):
        noon = evening + number * DAY - timedelta(hours=5)
        before = len(sent_to(mailoutbox, who))
        plan_reminders(now=noon)
        drain(now=partial(_same, noon))
        if len(sent_to(mailoutbox, who)) > before:
            days.append(noon.date())
    return days


def _switch_on(evening: datetime) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    for key in SHIPPED:
        row = campaigns.take_from_library(key=key, by=SYSTEM, now=evening)
        campaigns.switch(campaign=row.pk, verb=Verb.SWITCH_ON, by=SYSTEM, now=evening)


def test_they_go_on_the_28th_21st_and_7th_day_before(
    evening: datetime, mailoutbox: list[Any], missing: dict[str, Callable[..., int]]
) -> None:
    people = cast(evening)
    put_in_class(people["sol"], "M1")
    _switch_on(evening)

    days = _live(evening, mailoutbox, people["priya"])

    assert [(EXAM - day).days for day in days] == [28, 21, 7]
    letters = sent_to(mailoutbox, people["priya"])
    assert {letter.subject for letter in letters} == {"You have a message"}
    assert all("2 times" in letter.body for letter in letters)
    assert sent_to(mailoutbox, people["sol"]) == [], "it is his own exam"
    assert sent_to(mailoutbox, people["ana"]) == []


def test_once_every_hour_has_somebody_they_stop(
    evening: datetime, mailoutbox: list[Any], missing: dict[str, Callable[..., int]]
) -> None:
    people = cast(evening)
    _switch_on(evening)
    found_until = evening + 10 * DAY
    missing["test"] = lambda first, last, now: 2 if now < found_until else 0

    assert [(EXAM - day).days for day in _live(evening, mailoutbox, people["priya"])] == [28]
