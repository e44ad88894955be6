"""After a heavy talk, a worry, one's own page, and those who look after the supporters."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Group, Person
from accounts.rules import Role
from accounts.services import grant_role
from officehours.models import Load
from peersupport.core.actors import SYSTEM
from tests.journeys.story import Reader, Story, stand_behind, tell, told_twice
from tests.officehours.test_care import talk
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
DAY = timedelta(days=1)


def _scene(evening: datetime) -> tuple[dict[str, Person], str]:
    """Set the stage: a talk that is over, hours tomorrow and later, some weeks behind."""
    people = cast(evening)
    grant_role(person=people["dee"], role=Role.SUPERVISOR, by=SYSTEM, now=evening)
    stand_behind(evening)
    came = evening - timedelta(minutes=50)
    hours = hours_of(people["priya"], came, checked_in_at=came)
    for ahead, who in [(1, "priya"), (3, "priya"), (2, "sol")]:
        hours_of(people[who], evening + ahead * DAY)
    for week, who, talks, heavy in [
        ("2026-W47", "priya", 4, 1),
        ("2026-W47", "sol", 2, 0),
        ("2026-W46", "priya", 3, 0),
        ("2026-W46", "marcus", 5, 2),
    ]:
        Load.objects.create(supporter=people[who], week=week, talks=talks, heavy=heavy)
    for name in ("Class of 2029", "Small group 7", "Anatomy teaching team"):
        Group.objects.create(name=name)
    return people, str(talk(hours, hours.starts_at).pk)


@told_twice
def test_care_of_supporters(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people, visit = _scene(evening)
        with tell(live_server, "care", people, script=script) as story:
            priya = story.reader("priya")
            _notes_a_heavy_talk(priya, visit)
            _steps_back_and_returns(priya)
            _keeps_a_distance(priya)
            _is_worried(priya)
            _says_yes_to_cover(priya)
            _sees_gaps_and_a_word(story)
            _looks_after_them(story)


def _notes_a_heavy_talk(priya: Reader, visit: str) -> None:
    priya.goes_to(f"/hours/talks/{visit}/log/")
    priya.chooses("15 to 30 minutes")
    priya.chooses("Heavy")
    priya.presses("Save")
    priya.has_heading("That was a heavy one")
    priya.reads("Find cover until the end of Thursday?", "Tomorrow, 5:10pm to 7:10pm, Room 214")
    priya.looks("after-heavy")
    priya.follows("No, thank you")
    priya.has_heading("My hours")


def _steps_back_and_returns(priya: Reader) -> None:
    priya.goes_to("/hours/mine/")
    priya.reads("You kept 1 hour open this term.", "Worth a chat", "Monday 16 November")
    priya.looks("mine")
    priya.page.locator("summary").click()
    priya.chooses("Until the day I choose below")
    priya.presses("Step back")
    priya.reads("There is a problem", "Choose the last day.")
    priya.looks("no-day-chosen")
    priya.page.locator("[name=last_on]").fill("2026-12-04")
    priya.presses("Step back")
    priya.reads("You are stepping back", "until the end of Friday 4 December")
    priya.looks("stepping-back")
    priya.presses("I am back")
    priya.reads("Good to have you back.")


def _keeps_a_distance(priya: Reader) -> None:
    priya.chooses("Small group 7")
    priya.presses("Save")
    priya.reads("Saved.")
    assert priya.page.get_by_label("Small group 7").is_checked()


def _is_worried(priya: Reader) -> None:
    priya.goes_to("/hours/")
    priya.looks("console")
    priya.follows("Worried about somebody?")
    priya.has_heading("Worried? You need not be sure")
    priya.reads("On-call counselor", "555-0100")
    priya.looks("worried")
    priya.follows("Somebody is in danger now")
    priya.has_heading("Somebody is in danger now")
    priya.reads("Call 911", "Do not leave them alone")
    priya.looks("danger-now")
    priya.follows("Back")
    priya.follows("It cannot wait")
    priya.looks("today")
    priya.chooses("Ask directly")
    priya.chooses("I would like to talk it through")
    priya.presses("Note it")
    priya.has_heading("Thank you. You do not carry this alone")


def _says_yes_to_cover(priya: Reader) -> None:
    priya.reads("The clinical supervisor has been told", "Thursday, 5:10pm to 7:10pm")
    priya.looks("noted")
    priya.presses("Yes, find cover")
    priya.has_heading("Looking after you")
    priya.reads("until the end of Monday 30 November")
    priya.looks("yes")


def _sees_gaps_and_a_word(story: Story) -> None:
    cora = story.reader("cora")
    cora.goes_to("/hours/capacity/")
    cora.reads("2 gaps in two weeks", "Stretched", "Needs somebody")
    cora.does_not_read("Priya", "Heavy", "heavy", "Today, 4:20pm")
    cora.looks("capacity")


def _looks_after_them(story: Story) -> None:
    dee = story.reader("dee")
    dee.goes_to("/hours/supervisor/")
    dee.reads("Priya", "Would like to talk it through.", "Review the steps by Monday 30 November")
    dee.looks("supervisor")
    dee.presses("We have talked")
    dee.presses("Steps reviewed")
    dee.reads("Nobody waits for a debrief or a review.")
    dee.looks("supervisor-all-done")
