"""A coordinator plans a series, publishes it, and cancels one date of it: everybody knows."""

from datetime import date, datetime
from typing import Any

import pytest
import time_machine

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from program import services
from program.calendar_rules import Entry, Kind
from tests.journeys.story import Reader, tell, told_twice
from tests.people import cast
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_series_with_one_date_cancelled(
    live_server: Any, evening: datetime, mailoutbox: list[Any], *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        services.add_holiday(
            name="Winter break", first_on=date(2026, 12, 19), last_on=date(2027, 1, 3),
            by=SYSTEM, now=evening,
        )  # fmt: skip
        exam = Entry("Cardiology exam", Kind.EXAM, date(2026, 12, 9), date(2026, 12, 9))
        services.add_milestones(entries=[exam], by=SYSTEM, now=evening)
        with tell(live_server, "event-series", people, script=script) as story:
            cora, ana = story.reader("cora"), story.reader("ana")
            _plans(cora)
            _publishes(cora)
            _takes_places(ana)
            drain(now=lambda: evening)
            before = len(_to(mailoutbox, people["ana"]))
            _cancels_one(cora)
            drain(now=lambda: evening)
            letters = _to(mailoutbox, people["ana"])[before:]
            assert [letter.subject for letter in letters] == ["You have a message"]
            assert "Something you planned will not take place." in letters[0].body
            assert "Yoga" not in letters[0].body
            ana.goes_to("/events/")
            ana.reads("Cancelled")
            _moves_the_rest(cora)
            _looks_around(cora)


def _to(mails: list[Any], person: Person) -> list[Any]:
    return [mail for mail in mails if mail.to == [person.mail_address]]


def _plans(cora: Reader) -> None:
    cora.goes_to("/events/plan/")
    cora.reads("Nothing is planned.")
    cora.looks("empty")
    cora.follows("Plan an event")
    cora.looks("form")
    cora.fills("Name", "Yoga in the atrium")
    cora.fills("What people read", "No mat? **Come anyway.**\n\n- bring socks")
    cora.fills("Day", "2026-12-01")
    cora.fills("From", "18:00")
    cora.fills("Until", "18:00")
    cora.page.get_by_label("How often").select_option(label="Every week")
    cora.fills("Last day of the series", "2026-12-22")
    cora.fills("Place", "Atrium")
    cora.fills("How many places", "12")
    cora.presses("Save and look at it")
    cora.reads("There is a problem", "Choose an end that differs from the start.")
    cora.looks("form-wrong")
    cora.fills("Until", "19:00")
    cora.presses("Save and look at it")
    cora.has_heading("The dates of the series")
    cora.reads("4 dates, made as drafts", "Cardiology exam is on the next day.", "Winter break")
    cora.looks("dates")
    cora.presses("Make these drafts")


def _publishes(cora: Reader) -> None:
    cora.has_heading("Yoga in the atrium")
    cora.reads("Every week, from Tuesday 1 December 2026 to Tuesday 15 December 2026")
    cora.does_not_read("22 December")
    cora.looks("series-drafts")
    cora.presses("Publish 3 drafts")
    cora.reads("3 dates are published.")
    cora.looks("series")


def _takes_places(ana: Reader) -> None:
    for number in range(2):
        ana.goes_to("/events/")
        links = ana.page.locator("main").get_by_role("link", name="Yoga in the atrium")
        links.nth(number).click()
        ana.presses("I am going")


def _cancels_one(cora: Reader) -> None:
    cora.follows("Tuesday 8 December")
    cora.reads("As people read it", "Come anyway.", "Cardiology exam is on the next day.")
    cora.looks("event")
    cora.follows("Cancel it")
    cora.reads("What they are told", "Something you planned will not take place.")
    cora.looks("cancel")
    cora.presses("Cancel it")
    cora.reads("Cancelled. Whoever had a place or waited is told.")
    cora.looks("cancelled")


def _moves_the_rest(cora: Reader) -> None:
    cora.goes_to("/events/plan/")
    cora.looks("list")
    cora.follows("Yoga in the atrium")
    cora.follows("Change it")
    cora.fills("Place", "Gym")
    cora.chooses("This date and those after it")
    cora.looks("change")
    cora.presses("See what will change")
    cora.has_heading("What will change")
    cora.reads("Changes: place.", "In: Gym.", "Something you planned has changed.")
    cora.looks("check")
    cora.presses("Change it")
    cora.reads("2 dates are changed.")


def _looks_around(cora: Reader) -> None:
    cora.goes_to("/events/plan/calendar/?month=2026-12")
    cora.reads("Yoga in the atrium", "Cardiology exam", "Winter break")
    cora.looks("month")
    cora.goes_to("/events/plan/earlier/")
    cora.looks("earlier")
    cora.goes_to("/events/plan/")
    cora.follows("Yoga in the atrium")
    cora.follows("The whole series")
    cora.follows("End it early")
    cora.fills("Last day", "2026-12-02")
    cora.looks("end")
    cora.presses("See what will change")
    cora.reads("Nobody wants to come yet: it is removed.")
    cora.looks("end-check")
    cora.presses("End it")
    cora.reads("1 date is removed.")
    cora.follows("Copy the series")
    cora.looks("copy")
