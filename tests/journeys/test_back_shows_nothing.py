"""Signed out, then Back, in a browser that keeps whole pages: nothing of them is shown again."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from playwright.sync_api import Error, Page

from peersupport.core import ids
from referrals import tagkey
from referrals.models import Referral
from referrals.rules import Consent
from tests import browser as chromium
from tests.care import care_cast, sit_down, stand_as, wind
from tests.journeys.story import cookies
from tests.people import cast
from tests.referrals.cases import SAID, sent
from tests.ways import publish_key, receipt_on, sent_by, somebody_reads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that notes whether it was shown from the browser's memory."""
    with chromium.launch(keeps_pages=True) as browser:
        found = chromium.open_page(browser, width=chromium.PHONE)
        found.add_init_script(
            "addEventListener('pageshow', event => {"
            " if (event.persisted) sessionStorage.kept = (sessionStorage.kept || '')"
            " + location.pathname + ' '; })"
        )
        yield found


_STANDS = "document.readyState + performance.timeOrigin + location.href"
_SHOWN = "document.documentElement.hidden ? '' : document.documentElement.innerText"


def _back(page: Page) -> str:
    """Go back once; return what is shown when nothing moves any more.

    Playwright does not notice that a page was kept, and so can wait for nothing by itself.
    """
    # A moment later, so that the answer does not come from a page that has just gone.
    page.evaluate("() => void setTimeout(() => history.back(), 50)")
    seen: list[str] = []
    for _ in range(40):
        page.wait_for_timeout(250)
        with suppress(Error):  # between two pages there is nothing to ask
            seen.append(page.evaluate(_STANDS))
            if seen[-3:] == [seen[-1]] * 3 and seen[-1].startswith("complete"):
                return str(page.evaluate(_SHOWN))
    pytest.fail(f"The page does not come to rest: {seen[-3:]}")


def _kept(page: Page) -> str:
    found: str = page.evaluate("sessionStorage.kept || ''")
    return found


def test_control_this_browser_keeps_pages(page: Page, live_server: Any) -> None:
    for _ in range(5):  # a busy machine lets pages go that it would keep
        page.goto(live_server.url + "/help-now/")
        page.goto(live_server.url + "/promises/")
        assert "988" in _back(page)
        if _kept(page):
            break
    assert "/help-now/" in _kept(page)


@pytest.mark.plane("care")
def test_the_desk(page: Page, live_server: Any, settings: Any, evening: datetime) -> None:
    stand_as(settings, "care")
    with time_machine.travel(evening, tick=False):
        eli = care_cast(evening)["eli"]
        wind(evening)
        row = sent(evening)
        _sit(page, live_server.url, sit_down(eli, evening))
        page.goto(f"{live_server.url}/care/")
        page.goto(f"{live_server.url}/care/case/{row.pk}/")
        assert row.code in page.locator("main").inner_text()
        page.goto(f"{live_server.url}/care/log/")
        # While one sits here Back is Back, by asking the server again.
        assert row.code in _back(page)
        page.goto(f"{live_server.url}/care/case/{row.pk}/")
        page.get_by_role("button", name="Open it").click()
        assert SAID.words in page.locator("main").inner_text()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/care/sign-in/**")
        for _ in range(4):
            shown = _back(page)
            assert not [said for said in (row.code, SAID.words, SAID.name) if said in shown]


def _sit(page: Page, url: str, client: Any) -> None:
    value = client.cookies[settings.CARE_COOKIE].value
    page.context.add_cookies([{"name": settings.CARE_COOKIE, "value": value, "url": url}])


def test_ones_own_page(page: Page, live_server: Any, evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        row = Referral.objects.create(
            code=ids.new_reference(),
            kind="student",
            urgency="soon",
            consent=Consent.GIVEN,
            tag=tagkey.tag_for(ana.pk, evening),
            request_key=ids.new_id(),
            received_at=evening - timedelta(minutes=10),
        )
        page.context.add_cookies(cookies(live_server, {"ana": ana})["ana"])
        for path in ("/referrals/", f"/referrals/one/{row.pk}/", "/accounts/"):
            page.goto(live_server.url + path)
        page.locator("form[action='/accounts/sign-out/'] button").first.click()
        page.wait_for_load_state()
        for _ in range(3):
            shown = _back(page)
            assert not [said for said in (row.code, "It has arrived") if said in shown], shown


def test_what_a_receipt_has_opened(page: Page, live_server: Any, evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        publish_key()
        somebody_reads()
        cast(evening)
        row, shown_once = sent_by(Client())
        page.goto(live_server.url + "/referrals/")
        page.goto(live_server.url + "/referrals/receipt/")
        page.get_by_label("Your receipt").fill(receipt_on(shown_once))
        page.get_by_role("button", name="See how it stands").click()
        assert "It has arrived" in page.locator("main").inner_text()
        page.get_by_role("button", name="Close this page").click()
        page.wait_for_url("**/referrals/")
        for _ in range(3):
            shown = _back(page)
            assert not [said for said in (row.code, "It has arrived") if said in shown], shown
