"""A coordinator sees when nobody answers in the coming weeks, and mends it."""

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from peersupport.core.actors import SYSTEM
from program import services
from tests import browser as chromium
from tests.journeys.story import tell, told_twice
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_a_gap_is_seen_and_mended(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        services.add_coverage(
            label="Night line", phone="555-0101", weekday=None, starts=time(20), ends=time(7),
            until=None, by=SYSTEM, now=evening,
        )  # fmt: skip
        hours_of(people["priya"], evening + timedelta(hours=22))
        with tell(live_server, "coverage", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/program/")
            cora.reads("Published hours that nobody stands behind", "1 published time has a gap")
            cora.looks("index")
            cora.goes_to("/program/coverage/")
            cora.reads("The coming two weeks", "7am to 8pm")
            cora.looks("gaps")
            if script:
                cora.page.emulate_media(media="print")
                chromium.keep(cora.page, "coverage/printed")  # a print is looked at, not asked
                cora.page.emulate_media(media="screen")
            cora.fills("Who answers", "Dee")
            cora.fills("Phone", "555-0102")
            cora.fills("From", "07:00")
            cora.fills("Until", "20:00")
            cora.fills("Who spoke with them", "Cora")
            cora.presses("Add")
            cora.reads("never")
            cora.does_not_read("7am to 8pm, 8pm")
            cora.page.get_by_role("link", name=re.compile("note days away.*Dee")).click()
            away = cora.page.locator("form[action$='/away/']")
            away.get_by_label("First day away").fill("2026-12-01")
            away.get_by_label("Who answers instead").fill("Eli")
            cora.presses("Note days away")
            cora.reads("There is a problem", "Write the number at which they answer.")
            cora.looks("away-wrong")
            away.get_by_label("Their phone").fill("555-0103")
            cora.presses("Note days away")
            cora.reads("Instead: Eli, 555-0103")
            cora.looks("entry")
            cora.goes_to("/program/coverage/")
            cora.looks("whole")
            cora.goes_to("/program/")
            cora.does_not_read("Published hours that nobody stands behind")
