"""The program closes everything for snow: who has a time, who waits, who is on duty, who looks."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from program.services import touch_public
from tests.journeys.story import Reader, Story, tell, told_twice
from tests.people import cast, hours_of, join_line
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_snow_day(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        tonight = hours_of(people["priya"], evening, checked_in_at=evening)
        hours_of(people["marcus"], evening + timedelta(hours=20))
        hours_of(people["sol"], evening + timedelta(days=2, hours=1))
        booking.book(
            person=people["ana"],
            slot=Slot(tonight.pk, evening + timedelta(minutes=30)),
            name="Ash",
            wants_mail=True,
            request_key=ids.new_id(),
            now=evening,
        )
        join_line(people["ben"], tonight.shift_id, evening)
        touch_public()
        with tell(live_server, "snow-day", people, script=script) as story:
            visitor = story.reader()
            visitor.goes_to("/")
            visitor.reads("Room 214")
            _closes_everything(story)
            _today_tells_the_truth(visitor)
            _had_a_time(story.reader("ana"))
            _waited(story.reader("ben"))
            _was_on_duty(story.reader("priya"))
        drain(now=clock.now)

    assert [(letter.subject, letter.to) for letter in mail.outbox] == [
        ("You have a message", ["ana@school.example"])
    ]


def _closes_everything(story: Story) -> None:
    cora = story.reader("cora")
    cora.goes_to("/hours/program/")
    cora.follows("Close everything")
    cora.has_heading("Close everything")
    cora.looks("close-everything")
    cora.fills("Last day", "2026-11-22")
    cora.presses("Show which hours")
    cora.reads("Choose a day from the first to a month later.")
    cora.fills("Last day", "2026-11-24")
    cora.fills("Until what time", "13:00")
    cora.presses("Show which hours")
    cora.reads("These hours will be cancelled", "Today, 5:10pm to 7:10pm")
    cora.does_not_read("Tomorrow, 1:10pm", "Wednesday", "Ash", "Ana")
    cora.looks("which-hours")
    cora.follows("No, go back")
    cora.follows("Close everything")
    cora.fills("Last day", "2026-11-24")
    cora.presses("Show which hours")
    cora.reads("Today, 5:10pm to 7:10pm", "Tomorrow, 1:10pm to 3:10pm")
    cora.presses("Cancel all of them")
    cora.has_heading("Closed")
    cora.reads("2 stretches of hours are cancelled, and everybody concerned is told.")
    cora.looks("closed")


def _today_tells_the_truth(visitor: Reader) -> None:
    visitor.goes_to("/")
    visitor.has_heading("No one is in right now")
    visitor.reads("Wednesday")
    visitor.does_not_read("Tomorrow at 1:10pm", "Join the line")
    visitor.looks("today")


def _had_a_time(ana: Reader) -> None:
    ana.goes_to("/visits/")
    ana.reads("This time was cancelled, we are sorry", "It was not your fault")
    ana.follows("Look at it")
    ana.looks("cancelled")
    ana.follows("See other times")
    ana.reads("Wednesday 25 November")
    ana.chooses("6:10pm")
    ana.presses("Book this time")
    ana.has_heading("You have a time")


def _waited(ben: Reader) -> None:
    ben.goes_to("/line/")
    ben.reads("We could not get to you today, and we are sorry", "The next hours begin")
    ben.looks("line-closed")


def _was_on_duty(priya: Reader) -> None:
    priya.goes_to("/hours/")
    priya.reads("Cancelled, and whoever had a time is told:", "Today, 5:10pm to 7:10pm")
    priya.does_not_read("Call the next one", "Ash")
    priya.looks("console")
