"""A supporter's evening: publishes, comes in, talks, notes, misses one and undoes it, leaves."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.journeys.story import Reader, Story, stand_behind, tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_supporters_evening(live_server: Any, evening: datetime, *, script: bool) -> None:
    five = evening - timedelta(minutes=10)
    with time_machine.travel(five - timedelta(hours=1), tick=False) as clock:
        people = cast(five)
        stand_behind(five - timedelta(hours=1))
        with tell(live_server, "supporters-evening", people, script=script) as story:
            sol = story.reader("sol")
            _publishes(sol)
            _publishes_weekly(sol)
            for who, when in (("ana", "5pm"), ("ben", "5:30pm"), ("marcus", "6:30pm")):
                _is_booked_by(story, who, when)
            clock.move_to(five - timedelta(minutes=2))
            _comes_in(sol)
            clock.move_to(five + timedelta(minutes=1))
            _talks(sol, clock, five)
            clock.move_to(five + timedelta(minutes=41))
            _misses_one(sol)
            clock.move_to(five + timedelta(minutes=50))
            _somebody_walks_in(sol)
            _leaves(story, sol)


def _publishes(sol: Reader) -> None:
    sol.goes_to("/hours/")
    sol.reads("You have no hours yet.")
    sol.looks("no-hours")
    sol.follows("Publish hours")
    sol.looks("publish")
    sol.presses("See what will be published")
    sol.reads("There is a problem")
    sol.looks("publish-incomplete")
    _writes_hours(sol, "2026-11-23", "17:00", "19:00", "Room 214")
    sol.presses("See what will be published")
    sol.presses("Publish")
    sol.has_heading("My hours")
    sol.reads("Today, 5pm to 7pm", "Room 214", "Nobody has booked yet.")
    sol.looks("published")


def _writes_hours(sol: Reader, day: str, starts: str, ends: str, place: str) -> None:
    sol.page.locator("[name=day]").fill(day)
    sol.page.locator("[name=starts]").fill(starts)
    sol.page.locator("[name=ends]").fill(ends)
    sol.page.locator("[name=place]").fill(place)


def _publishes_weekly(sol: Reader) -> None:
    """Mondays from 6pm: the first of them collides with tonight and is left out."""
    sol.follows("Publish hours")
    _writes_hours(sol, "2026-11-23", "18:00", "20:00", "Lounge B")
    sol.chooses("Every week on this day")
    sol.looks("publish-weekly")
    sol.presses("See what will be published")
    sol.reads("Monday 23 November", "You have other hours then")
    sol.looks("left-out")
    sol.presses("Publish")
    sol.has_heading("My hours")
    sol.reads("Every week", "Monday, 6pm to 8pm, Lounge B")
    sol.looks("weekly")


def _is_booked_by(story: Story, who: str, when: str) -> None:
    student = story.reader(who)
    student.goes_to("/visits/book/")
    student.chooses(when)
    student.fills("What should we call you?", f"{who.capitalize()[:1]}.")
    student.presses("Book this time")
    student.has_heading("You have a time")
    student.page.context.close()


def _comes_in(sol: Reader) -> None:
    sol.page.reload()
    sol.reads("You are out")
    sol.looks("out")
    sol.presses("I am in")
    sol.reads("You are in", "5pm", "A.", "5:30pm", "B.")
    sol.looks("in")


def _talks(sol: Reader, clock: Any, five: datetime) -> None:
    sol.page.reload()
    sol.presses("Is here")
    sol.looks("somebody-is-here")
    sol.presses("Start")
    sol.reads("In a talk")
    sol.looks("in-a-talk")
    clock.move_to(five + timedelta(minutes=30))
    sol.presses("Finish")
    sol.looks("note")
    sol.presses("Save")
    sol.reads("There is a problem", "Choose how long it was, roughly.")
    sol.looks("note-incomplete")
    sol.chooses("15 to 30 minutes")
    sol.chooses("Study and exams")
    sol.chooses("Light")
    sol.presses("Save")
    sol.has_heading("My hours")
    sol.reads("Finished", "Change the note")
    sol.looks("noted")


def _misses_one(sol: Reader) -> None:
    sol.page.reload()
    sol.presses("We didn't meet")
    second = sol.page.locator("main li", has_text="5:30pm")
    assert "We didn't meet" in second.inner_text()
    sol.looks("not-met")
    second.get_by_role("button", name="Undo").click()
    assert "Booked" in second.inner_text()
    sol.looks("not-met-undone")
    second.get_by_role("button", name="We didn't meet").click()


def _somebody_walks_in(sol: Reader) -> None:
    sol.presses("Someone just walked in")
    sol.reads("In a talk")
    sol.looks("walked-in")
    sol.presses("Finish")
    sol.follows("Not now")
    sol.has_heading("My hours")


def _leaves(story: Story, sol: Reader) -> None:
    sol.presses("I am out")
    sol.has_heading("Somebody still has a time with you")
    sol.looks("somebody-still-has-a-time")
    sol.follows("No, go back")
    sol.reads("You are in")
    sol.presses("I am out")
    sol.presses("Leave and cancel their times")
    sol.has_heading("My hours")
    sol.does_not_read("You are in\n")
    sol.looks("left")
    marcus = story.reader("marcus")
    marcus.goes_to("/visits/")
    marcus.reads("This time was cancelled, we are sorry")
