"""What the stories in Chromium share: who takes part, and a close look at each page."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from program import services as program
from tests import browser as chromium
from tests.people import sign_in

# Every story is told twice, by the same words: once with JavaScript off, once with it on and with
# axe and pictures of each page.
told_twice = pytest.mark.parametrize("script", [False, True], ids=["no script", "script"])


def stand_behind(now: datetime) -> None:
    """Name somebody who stands behind the supporters at every hour."""
    program.add_coverage(
        label="On-call counselor",
        phone="555-0100",
        weekday=None,
        starts=time(0),
        ends=time(0),
        until=None,
        by=SYSTEM,
        now=now,
    )


def cookies(server: Any, people: dict[str, Person]) -> dict[str, list[Any]]:
    """Return everybody's cookies, signed in. Call it before Chromium runs.

    Playwright keeps an event loop in the thread, in which Django would open a second connection
    that nobody closes.
    """
    return {
        name: [
            {
                "name": "session",
                "value": sign_in(person).cookies["session"].value,
                "url": server.url,
            }
        ]
        for name, person in people.items()
    }


class Reader:
    """One person in front of a browser of their own: reads, presses, types."""

    def __init__(self, story: "Story", page: Page) -> None:
        self.story = story
        self.page = page

    def goes_to(self, path: str) -> None:
        """Open an address."""
        self.page.goto(self.story.server.url + path)

    def follows(self, words: str) -> None:
        """Click the first link whose words begin so."""
        self.page.locator("main, nav").get_by_role("link", name=words).first.click()

    def presses(self, words: str) -> None:
        """Click the first button whose words begin so."""
        self.page.locator("main").get_by_role("button", name=words).first.click()

    def opens(self, words: str) -> None:
        """Unfold the first part of the page that is rarely needed and begins so."""
        self.page.locator("main summary", has_text=words).first.click()

    def fills(self, label: str, value: str) -> None:
        """Type into a field."""
        self.page.get_by_label(label, exact=False).first.fill(value)

    def chooses(self, words: str) -> None:
        """Tap the first chip or box whose words begin so."""
        self.page.locator("label", has_text=words).first.click()

    def reads(self, *words: str) -> None:
        """Find these words on the page, which may still be on its way."""
        for each in words:
            expect(self.page.locator("main")).to_contain_text(each, use_inner_text=True)

    def does_not_read(self, *words: str) -> None:
        """Find none of these words on the page."""
        shown = self.page.locator("body").inner_text()
        assert not [each for each in words if each in shown], shown

    def has_heading(self, words: str) -> None:
        """Be on the page with this heading, or come to it."""
        expect(self.page.locator("h1")).to_have_text(words, use_inner_text=True)

    def looks(self, name: str) -> None:
        """Have a close look at the page, and keep pictures of it."""
        self.story.look(self.page, name)


class Story:
    """One telling of a story: its people, and everything wrong that was seen on its pages."""

    def __init__(self, browser: Browser, server: Any, folder: str, *, script: bool) -> None:
        self.browser = browser
        self.server = server
        self.folder = folder
        self.script = script
        self.cookies: dict[str, list[Any]] = {}
        self.wrong: list[str] = []
        self.seen = 0

    def reader(self, name: str = "") -> Reader:
        """Return somebody of the cast, or a visitor nobody knows, on a phone."""
        page = chromium.open_page(self.browser, width=chromium.PHONE, script=self.script)
        if name:
            page.context.add_cookies(self.cookies[name])
        if self.script:
            page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        return Reader(self, page)

    def look(self, page: Page, name: str) -> None:
        """Note what is wrong with a page, and keep its pictures in the order of the story."""
        if self.script:
            self.seen += 1
            self.wrong += chromium.look(page, f"{self.folder}/{self.seen:02d}-{name}")


@contextmanager
def tell(server: Any, folder: str, people: dict[str, Person], *, script: bool) -> Iterator[Story]:
    """Tell a story in Chromium; afterwards nothing wrong must have been seen."""
    signed_in = cookies(server, people)
    with chromium.launch() as browser:
        story = Story(browser, server, folder, script=script)
        story.cookies = signed_in
        yield story
    assert not story.wrong, "\n".join(story.wrong)
