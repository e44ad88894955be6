"""A student books, moves, comes, sees the receipt and takes it out of the counts; gives one up."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from program.services import touch_public
from tests.journeys.story import Reader, Story, tell, told_twice
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_student_books(
    live_server: Any, keys_dir: object, evening: datetime, *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False) as clock:
        people = cast(evening)
        five = evening - timedelta(minutes=10)
        hours_of(people["priya"], five, checked_in_at=five)
        hours_of(people["marcus"], evening + timedelta(days=1))
        touch_public()
        with tell(live_server, "student-books", people, script=script) as story:
            ana = _books(story)
            _moves(ana)
            first = ana.page.url.removeprefix(live_server.url)
            clock.move_to(evening + timedelta(minutes=45))
            _comes(ana)
            _is_talked_with(story, ana, clock, evening)
            _leaves_the_counts(ana)
            _gives_one_up(ana)
            clock.move_to(evening + timedelta(hours=26))
            _is_forgotten(story, ana, first)


def _books(story: Story) -> Reader:
    visitor = story.reader()
    visitor.goes_to("/")
    visitor.has_heading("Someone is in until 7pm")
    visitor.does_not_read("Priya")
    visitor.looks("today-signed-out")
    ana = story.reader("ana")
    ana.goes_to("/")
    ana.reads("Priya, year 4", "Open now")
    ana.looks("today")
    ana.follows("Book a time")
    ana.looks("book")
    ana.presses("Book this time")
    ana.reads("There is a problem", "Choose a time.")
    ana.looks("book-without-a-time")
    ana.chooses("5:30pm")
    ana.fills("What should we call you?", "Ash")
    ana.presses("Book this time")
    ana.has_heading("You have a time")
    ana.reads("5:30pm", "Priya", "Room 214")
    ana.looks("booked")
    return ana


def _moves(ana: Reader) -> None:
    ana.goes_to("/")
    ana.reads("You have a time")
    ana.looks("today-with-a-time")
    ana.follows("My times")
    ana.looks("my-times")
    ana.follows("See, move or give up this time")
    before = ana.page.url
    ana.follows("Take another time")
    ana.reads("You have a time at")
    ana.looks("move")
    ana.chooses("6pm")
    ana.presses("Take this time")
    ana.has_heading("You have a time")
    ana.reads("6pm")
    assert ana.page.url != before
    now = ana.page.url
    ana.goes_to("/visits/book/")
    ana.has_heading("You have a time at 6pm")
    ana.reads("With Priya", "Take another time", "Give up this time")
    ana.looks("one-at-a-time")
    ana.page.goto(now)


def _comes(ana: Reader) -> None:
    ana.page.reload()
    ana.looks("nearly-time")
    ana.presses("I'm here")
    ana.has_heading("You are here")
    ana.looks("here")


def _is_talked_with(story: Story, ana: Reader, clock: Any, evening: datetime) -> None:
    priya = story.reader("priya")
    priya.goes_to("/hours/")
    priya.reads("6pm", "Ash")
    clock.move_to(evening + timedelta(minutes=50))
    priya.presses("Start")
    ana.page.reload()
    ana.has_heading("You are in a talk")
    ana.looks("in-a-talk")
    clock.move_to(evening + timedelta(minutes=75))
    priya.presses("Finish")
    ana.page.reload()
    ana.has_heading("Your receipt")
    ana.looks("receipt-without-a-note")
    priya.chooses("15 to 30 minutes")
    priya.chooses("Study and exams")
    priya.chooses("Light")
    priya.presses("Save")
    priya.has_heading("My hours")


def _leaves_the_counts(ana: Reader) -> None:
    ana.page.reload()
    ana.reads("15 to 30 minutes", "Study and exams")
    ana.looks("receipt")
    ana.presses("Remove this line")
    ana.reads("You removed the line")
    ana.does_not_read("Study and exams")
    ana.looks("receipt-removed")


def _gives_one_up(ana: Reader) -> None:
    ana.goes_to("/visits/")
    ana.follows("Book a time")
    ana.chooses("5:10pm")
    ana.presses("Book this time")
    ana.reads("Marcus")
    ana.presses("Give up this time")
    ana.has_heading("You gave up this time")
    ana.looks("given-up")
    ana.follows("My times")
    ana.reads("Your receipt", "You gave up this time")
    ana.looks("my-times-past")


def _is_forgotten(story: Story, ana: Reader, first: str) -> None:
    ana.goes_to(first)
    assert "Priya" not in ana.page.locator("body").inner_text()
    ana.looks("forgotten")
    ana.goes_to("/visits/")
    ana.does_not_read("Your receipt")
    ana.looks("my-times-empty")
