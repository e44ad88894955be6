"""Cancelled by the program, then by a supporter: the student sees it and takes another time."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from peersupport.core import clock
from program.services import touch_public
from tests.journeys.story import Reader, Story, tell, told_twice
from tests.people import cast, hours_of
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
_TELLING = ("talk", "visit", "cancel", "counsel", "support", "priya", "room", "book", "mental")


@told_twice
def test_cancelled_by_the_program(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        hours_of(people["priya"], evening + timedelta(minutes=20))
        hours_of(people["marcus"], evening + timedelta(minutes=50))
        touch_public()
        with tell(live_server, "cancelled-by-the-program", people, script=script) as story:
            ana = story.reader("ana")
            _books(ana)
            _the_program_cancels(story)
            _takes_another(ana)
            _the_supporter_cancels(story)
            _nothing_is_left(ana)
        drain(now=clock.now)

    assert [(letter.subject, letter.to) for letter in mail.outbox] == [
        ("You have a message", ["ana@school.example"])
    ] * 2
    for letter in mail.outbox:
        said = str(letter.body).split("--\n")[0].lower().split()
        words = " ".join(word for word in said if not word.startswith("http"))
        assert [word for word in _TELLING if word in words] == []


def _books(ana: Reader) -> None:
    ana.goes_to("/visits/book/")
    ana.chooses("5:30pm")
    ana.fills("What should we call you?", "Ash")
    ana.chooses("E-mail me about this time")
    ana.presses("Book this time")
    ana.reads("5:30pm", "Priya")


def _the_program_cancels(story: Story) -> None:
    cora = story.reader("cora")
    cora.goes_to("/hours/program/")
    cora.reads("Today, 5:30pm to 7:30pm", "Priya", "Marcus")
    cora.does_not_read("Ash")
    cora.looks("all-hours")
    cora.follows("Cancel these hours")
    cora.has_heading("Cancel these hours?")
    cora.looks("sure")
    cora.follows("No, go back")
    cora.follows("Cancel these hours")
    cora.presses("Cancel the hours")
    cora.has_heading("All hours")
    cora.reads("Cancelled")
    cora.looks("all-hours-one-cancelled")


def _takes_another(ana: Reader) -> None:
    ana.goes_to("/")
    ana.looks("today-after-it")
    ana.follows("My times")
    ana.reads("This time was cancelled, we are sorry")
    ana.looks("my-times")
    ana.page.locator("main").get_by_role("link", name="Look at it").first.click()
    ana.has_heading("This time was cancelled, we are sorry")
    ana.looks("cancelled")
    ana.follows("See other times")
    ana.looks("other-times")
    ana.chooses("6:30pm")
    ana.chooses("E-mail me about this time")
    ana.presses("Book this time")
    ana.has_heading("You have a time")
    ana.reads("6:30pm", "Marcus")
    ana.looks("taken")


def _the_supporter_cancels(story: Story) -> None:
    marcus = story.reader("marcus")
    marcus.goes_to("/hours/")
    marcus.looks("supporters-hours")
    marcus.opens("More for these hours")
    marcus.follows("Cancel these hours")
    marcus.looks("supporter-sure")
    marcus.presses("Cancel the hours")
    marcus.has_heading("My hours")
    marcus.reads("Cancelled, and whoever had a time is told:", "Today, 6pm to 8pm")


def _nothing_is_left(ana: Reader) -> None:
    ana.page.reload()
    ana.has_heading("This time was cancelled, we are sorry")
    ana.follows("See other times")
    ana.reads("No time is free in the next two weeks.")
    ana.looks("no-time-is-free")
    ana.goes_to("/")
    ana.has_heading("No one is in right now")
    ana.looks("today-nobody")
