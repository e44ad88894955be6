"""May: the hand-over is read, confirmed and printed; hours from elsewhere are taken over."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts.models import RosterEntry
from accounts.rules import Role
from accounts.services import grant_role
from peersupport.core.actors import SYSTEM
from tests import browser as chromium
from tests.journeys.story import stand_behind, tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
MAY = datetime(2027, 5, 3, 15, tzinfo=UTC)


@told_twice
def test_the_hand_over(live_server: Any, *, script: bool) -> None:
    with time_machine.travel(MAY, tick=False):
        people = cast(MAY)
        stand_behind(MAY)
        grant_role(person=people["sol"], role=Role.STUDENT_LEAD, by=SYSTEM, now=MAY)
        grant_role(person=people["ida"], role=Role.COORDINATOR, by=SYSTEM, now=MAY)
        sol = people["sol"]
        RosterEntry.objects.create(email=sol.email, phase="M4", standing="enrolled", person=sol)
        with tell(live_server, "hand-over", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/program/")
            cora.reads("Hand-over", "To be settled")
            cora.looks("index")
            cora.follows("Hand-over")
            cora.has_heading("Hand-over")
            cora.reads("Sol (leaves)")
            cora.looks("sheet")
            cora.presses("Still right")
            cora.reads("Noted: Who stands behind the supporters.")
            if script:
                cora.page.emulate_media(media="print")
                chromium.keep(cora.page, "hand-over/printed")  # a print is looked at, not asked
                cora.page.emulate_media(media="screen")
            cora.follows("Give back: Coordinator")
            cora.has_heading("Give a role back")
            cora.looks("give-back")
            cora.presses("Give it back")
            cora.has_heading("No one is in right now")


@told_twice
def test_hours_are_taken_over(
    live_server: Any, evening: datetime, tmp_path: Path, *, script: bool
) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    rows = "email,day,start,end,place\nsol@school.example,Tuesday,5:30pm,7:30pm,Room 214\n"
    good.write_text(rows + "priya@school.example,2026-12-03,17:00,19:00,Room 9\n")
    bad.write_text(rows + "ana@school.example,Someday,17:00,19:00,Room 9\n")
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        stand_behind(evening)
        with tell(live_server, "take-over", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/hours/program/")
            cora.looks("all-hours")
            cora.follows("Take over hours")
            cora.looks("ask")
            cora.page.set_input_files("input[type=file]", str(bad))
            cora.presses("Show what would be published")
            cora.reads("Line 3", "is no day")
            cora.looks("wrong")
            cora.page.set_input_files("input[type=file]", str(good))
            cora.presses("Show what would be published")
            cora.reads("Sol: Every Tuesday", "2 days at once")
            cora.looks("preview")
            cora.presses("Publish")
            cora.reads("There is a problem")
            cora.page.get_by_label("Everybody named has agreed").check()
            cora.presses("Publish")
            cora.has_heading("All hours")
            cora.reads("Room 214", "Room 9")
