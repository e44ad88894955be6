"""A pair evening: bookings and a line mixed, and somebody who walks in by the code at the door."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from officehours.queries import line as lines
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from program.services import touch_public
from tests.journeys.story import Story, tell, told_twice
from tests.people import cast, pair_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_pair_evening(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False) as time:
        people = cast(evening)
        priya, _sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
        booking.book(
            person=people["ana"],
            slot=Slot(priya.pk, evening + timedelta(minutes=60)),
            name="Ash",
            wants_mail=False,
            request_key=ids.new_id(),
            now=evening,
        )
        touch_public()
        code = lines.door_code(priya.shift_id, evening)
        with tell(live_server, "pair-evening", people, script=script) as story:
            visitor = _walks_in_by_the_code(story, f"/line/at/{priya.shift_id}/{code}/")
            ben = _joins_with_an_account(story)
            _the_door_shows_the_code(story, str(priya.pk), code)
            _the_line_is_worked(story)
            visitor.goes_to("/line/")
            visitor.reads("It is your turn", "Priya")
            visitor.looks("my-turn")
            ben.goes_to("/line/")
            ben.reads("It is your turn", "Sol")
            time.move_to(clock.now() + timedelta(minutes=4))
            _ben_is_not_there(story)
            ben.goes_to("/line/")
            ben.reads("You are in line", "1st", "You stepped away")
            ben.presses("I'm back")
            ben.does_not_read("You stepped away")
            ben.presses("Leave the line")
            ben.reads("You left the line", "Book a time")
            ben.looks("left")


def _walks_in_by_the_code(story: Story, address: str) -> Any:
    visitor = story.reader()
    visitor.goes_to(address)
    visitor.has_heading("Join the line")
    visitor.reads("Nobody is waiting", "Priya", "Sol", "No account, no name needed")
    visitor.looks("join-at-the-door")
    visitor.fills("What should we call you?", "Blue")
    visitor.presses("Join the line")
    visitor.reads("You are in line", "1st", "Up to about 30 minutes")
    visitor.looks("in-line")
    visitor.presses("Step away for a moment")
    visitor.reads("You stepped away")
    visitor.looks("away")
    visitor.presses("I'm back")
    # Another device without the cookie is in no line, and the cookie goes nowhere else.
    stranger = story.reader()
    stranger.goes_to("/line/")
    stranger.has_heading("You are not in a line")
    stranger.looks("no-line")
    return visitor


def _joins_with_an_account(story: Story) -> Any:
    ben = story.reader("ben")
    ben.goes_to("/")
    ben.reads("Join the line", "to wait")
    ben.looks("today-with-a-line")
    ben.follows("Join the line")
    ben.reads("1 person waits")
    ben.looks("join")
    ben.chooses("Priya, year 4")  # he would rather not meet her
    ben.presses("Join the line")
    ben.reads("You are in line", "2nd")
    return ben


def _the_door_shows_the_code(story: Story, assignment: str, code: str) -> None:
    priya = story.reader("priya")
    priya.goes_to(f"/hours/{assignment}/door/")
    priya.reads(code, "Scan this")
    priya.looks("door")
    priya.goes_to(f"/hours/{assignment}/paper/")
    priya.reads("Talk to another medical student", "Number slips", "Tally sheet")
    priya.looks("paper")
    priya.goes_to(f"/hours/{assignment}/hold/")
    priya.looks("hold-a-follow-up")
    priya.chooses("7:10pm") if "7:10pm" in priya.page.content() else priya.chooses("5:40pm")
    priya.presses("Hold this time")
    priya.has_heading("This time is held")
    priya.looks("held")


def _the_line_is_worked(story: Story) -> None:
    priya, sol = story.reader("priya"), story.reader("sol")
    priya.goes_to("/hours/")
    priya.does_not_read("Blue")  # a number until called, then the chosen name
    priya.looks("console-with-a-line")
    priya.presses("Call the next one")
    priya.reads("Called", "Blue", "They have until")
    priya.looks("console-called")
    sol.goes_to("/hours/")
    sol.presses("Call the next one")
    sol.reads("Called")


def _ben_is_not_there(story: Story) -> None:
    sol = story.reader("sol")
    sol.goes_to("/hours/")
    sol.presses("Not here")
    sol.reads("stepped away")
    sol.looks("console-not-here")
