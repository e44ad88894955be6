"""A coordinator writes the year down: a file, a template, a term to look at and to print."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Person, RosterEntry
from peersupport.core.actors import SYSTEM
from program import calendars, services
from tests import browser as chromium
from tests.journeys.story import stand_behind, tell, told_twice
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TABLE = """title,kind,first,last,starts,ends,class,rotation
Anatomy practical,exam,2026-12-11,,9am,noon,M1,
Cardiology block exam,exam,2026-12-14,2026-12-15,,,M2,
Surgery shelf,exam,2026-12-04,,,,M3,Surgery B
"""


@told_twice
def test_the_year_is_written_down(
    live_server: Any, evening: datetime, monkeypatch: pytest.MonkeyPatch, *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        stand_behind(evening)
        for number, name in enumerate(("M1", "M2", "M3")):
            RosterEntry.objects.create(
                email=f"{number}@school.example", class_name=name, phase=name, standing="enrolled",
                rotation="Surgery B" if name == "M3" else "",
            )  # fmt: skip
        for week in range(3):
            hours_of(people["priya"], evening + timedelta(days=7 * week, hours=20))
        services.add_holiday(
            name="Winter break", first_on=date(2026, 12, 19), last_on=date(2027, 1, 3),
            by=SYSTEM, now=evening,
        )  # fmt: skip
        # What campaigns will add, when there are any.
        monkeypatch.setattr(calendars, "_marks", {"test": ("What is sent", _letters)})
        with tell(live_server, "milestones", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/program/milestones/")
            cora.reads("Nothing is written down yet")
            cora.looks("empty")
            cora.presses("Add")
            cora.reads("There is a problem")
            cora.follows("Take a calendar or a table")
            _sends(cora, TABLE.replace("2026-12-04", "soon"))
            cora.reads("Nothing was changed.", "Line 4: “soon” is no day")
            cora.looks("file-wrong")
            _sends(cora, TABLE)
            cora.reads("What will change", "Surgery shelf")
            cora.looks("preview")
            cora.presses("Take it over")
            cora.reads("3 added, 0 changed.", "December 2026")
            cora.looks("list")
            cora.follows("Start from a template")
            cora.looks("template")
            cora.presses("Add what is ticked")
            cora.reads("Match Week")
            cora.goes_to("/program/terms/")
            cora.fills("Name", "Winter 2026-27")
            cora.fills("First day", "2026-11-16")
            cora.fills("Last day", "2027-03-26")
            cora.presses("Save")
            cora.has_heading("Winter 2026-27")
            cora.opens("The same as a table")
            cora.reads("Anatomy practical", "the evening before", "2 hours", "Winter break")
            cora.reads("Good luck", "other weeks no hours are published")
            cora.looks("term")
            if script:
                _prints(cora)


def _letters(first: date, last: date, reader: Person) -> list[tuple[date, str]]:
    return [(date(2026, 12, 9), "Good luck"), (date(2027, 3, 12), "Match: who is in")]


def _prints(cora: Any) -> None:
    """Print the term although its table is folded: on paper nobody can unfold it."""
    cora.opens("The same as a table")
    table = cora.page.locator("details table").first
    assert not table.is_visible()
    cora.page.emulate_media(media="print")
    cora.page.set_viewport_size({"width": 816, "height": 1056})  # Letter at 96 dots an inch
    assert table.is_visible()
    chromium.keep(cora.page, "milestones/printed")
    cora.page.pdf(path="build/pictures/milestones/printed.pdf", format="Letter")
    cora.page.emulate_media(media="screen")


def _sends(cora: Any, text: str) -> None:
    cora.page.set_input_files(
        "input[type=file]", {"name": "c.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    cora.presses("Show what would change")
