"""The list of devices in Chromium; and the back button after signing out."""

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Person
from tests.browser import launch, look, open_page
from tests.journeys.story import cookies
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
_CANARY = "Zyxcanary"


def test_devices_and_roles(live_server: Any, evening: datetime) -> None:
    people = cast(evening)
    sign_in(people["ana"])  # another device
    known = cookies(live_server, {"ana": people["ana"], "cora": people["cora"]})
    ana = people["ana"].pk
    with launch() as browser:
        page = open_page(browser)
        page.context.add_cookies(known["ana"])
        page.goto(live_server.url + "/accounts/devices/")
        assert look(page, "devices") == []
        page.get_by_role("button", name="Sign it out").first.click()
        expect(page.get_by_text("That device is signed out.")).to_be_visible()
        expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()

        page = open_page(browser)
        page.context.add_cookies(known["cora"])
        page.goto(live_server.url + "/accounts/people/")
        assert look(page, "roles-find") == []
        page.goto(f"{live_server.url}/accounts/people/{ana}/")
        assert look(page, "roles-person") == []


@pytest.mark.parametrize("script", [True, False])
def test_back_after_signing_out_shows_nothing(
    live_server: Any, evening: datetime, script: bool
) -> None:
    people = cast(evening)
    Person.objects.filter(pk=people["ana"].pk).update(called=_CANARY)
    known = cookies(live_server, {"ana": people["ana"]})
    with launch() as browser:
        page = open_page(browser, script=script)
        page.context.add_cookies(known["ana"])
        page.goto(live_server.url + "/accounts/")
        assert _CANARY in page.content()
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url(live_server.url + "/")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Sign in")

        assert _CANARY not in page.content()
