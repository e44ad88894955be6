"""Every page as it stands: axe where no story goes, enlarged, in forced colors, on paper."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import Page

from accounts.models import Person
from officehours.queries.sealed import Log
from officehours.services import booking, talks
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from program.services import touch_public
from tests.browser import DESKTOP, PHONE, fit, is_wider_than_window, keep, launch, look, open_page
from tests.journeys.story import cookies, stand_behind
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# Who opens which page; the words are replaced by the addresses of the two visits.
_PAGES = {
    "": ["/", "/help-now/", "/promises/", "/what-we-keep/", "/accounts/sign-in/", "/theme/"],
    "ana": ["/", "/visits/", "/visits/RECEIPT/", "/visits/book/", "/accounts/", "/nowhere/"],
    "ben": ["/", "/visits/", "/visits/BOOKED/", "/visits/BOOKED/move/"],
    "priya": ["/hours/", "/hours/new/", "/hours/talks/RECEIPT/log/"],
    "cora": ["/hours/program/", "/program/", "/program/coverage/"],
}
_NO_STORY_GOES_THERE = {
    "": _PAGES[""][1:],
    "ana": ["/accounts/", "/nowhere/"],
    "cora": ["/program/", "/program/coverage/", "/program/close/", "/program/set/topic-threats/"],
}
_MAIN_PAGES = {
    "ana": ["/", "/visits/book/", "/visits/RECEIPT/"],
    "ben": ["/visits/BOOKED/"],
    "priya": ["/hours/", "/hours/new/"],
}


def _scene(now: datetime) -> tuple[dict[str, Person], dict[str, str]]:
    """Set an evening: Priya is in, one talk is finished and noted, one time is booked."""
    people = cast(now)
    stand_behind(now)
    hours = hours_of(people["priya"], now - timedelta(minutes=20), checked_in_at=now)
    hours_of(people["marcus"], now + timedelta(hours=1))
    visits = [
        booking.book(
            person=people[name],
            slot=Slot(hours.pk, hours.starts_at + minutes),
            name="Ash",
            wants_mail=True,
            request_key=ids.new_id(),
            now=now,
        )
        for name, minutes in [("ana", timedelta(minutes=30)), ("ben", timedelta(minutes=60))]
    ]
    talks.start(visit=visits[0], by=people["priya"], now=now)
    talks.finish(visit=visits[0], by=people["priya"], now=now)
    log = Log("15 to 30", ("study",), False, "light")
    talks.write_log(visit=visits[0], log=log, by=people["priya"], now=now)
    touch_public()
    return people, {"RECEIPT": str(visits[0].pk), "BOOKED": str(visits[1].pk)}


@contextmanager
def _pages(
    server: Any, now: datetime, chosen: dict[str, list[str]], **more: Any
) -> Iterator[Iterator[tuple[str, Page]]]:
    """Open the chosen pages, one after the other: pairs of a name and the page."""
    with time_machine.travel(now, tick=False):
        people, visits = _scene(now)
        known = cookies(server, {who: people[who] for who in chosen if who})

        def opened() -> Iterator[tuple[str, Page]]:
            for who, addresses in chosen.items():
                page = open_page(browser, **more)
                page.context.add_cookies(known.get(who, []))
                for address in addresses:
                    real = address
                    for word, visit in visits.items():
                        real = real.replace(word, visit)
                    page.goto(server.url + real)
                    name = f"{who or 'visitor'}{address.replace('/', '-')}"
                    yield name.rstrip("-").lower(), page

        with launch() as browser:
            yield opened()


def test_pages_where_no_story_goes(live_server: Any, evening: datetime) -> None:
    with _pages(live_server, evening, _NO_STORY_GOES_THERE) as pages:
        wrong = [line for name, page in pages for line in look(page, f"pages/{name}")]

    assert wrong == []


def test_no_page_scrolls_sideways(live_server: Any, evening: datetime) -> None:
    """At 320 px, which is 400 % of a desktop, and at 640 px with twice the size of letters."""
    wide = []
    with _pages(live_server, evening, _PAGES, width=320) as pages:
        for name, page in pages:
            if is_wider_than_window(page):
                wide.append(f"{name} at 320")
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            fit(page, 640)
            keep(page, f"enlarged/{name}")
            if is_wider_than_window(page):
                wide.append(f"{name} at 640, doubled")
            page.set_viewport_size({"width": 320, "height": 800})

    assert wide == []


_SMALL = """() => [...document.querySelectorAll(
    'main .btn, .exitbtn, .slot, .choice, main input:not([type=hidden], [type=radio],' +
    ' [type=checkbox]), main select, main textarea'
  )].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)
    .map(e => `${e.tagName} ${e.textContent.trim()} ${e.getBoundingClientRect().height}`)"""


def test_what_is_pressed_is_large_enough(live_server: Any, evening: datetime) -> None:
    with _pages(live_server, evening, _PAGES, width=PHONE) as pages:
        small = {name: page.evaluate(_SMALL) for name, page in pages}

    assert {name: found for name, found in small.items() if found} == {}


_LOST_IN_FORCED_COLORS = """() => {
  const edge = style => style.borderTopStyle !== 'none' && parseFloat(style.borderTopWidth) >= 1;
  const bare = [...document.querySelectorAll('.btn, .card, .door, .tag, .slot > span')]
    .filter(e => e.checkVisibility() && !edge(getComputedStyle(e)));
  const chosen = [...document.querySelectorAll('.slot input:checked + span')]
    .filter(e => getComputedStyle(e).outlineStyle === 'none');
  const ringless = [...document.querySelectorAll('main a, main button, main input, main select')]
    .filter(e => e.checkVisibility() && e.type !== 'hidden').filter(e => {
      e.focus({focusVisible: true});
      const shown = e.matches('.slot input') ? e.nextElementSibling
        : e.closest('.choices .choice') ?? e;
      return getComputedStyle(shown).outlineStyle === 'none';
    });
  document.activeElement.blur();
  const lost = [...bare, ...chosen, ...ringless];
  return lost.map(e => `${e.tagName}.${e.className} ${e.textContent}`);
}"""


def test_forced_colors_lose_nothing(live_server: Any, evening: datetime) -> None:
    """Edges stay where colors were, what is chosen shows, and so does the focus."""
    lost = {}
    with _pages(live_server, evening, _MAIN_PAGES, width=PHONE) as pages:
        for name, page in pages:
            page.emulate_media(forced_colors="active", color_scheme="dark")
            if page.locator("label.slot").count():
                page.locator(".picker label.slot").first.click()
            lost[name] = page.evaluate(_LOST_IN_FORCED_COLORS)
            fit(page, PHONE)
            keep(page, f"forced-colors/{name}")

    assert {name: found for name, found in lost.items() if found} == {}


def test_on_paper_the_numbers_stay_and_buttons_go(live_server: Any, evening: datetime) -> None:
    with _pages(live_server, evening, _MAIN_PAGES, theme="dark") as pages:
        for name, page in pages:
            page.emulate_media(media="print")
            fit(page, DESKTOP * 5 // 8)  # about the width of a page of paper
            keep(page, f"paper/{name}")

            assert page.locator(".crisis").get_by_text("988").is_visible()
            assert (
                page.locator("button:visible, .btn:visible, .also:visible, nav:visible").count()
                == 0
            )
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
                "rgb(255, 255, 255)"
            )


def test_today_is_not_sent_again_while_it_is_current(live_server: Any) -> None:
    _scene(clock.now().replace(second=0, microsecond=0))  # hours begin on whole minutes
    with launch() as browser:
        page = open_page(browser)
        page.goto(live_server.url + "/")
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        seen: list[int] = []

        def note(event: dict[str, Any]) -> None:
            if urlsplit(event["response"]["url"]).path == "/":
                seen.append(event["response"]["status"])

        session.on("Network.responseReceived", note)
        extra: list[int] = []
        session.on("Network.responseReceivedExtraInfo", lambda e: extra.append(e["statusCode"]))
        page.goto(live_server.url + "/")

        assert 304 in extra + seen
        assert page.context.cookies() == []
