"""A term of reminders: the calendar comes in, one is switched on, an exam moves, one click stops.

What the student gets is what the coordinator was shown.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests import browser as chromium
from tests.journeys.story import cookies, stand_behind, tell, told_twice
from tests.people import cast, hours_of
from tests.reminders.ground import put_in_class
from tests.roles import drain, plan_reminders

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TABLE = """title,kind,first,last,starts,ends,class,rotation
Anatomy practical,exam,2026-12-11,,9am,noon,M1,
Step 1,exam,2027-02-09,,,,M2,
Match Week,deadline,2027-03-15,2027-03-19,,,M4,
"""
PROMISED = "Friday 11 December 2026, noon"


@told_twice
def test_a_class_gets_what_was_promised(
    live_server: Any, evening: datetime, mailoutbox: list[Any], settings: Any, *, script: bool
) -> None:
    settings.PUBLIC_URL = live_server.url
    with time_machine.travel(evening, tick=False) as clock:
        people = cast(evening)
        stand_behind(evening)
        for name, group in (("ana", "M1"), ("ben", "M2"), ("sol", "M4")):
            put_in_class(people[name], group)
        hours_of(people["priya"], datetime(2026, 12, 11, 22, tzinfo=UTC))
        # Whoever looks weeks later has signed in anew.
        noon = datetime(2026, 12, 11, 17, tzinfo=UTC)
        again = noon + timedelta(days=5)
        with time_machine.travel(again, tick=False):
            later = cookies(live_server, {"cora later": people["cora"]})
        with tell(live_server, "reminders", people, script=script) as story:
            story.cookies |= later
            cora = story.reader("cora")
            cora.goes_to("/reminders/")
            cora.reads("No reminder is there yet")
            cora.looks("empty")
            _imports(cora, TABLE)
            _switches_on(cora)
            plan_reminders(now=evening)
            drain(now=lambda: evening)
            _pauses_another(cora)
            _moves_the_exam(cora)
            plan_reminders(now=noon - timedelta(hours=30))
            clock.move_to(noon)
            drain(now=lambda: noon)
            letter = _letter(mailoutbox)
            ana = story.reader()
            _stops(ana, letter)
            clock.move_to(again)
            plan_reminders(now=again - timedelta(hours=1))
            drain(now=lambda: again)
            assert len([mail for mail in mailoutbox if mail.to == ["ana@school.example"]]) == 1
            _reads_the_ledger(story)


def _imports(cora: Any, text: str) -> None:
    cora.goes_to("/program/milestones/file/")
    cora.page.set_input_files(
        "input[type=file]", {"name": "c.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    cora.presses("Show what would change")
    cora.presses("Take it over")
    cora.reads("3 added, 0 changed.")


def _switches_on(cora: Any) -> None:
    cora.goes_to("/reminders/")
    cora.presses("Look at it Three days before an exam")
    cora.has_heading("Three days before an exam")
    cora.reads("Not switched on", "Tuesday 8 December 2026, noon", "fewer than 5 people")
    cora.reads("Before Anatomy practical: when we are in")
    cora.looks("draft")
    cora.follows("Change it")
    cora.looks("form")
    cora.fills("Letter", "Hello {you}.")
    cora.presses("Save and look at it")
    cora.reads("There is a problem", "{you} cannot be filled in")
    cora.looks("form-wrong")
    cora.fills(
        "Letter",
        "Hello from the students of peer support.\n\n{milestone} is on {first_day}.\n\n"
        "Next hours: {next_hours}",
    )
    cora.presses("Save and look at it")
    cora.presses("Send me a test")
    cora.reads("A test is on its way to cora@school.example.")
    cora.presses("Switch it on")
    cora.reads("It is on.")
    cora.looks("on")


def _pauses_another(cora: Any) -> None:
    cora.goes_to("/reminders/")
    cora.presses("Look at it Two weeks before an exam")
    cora.presses("Switch it on")
    cora.presses("Pause it")
    cora.reads("Paused", "Nothing goes while it is paused")
    cora.looks("paused")
    cora.goes_to("/reminders/")
    cora.reads("Paused", "On", "Next: Tuesday 8 December 2026, noon (Anatomy practical)")
    cora.opens("The same as a table")
    cora.looks("term")


def _moves_the_exam(cora: Any) -> None:
    cora.goes_to("/program/milestones/")
    cora.follows("Change Anatomy practical")
    cora.fills("First day", "2026-12-14")
    cora.fills("Last day", "2026-12-14")
    cora.presses("Save")
    cora.goes_to("/reminders/")
    cora.follows("Three days before an exam")
    cora.reads(PROMISED)
    cora.looks("moved")


def _letter(mailoutbox: list[Any]) -> Any:
    (test,) = [mail for mail in mailoutbox if mail.to == ["cora@school.example"]]
    assert test.subject.startswith("Test: Before Anatomy practical")
    (letter,) = [mail for mail in mailoutbox if mail.to != ["cora@school.example"]]
    assert letter.to == ["ana@school.example"]
    assert letter.subject == "Before Anatomy practical: when we are in"
    assert "Anatomy practical is on Monday 14 December." in letter.body
    assert "Next hours: today, 5pm to 7pm, Room 214" in letter.body
    return letter


def _stops(ana: Any, letter: Any) -> None:
    """Read the letter as a mail program shows it, then follow its link: signed out."""
    for theme in chromium.THEMES if ana.story.script else ():
        ana.page.emulate_media(color_scheme=theme)
        ana.page.set_content(letter.alternatives[0][0])
        chromium.keep(ana.page, f"reminders/letter-{theme}")
    ana.page.emulate_media(color_scheme="light")
    link = letter.message()["List-Unsubscribe"].strip("<>")
    ana.page.goto(link)
    ana.has_heading("Stop these letters?")
    ana.looks("stop")
    ana.presses("Stop these letters")
    ana.has_heading("That is stopped")
    ana.looks("stopped")


def _reads_the_ledger(story: Any) -> None:
    cora = story.reader("cora later")
    cora.goes_to("/reminders/ledger/")
    cora.reads("Three days before an exam", "Went", "fewer than 5")
    cora.looks("ledger")
