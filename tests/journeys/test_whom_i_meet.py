"""Whom I meet: chosen in the browser alone; the server sees a sealed set and nothing else."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from officehours.models import Visit
from officehours.queries import sealed
from peersupport.core import clock
from tests import browser as chromium
from tests.journeys import story
from tests.people import cast, hours_of, tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def _scene() -> dict[str, Any]:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    tag(people["priya"], "failed a board", "first in college")
    tag(people["sol"], "parent")
    for name in ("priya", "sol", "marcus"):
        hours_of(people[name], now + timedelta(hours=1), length=timedelta(hours=1))
    return people


def test_the_filter_sends_nothing_and_the_visit_carries_a_sealed_set(live_server: Any) -> None:
    people = _scene()
    cookies = story.cookies(live_server, {"ana": people["ana"]})
    with chromium.launch() as browser:
        page = chromium.open_page(browser, width=chromium.PHONE)
        page.context.add_cookies(cookies["ana"])
        page.goto(live_server.url + "/visits/book/", wait_until="networkidle")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        page.get_by_text("Whom would you like to meet?").click()
        page.locator("label", has_text="failed a board").click()
        shown = page.locator("[data-who]:visible")
        names = {shown.nth(n).inner_text().split()[-1] for n in range(shown.count())}
        assert names == {"Priya"}
        page.locator("label", has_text="failed a board").click()
        page.locator(".whom label", has_text="Marcus").click()
        assert page.locator("[data-who]:visible").count() == 4
        assert [url for url in asked if not url.endswith(".svg")] == []
        assert chromium.axe(page) == []
        chromium.picture(page, "whom-i-meet")

        page.reload()  # kept on this device
        assert page.locator("[data-who]:visible").count() == 4
        asked.clear()
        page.locator("[data-who]:visible").first.click()
        page.get_by_role("button", name="Book this time").click()
        page.wait_for_url("**/visits/*/")
        sent = [url for url in asked if "failed" in url or people["marcus"].pk.hex in url]
        assert sent == []

    visit = Visit.objects.get()
    wanted = sealed.wanted_of(visit, clock.now())
    assert wanted.only == frozenset({people["priya"].pk, people["sol"].pk})
    assert people["marcus"].pk.bytes not in bytes(visit.acceptable or b"")
    assert people["priya"].pk.bytes not in bytes(visit.acceptable or b"")


def test_without_script_there_is_no_filter_and_everything_is_offered(live_server: Any) -> None:
    people = _scene()
    cookies = story.cookies(live_server, {"ana": people["ana"]})
    with chromium.launch() as browser:
        page = chromium.open_page(browser, script=False)
        page.context.add_cookies(cookies["ana"])
        page.goto(live_server.url + "/visits/book/")
        assert not page.get_by_text("Whom would you like to meet?").is_visible()
        assert page.locator("[data-who]:visible").count() == 6
    assert Path(chromium.PICTURES).exists()
