"""A coordinator keeps the crisis lines, prints a poster, and everybody finds help."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page

from tests import browser as chromium
from tests.journeys.story import tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def _on_paper(page: Page, name: str) -> None:
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    chromium.keep(page, f"crisis-lines/{name}")
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": chromium.PHONE, "height": 800})


@told_twice
def test_the_schools_numbers(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        with tell(live_server, "crisis-lines", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/program/")
            cora.follows("On-call counselor")
            cora.has_heading("Was it tried?")
            cora.reads("Nobody has said that they tried it.")
            cora.looks("tried")
            cora.fills("Who tried it", "Cora")
            cora.presses("It answered")
            cora.has_heading("Crisis lines")
            cora.reads("Nobody here can remove these.", "Tried by Cora")
            cora.looks("lines")

            cora.follows("Add a line")
            cora.fills("Name", "Night line")
            cora.fills("When it answers", "8pm to 8am")
            cora.fills("Who tried it", "Cora")
            cora.presses("Save")
            cora.reads("There is a problem", "Enter a phone number, a number for texts")
            cora.looks("wrong")
            cora.fills("Phone number", "555-0177")
            cora.chooses("At the top of every page")
            cora.presses("Save")
            cora.reads("Saved. Every page says so now.", "Night line")

            cora.follows("Another country")
            cora.has_heading("Where the school is")
            cora.looks("where")
            cora.goes_to("/program/poster/")
            cora.reads("Talk to another medical student, today", "Night line")
            cora.looks("poster")
            cora.follows("Small cards")
            cora.reads("Night line: 555-0177")
            cora.looks("cards")
            if script:
                _on_paper(cora.page, "cards-on-paper")
                cora.goes_to("/program/poster/")
                _on_paper(cora.page, "poster-on-paper")

            visitor = story.reader()
            visitor.goes_to("/")
            visitor.page.get_by_role("link", name="Night line 555-0177").wait_for()
            visitor.goes_to("/help-now/")
            visitor.has_heading("Help now")
            visitor.reads("Call 988", "Call 911", "Night line", "Our school tried this line")
            visitor.looks("help-now")
            visitor.follows("I worry about a friend")
            visitor.has_heading("Help a friend")
            visitor.looks("help-a-friend")


@pytest.mark.parametrize("path", ["/help-now/", "/help-now/friend/"])
def test_help_on_a_small_screen_enlarged_and_in_forced_colors(
    live_server: Any, evening: datetime, path: str
) -> None:
    cast(evening)
    name = path.strip("/").replace("/", "-")
    with chromium.launch() as browser:
        page = chromium.open_page(browser, width=320)
        page.goto(live_server.url + path)
        chromium.fit(page, 320)
        chromium.keep(page, f"crisis-lines/{name}-320")
        assert not chromium.is_wider_than_window(page)
        chromium.fit(page, 640)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        chromium.keep(page, f"crisis-lines/{name}-640-twice")
        assert not chromium.is_wider_than_window(page)
        for each in page.locator("main .btn").all():
            box = each.bounding_box()
            assert box is not None
            assert box["height"] >= 44

        page.evaluate("document.documentElement.style.fontSize = ''")
        page.emulate_media(forced_colors="active")
        chromium.keep(page, f"crisis-lines/{name}-forced")
        assert page.locator('main a[href="tel:988"]').count() >= 1 or "friend" in path
