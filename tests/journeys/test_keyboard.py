"""Booking without a mouse: Tab, Space and Enter, with the focus in sight at every stop."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page

from program.services import touch_public
from tests.browser import launch, open_page
from tests.journeys.story import cookies
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# The name of what has the focus, and what is wrong with how that shows.
_FOCUS = """() => {
  const element = document.activeElement;
  const shown = element.matches('.slot input') ? element.nextElementSibling
    : element.closest('.choices .choice') ?? element;
  const style = getComputedStyle(shown);
  const box = shown.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const wrong = [];
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong.push('no ring');
  if (box.top < 0 || box.bottom > innerHeight) wrong.push('out of the window');
  else if (at && !shown.contains(at) && !at.contains(shown) && !element.contains(at))
    wrong.push(`under ${at.tagName}.${at.className}`);
  const label = element.labels && element.labels.length ? element.labels[0] : element;
  return [label.textContent.trim(), wrong.join(', ')];
}"""


def _tabs_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus begins with these words; each stop must show."""
    passed: list[str] = []
    for _ in range(30):
        page.keyboard.press("Tab")
        named, wrong = page.evaluate(_FOCUS)
        assert not wrong, f"{named}: {wrong}"
        passed.append(named)
        if named.startswith(words):
            return
    pytest.fail(f"{words} is not reached; passed {passed}")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_student_books_by_keyboard(live_server: Any, evening: datetime, width: int) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        five = evening - timedelta(minutes=10)
        hours_of(people["priya"], five, checked_in_at=five)
        touch_public()
        known = cookies(live_server, {"ana": people["ana"]})["ana"]
        with launch() as browser:
            page = open_page(browser, width=width)
            page.context.add_cookies(known)
            page.goto(live_server.url + "/")
            _tabs_to(page, "Book a time")
            page.keyboard.press("Enter")
            page.wait_for_url("**/visits/book/")
            _tabs_to(page, "5:30pm")
            page.keyboard.press("Space")
            _tabs_to(page, "What should we call you?")
            page.keyboard.type("Ash")
            _tabs_to(page, "E-mail me")
            page.keyboard.press("Space")
            _tabs_to(page, "Book this time")
            page.keyboard.press("Enter")
            page.wait_for_url(lambda address: "book" not in address)

            assert page.locator("h1").inner_text() == "You have a time"


def test_the_skip_link_leads_to_the_content(live_server: Any, evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        cast(evening)
        with launch() as browser:
            page = open_page(browser, width=390)
            page.goto(live_server.url + "/")
            _tabs_to(page, "Skip to the content")
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")

            assert page.evaluate("document.activeElement.closest('main') !== null")
