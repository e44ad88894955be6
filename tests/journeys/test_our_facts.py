"""A coordinator decides what must be reported, closes for a storm, and says so; others read it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from program.services import change_pledge, touch_public
from tests.journeys.story import Reader, stand_behind, tell, told_twice
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_school_says_what_holds(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = _scene(evening)
        with tell(live_server, "our-facts", people, script=script) as story:
            cora, priya = story.reader("cora"), story.reader("priya")
            _cora_decides(cora)
            _cora_signs_a_claim_for_the_registrar(cora)
            _priya_signs(priya)
            reader = story.reader()
            reader.goes_to("/promises/")
            reader.reads("I must pass on what I hear about threats", "Signed by Dr. Vale")
            reader.looks("promises")
            reader.follows("If a supporter talked")
            reader.reads("Dr. Reyes, ombuds office", "555-0144")
            reader.looks("talked")


@told_twice
def test_a_storm(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = _scene(evening)
        with tell(live_server, "storm", people, script=script) as story:
            cora, ana, visitor = story.reader("cora"), story.reader("ana"), story.reader()
            ana.goes_to("/visits/book/")
            ana.looks("booking")
            ana.chooses("6pm")
            ana.presses("Book this time")
            _cora_closes(cora)
            visitor.goes_to("/")
            visitor.has_heading("All hours are closed at the moment")
            visitor.looks("today-closed")
            ana.goes_to("/visits/")
            ana.reads("cancelled")
            ana.looks("my-times-closed")
            cora.presses("Open again")
            cora.reads("Open again.")
            visitor.goes_to("/")
            visitor.does_not_read("closed at the moment")
            _cora_says_something_terrible(cora)
            visitor.goes_to("/")
            visitor.reads("Something very sad has happened")
            visitor.looks("today-after")
            visitor.goes_to("/help-now/")
            visitor.reads("Something very sad has happened")


def _scene(now: datetime) -> dict[str, Person]:
    people = cast(now)
    stand_behind(now)
    hours_of(people["priya"], now + timedelta(minutes=20))
    change_pledge(text="What I hear stays with me.", grace=7, by=SYSTEM, now=now)
    touch_public()
    return people


def _cora_decides(cora: Reader) -> None:
    cora.goes_to("/program/")
    cora.has_heading("Our school's facts")
    cora.looks("index")
    cora.follows("Threats against somebody")
    cora.presses("Save")
    cora.reads("There is a problem")
    cora.looks("topic-empty")
    cora.page.get_by_label("Must be reported").check()
    cora.fills("Who decided it", "Dean of students")
    cora.looks("topic")
    cora.presses("Save")
    cora.reads("Saved.", "Must be reported. Decided by Dean of students")
    cora.follows("What was changed, when")
    cora.looks("history")
    cora.goes_to("/program/set/talked/")
    cora.fills("Name and office", "Dr. Reyes, ombuds office")
    cora.fills("Phone", "555-0144")
    cora.looks("whom-to-tell")
    cora.presses("Save")


def _cora_signs_a_claim_for_the_registrar(cora: Reader) -> None:
    cora.goes_to("/program/set/claim-mspe/")
    cora.fills("Name of the officer", "Dr. Vale")
    cora.fills("Their office", "Office of the Registrar")
    cora.fills("Signed on", "2026-11-02")
    cora.fills("Review by", "2027-11-02")
    cora.looks("claim")
    cora.presses("Save")
    cora.reads("Signed by Dr. Vale")


def _priya_signs(priya: Reader) -> None:
    priya.goes_to("/hours/")
    priya.reads("I must pass on what I hear about threats", "Please sign")
    priya.looks("console")
    priya.follows("Read and sign it")
    priya.looks("pledge")
    priya.presses("I promise this")
    priya.reads("Signed. Thank you.")
    priya.does_not_read("Please sign")


def _cora_closes(cora: Reader) -> None:
    cora.goes_to("/program/close/")
    cora.looks("close")
    cora.presses("Go on")
    cora.has_heading("Close everything now?")
    cora.looks("close-asks")
    cora.presses("Close everything")
    cora.reads("Closed.", "Everything is closed until you open again.")
    cora.looks("closed")


def _cora_says_something_terrible(cora: Reader) -> None:
    cora.goes_to("/program/critical/")
    cora.fills("Until", "2026-11-30T18:00")
    cora.looks("critical")
    cora.presses("Show it on every page")
    cora.reads("Every page shows it now.")
