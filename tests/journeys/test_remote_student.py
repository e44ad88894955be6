"""A student at a clerkship far away: books by video, moves the time, and waits in a line."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from officehours.models import Assignment, Shift, Visit
from peersupport.core import clock
from program.services import touch_public
from tests.journeys.story import Reader, Story, tell, told_twice
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
WARD, NUMBER = "Ward 6, Lakeside Hospital", "555-0142"
ROOM = "https://rooms.school.example/p-4th"


@told_twice
def test_a_student_far_away(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False) as time:
        people = cast(evening)
        hours = hours_of(people["priya"], evening + timedelta(minutes=20))
        Shift.objects.filter(pk=hours.shift_id).update(ways="in person,video")
        touch_public()
        with tell(live_server, "remote-student", people, script=script) as story:
            ana = _books_by_video(story)
            _takes_a_later_time(ana)
            time.move_to(evening + timedelta(minutes=41))  # nine minutes before
            _priya_sees_that_it_is_remote(story)
            ana.page.reload()
            ana.reads("The room is open for you.")
            assert ana.page.get_by_role("link", name="Open the room").get_attribute("href") == ROOM
            ana.looks("room-is-open")
            time.move_to(evening + timedelta(minutes=50))
            _they_talk(story, ana)
            _somebody_waits_from_afar(story)
        assert Visit.objects.filter(way="video").count() == 3
        assert clock.now() == evening + timedelta(minutes=50)


def _books_by_video(story: Story) -> Reader:
    ana = story.reader("ana")
    ana.goes_to("/visits/book/")
    ana.chooses("5:30pm")
    _by_video(ana)
    ana.fills("What should we call you?", "Ash")
    ana.presses("Book this time")
    ana.reads("Say where you will be.", "Write a number that can be called")
    ana.does_not_read("By voice")  # nobody offers it
    ana.looks("what-is-missing")
    # Nothing of what was chosen is lost.
    assert ana.page.get_by_label("What should we call you?").input_value() == "Ash"
    assert ana.page.get_by_label("By video", exact=True).is_checked()
    ana.fills("Where will you be?", WARD)
    ana.fills("A number to call you back", "call me")
    ana.presses("Book this time")
    ana.reads("Write a number that can be called")
    assert ana.page.get_by_label("Where will you be?").input_value() == WARD
    ana.fills("A number to call you back", NUMBER)
    ana.presses("Book this time")
    ana.has_heading("You have a time")
    ana.reads("5:30pm", "Priya", "By video", "The way into the room appears here at 5:20pm")
    ana.does_not_read(ROOM, WARD, NUMBER, "Open the room", "Room 214")
    assert ROOM not in ana.page.content()
    ana.looks("booked")
    return ana


def _by_video(reader: Reader) -> None:
    reader.page.get_by_label("By video", exact=True).check()


def _takes_a_later_time(ana: Reader) -> None:
    ana.follows("Take another time")
    ana.chooses("6pm")
    ana.presses("Take this time")
    ana.has_heading("You have a time")
    ana.reads("6pm", "By video", "appears here at 5:50pm")
    assert ROOM not in ana.page.content()
    ana.looks("moved")


def _priya_sees_that_it_is_remote(story: Story) -> None:
    priya = story.reader("priya")
    priya.goes_to("/hours/")
    priya.presses("I am in")
    priya.reads("6pm", "Ash", "By video")
    priya.does_not_read(WARD, NUMBER)
    assert WARD not in priya.page.content()
    priya.looks("console")
    # Nobody else reads anything of it.
    for name, page in (("ben", "/"), ("marcus", "/hours/"), ("cora", "/hours/program/")):
        other = story.reader(name)
        other.goes_to(page)
        other.does_not_read(WARD, NUMBER, "Ash", ROOM)


def _they_talk(story: Story, ana: Reader) -> None:
    priya = story.reader("priya")
    priya.goes_to("/hours/")
    priya.presses("Start")
    ana.page.reload()
    ana.has_heading("You are in a talk")
    priya.presses("Finish")
    ana.page.reload()
    ana.reads("What is noted about this talk")
    assert ROOM not in ana.page.content()
    ana.looks("receipt")


def _somebody_waits_from_afar(story: Story) -> None:
    shift = Assignment.objects.get(supporter__email="priya@school.example").shift_id
    ben = story.reader("ben")
    ben.goes_to(f"/line/join/{shift}/")
    _by_video(ben)
    ben.presses("Join the line")
    ben.reads("Say where you will be.")
    ben.fills("Where will you be?", WARD)
    ben.fills("A number to call you back", NUMBER)
    ben.looks("join-from-afar")
    ben.presses("Join the line")
    ben.reads("You are in line", "1st")
    assert ROOM not in ben.page.content()
    priya = story.reader("priya")
    priya.goes_to("/hours/")
    priya.reads("not in the room")
    priya.does_not_read(WARD, NUMBER)
    priya.looks("console-somebody-afar")
    priya.presses("Call the next one")
    ben.goes_to("/line/")
    ben.reads("It is your turn", "Open the room now")
    assert ben.page.get_by_role("link", name="Open the room").get_attribute("href") == ROOM
    ben.looks("called-from-afar")
