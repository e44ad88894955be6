"""A school begins: from nothing to published hours, in Chromium, with a watch.

Told without JavaScript too. The number of pages and fields is held, so that the way stays short.
"""

import time as watch
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from peersupport.core import clock
from tests.accounts.factor_steps import mailed_code
from tests.journeys.beginning import prepares, publishes, signs_in
from tests.journeys.story import tell, told_twice

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# A careful first-time user: seconds to read a page, and to fill a field.
_A_PAGE, _A_FIELD = 25, 12
_MOST_MINUTES = 30


@told_twice
def test_a_school_begins(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        call_command("grant_role", "ida@school.example", "administrator", verbosity=0)
        with tell(live_server, "first-run", {}, script=script) as story:
            ida = story.reader()
            seen: list[str] = []
            ida.page.on(
                "framenavigated",
                lambda frame: seen.append(frame.url) if not frame.parent_frame else None,
            )
            begun = watch.perf_counter()
            signs_in(ida, mailed_code, clock.now)
            ida.has_heading("First steps")
            ida.looks("guide")
            ida.goes_to("/")
            ida.reads("this program is new")
            ida.looks("today-before")
            ida.follows("First steps")
            prepares(ida)
            publishes(ida)
            took = watch.perf_counter() - begun
            fields = 17  # typed, chosen or ticked above, the sign-in included
            pages = len(seen)
            minutes = (pages * _A_PAGE + fields * _A_FIELD) / 60
            said = f"{pages} pages, {fields} fields, {minutes:.0f} min by hand, {took:.0f} s"
            assert pages <= 40, said
            assert minutes <= _MOST_MINUTES, said
            ida.follows("Sign for the door")
            ida.reads("Tuesday", "Room 214")
            ida.looks("sign")
            visitor = story.reader()
            visitor.goes_to("/")
            visitor.reads("Next: tomorrow")
            visitor.looks("today-after")
