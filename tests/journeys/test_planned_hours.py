"""Weekly hours from publishing to the end, with a pair, a holiday, and cover. Told twice."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from accounts.models import Person
from officehours.models import Assignment
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import ids
from program.models import Coverage
from tests.journeys.story import Reader, Story, stand_behind, tell, told_twice
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_planned_hours(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        stand_behind(evening)
        hours_of(people["marcus"], evening + timedelta(days=3))
        with tell(live_server, "planned-hours", people, script=script) as story:
            priya = story.reader("priya")
            _publishes(priya)
            _somebody_books(people, evening)
            _changes(priya)
            _leaves_a_day_out(priya)
            _changes_one_day(priya)
            _asks_for_cover(priya)
            _joins_and_swaps(story)
            _takes(story)
            _is_asked(story)
            _names_a_holiday(story)
            _sees_all_hours(story)
            _ends(priya)


def _somebody_books(people: dict[str, Person], evening: datetime) -> None:
    row = Assignment.objects.filter(supporter=people["priya"]).order_by("starts_at")[0]
    booking.book(
        person=people["ana"],
        slot=Slot(row.pk, row.starts_at),
        name="Ash",
        wants_mail=False,
        request_key=ids.new_id(),
        now=evening,
    )
    connection.close()  # while Chromium runs it is one that nobody else closes


def _publishes(priya: Reader) -> None:
    priya.goes_to("/hours/new/")
    priya.fills("Day", "2026-11-24")
    priya.fills("From", "17:00")
    priya.fills("Until", "19:00")
    priya.fills("Place", "Room 214")
    priya.chooses("By video")
    priya.looks("publish")
    priya.chooses("Every week on this day")
    priya.presses("See what will be published")
    priya.has_heading("What will be published")
    priya.reads("Every Tuesday, 5pm to 7pm, Room 214, in person, by video")
    priya.reads("Tuesday 24 November, 5pm to 7pm", "Tuesday 1 December", "New")
    priya.looks("what-will-be-published")
    priya.presses("Change something")
    priya.has_heading("Publish hours")
    priya.presses("See what will be published")
    priya.presses("Publish")
    priya.has_heading("My hours")
    priya.reads("Published. Students can find these hours now.")
    priya.looks("my-hours")


def _changes(priya: Reader) -> None:
    priya.follows("Tuesday, 5pm to 7pm")
    priya.has_heading("Every Tuesday")
    priya.looks("weekly")
    priya.follows("Change")
    priya.fills("From", "18:00")
    priya.fills("Until", "20:00")
    priya.looks("change")
    priya.presses("See what will change")
    priya.has_heading("What will change")
    priya.reads("Somebody has a time", "Keep them as they are", "Changed")
    priya.looks("what-will-change")
    priya.presses("Save")
    priya.has_heading("Every Tuesday")
    priya.reads("Saved.", "Tuesday 24 November, 5pm to 7pm", "Tuesday 1 December, 6pm to 8pm")


def _leaves_a_day_out(priya: Reader) -> None:
    priya.page.get_by_role("button", name="Leave it out Tuesday 24 November").click()
    priya.has_heading("Leave out Tuesday 24 November?")
    priya.looks("leave-out-booked")
    priya.follows("No, go back")
    priya.page.get_by_role("button", name="Leave it out Tuesday 1 December").click()
    priya.reads("Left out: Tuesday 1 December.")
    priya.fills("Leave a day out", "2026-12-15")
    priya.presses("Leave this day out")
    priya.looks("days-left-out")
    priya.page.get_by_role("button", name="Hold it after all Tuesday 1 December").click()
    priya.reads("Back in: Tuesday 1 December.")


def _changes_one_day(priya: Reader) -> None:
    priya.follows("Change this day")
    priya.has_heading("Change one day")
    priya.fills("From", "18:00")
    priya.fills("Until", "20:00")
    priya.presses("Save")
    priya.reads("Somebody has a time at 5pm. Choose hours in which these times stay.")
    priya.looks("one-day-refused")
    priya.fills("From", "17:00")
    priya.fills("Until", "18:30")
    priya.fills("Place", "Attic")
    priya.presses("Save")
    priya.reads("Changed for this day alone.", "Attic")


def _asks_for_cover(priya: Reader) -> None:
    priya.follows("Cover and pairs")
    priya.looks("cover-page")
    priya.presses("Ask for cover")
    priya.reads("The other supporters see it now", "The others are asked")
    priya.looks("asked")


def _joins_and_swaps(story: Story) -> None:
    marcus = story.reader("marcus")
    marcus.goes_to("/hours/cover/")
    marcus.reads("Needs somebody", "Tomorrow, 5pm to 6:30pm, Attic", "Priya")
    marcus.does_not_read("Ash", "Ana")
    marcus.looks("marcus-sees")
    marcus.follows("Offer a swap")
    marcus.looks("swap")
    marcus.presses("Offer it")
    marcus.reads("There is a problem", "Choose which of your hours.")
    marcus.looks("swap-nothing-chosen")
    marcus.chooses("Thursday")
    marcus.presses("Offer it")
    marcus.reads("Offered. Priya decides.")
    marcus.presses("Take it back")
    marcus.page.get_by_role("button", name="Join every week").first.click()
    marcus.reads("every week", "Every week with", "Priya, Tuesday")
    marcus.looks("paired")
    marcus.follows("My hours")
    marcus.opens("More for these hours")
    marcus.follows("Cancel these hours")
    marcus.looks("leave-or-cancel")


def _takes(story: Story) -> None:
    sol = story.reader("sol")
    sol.goes_to("/hours/cover/")
    sol.presses("Take these hours")
    sol.reads("These hours are yours. Thank you.", "Nobody asks for cover at the moment.")
    sol.looks("taken")


def _is_asked(story: Story) -> None:
    ana = story.reader("ana")
    ana.goes_to("/visits/")
    ana.follows("See, move or give up this time")
    ana.reads("Sol", "5pm")
    ana.looks("ana-is-asked")


def _names_a_holiday(story: Story) -> None:
    cora = story.reader("cora")
    cora.goes_to("/program/holidays/")
    cora.looks("no-holidays")
    cora.fills("Name", "Reading days")
    cora.fills("First day", "2026-11-24")
    cora.fills("Last day", "2026-12-02")
    cora.presses("Add")
    cora.reads("Reading days", "Added.", "still published in it")
    cora.looks("holidays")
    cora.follows("Decide what becomes of them")
    cora.has_heading("Reading days")
    cora.looks("decide")
    cora.presses("Save")
    cora.has_heading("All hours")


def _sees_all_hours(story: Story) -> None:
    Coverage.objects.update(starts=time(17, 30), ends=time(12))
    connection.close()
    cora = story.reader("cora")
    cora.goes_to("/hours/program/")
    cora.reads("Nobody behind, 5pm to 5:30pm", "Reading days", "Every week")
    cora.does_not_read("Ash", "Ana")
    cora.looks("all-hours")
    cora.follows("End")
    cora.looks("end-for-the-program")


def _ends(priya: Reader) -> None:
    priya.goes_to("/hours/")
    priya.follows("Tuesday")
    priya.follows("End these hours")
    priya.looks("end")
    priya.presses("See what will change")
    priya.has_heading("What will change")
    priya.looks("what-ending-changes")
    priya.presses("End these hours")
    priya.reads("Saved.")
