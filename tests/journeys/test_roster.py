"""The coordinator sends in the school's list: with mistakes first, then right; then the summer."""

from datetime import datetime
from typing import Any

import pytest
import time_machine

from tests.journeys.story import Reader, tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

WRONG = (
    b"Email;Name;Class;Phase;Status\r\n"
    b"ana@school.example;Ana;Class of 2029;M2;enrolled\r\n"
    b"ben(at)school.example;Ben;Class of 2028;M4;enrolled\r\n"
    b"ana@school.example;Ana;Class of 2029;M2;dean\r\n"
)
RIGHT = (
    b"Email;Name;Class;Phase;Status;Locker\r\n"
    b"ana@school.example;Ana;Class of 2029;M2;enrolled;12\r\n"
    b"ben@school.example;Ben;Class of 2027;M4;enrolled;13\r\n"
)
LATER = b"Email,Phase\r\nana@school.example,M3\r\n"


@told_twice
def test_the_schools_list(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        with tell(live_server, "roster", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/accounts/roster/")
            cora.reads("Nobody is on the list yet")
            cora.looks("empty")
            cora.follows("Send in a new list")
            cora.presses("Show what would change")
            cora.reads("Choose the file first.")
            _gives(cora, WRONG)
            cora.reads(
                "Line 3: “ben(at)school.example” is not an e-mail address.",
                "Line 4: “dean” is no standing.",
            )
            cora.looks("wrong")
            _gives(cora, RIGHT)
            cora.reads("Columns we do not use: Locker.", "2 new", "ben@school.example")
            cora.looks("preview")
            cora.presses("Change the list")
            cora.reads("New: 2.")
            cora.looks("done")
            _updates(cora)
            _one_person(cora)
            _the_summer(cora)


def _gives(cora: Reader, content: bytes) -> None:
    given = {"name": "list.csv", "mimeType": "text/csv", "buffer": content}
    cora.page.locator("input[type=file]").set_input_files(given)  # type: ignore[arg-type]
    cora.presses("Show what would change")


def _updates(cora: Reader) -> None:
    cora.goes_to("/accounts/roster/file/")
    _gives(cora, LATER)
    cora.reads("M2 becomes M3", "1 on the list, not named by the file", "ben@school.example")
    cora.looks("preview-of-changes")
    cora.presses("Change the list")
    cora.reads("Changed: 1. Marked as gone: 0.")
    cora.follows("The school's list")
    cora.reads("Class of 2029", "M3")
    cora.looks("in-numbers")


def _one_person(cora: Reader) -> None:
    cora.fills("E-mail address", "ana@")
    cora.presses("Find")
    cora.reads("write an address like")
    cora.fills("E-mail address", "ana@school.example")
    cora.presses("Find")
    cora.has_heading("One person of the list")
    cora.chooses("On leave, and still welcome here")
    cora.fills("Another address", "ben@school.example")
    cora.presses("Save")
    cora.reads("That address belongs to somebody else on the list.")
    cora.looks("one-person")
    cora.fills("Another address", "ana@elsewhere.example")
    cora.presses("Save")
    cora.has_heading("The school's list")


def _the_summer(cora: Reader) -> None:
    cora.follows("Move every class up")
    cora.reads("Class of 2027", "M4 becomes finished: gone", "1 person stays as they are.")
    cora.looks("summer")
    cora.presses("Move them up")
    cora.reads("Changed: 1.")
