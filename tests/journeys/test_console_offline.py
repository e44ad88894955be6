"""The console on bad wifi: what is pressed is kept, sent in order, and done once."""

from datetime import timedelta
from typing import Any

import pytest

from officehours import rules
from officehours.models import Assignment, Visit
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from tests import browser as chromium
from tests.journeys import story
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_an_evening_pressed_offline_arrives_once_and_in_order(live_server: Any) -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now - timedelta(minutes=10))
    Assignment.objects.filter(pk=hours.pk).update(starts_at=now - timedelta(minutes=10))
    booked = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at + timedelta(minutes=30)),
        name="Ash",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
    )
    cookies = story.cookies(live_server, {"priya": people["priya"]})
    with chromium.launch() as browser:
        page = chromium.open_page(browser, width=chromium.PHONE)
        page.context.add_cookies(cookies["priya"])
        page.goto(live_server.url + "/hours/")
        page.get_by_role("button", name="I am in").click()
        page.wait_for_load_state()
        page.context.set_offline(True)

        page.get_by_role("button", name="Someone just walked in").click()
        page.get_by_role("button", name="Finish").click()
        page.get_by_role("button", name="Start").click()
        page.get_by_text("kept on this phone").wait_for()
        assert page.locator("[data-count]").inner_text() == "3"
        page.get_by_role("button", name="Add somebody").click()
        assert chromium.axe(page) == []
        chromium.keep(page, "console-offline")

        page.context.set_offline(False)
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.get_by_text("kept on this phone").wait_for(state="hidden")
        page.get_by_role("button", name="Finish").first.wait_for()
        assert page.evaluate("localStorage.getItem('unsent')") is None

    walked = Visit.objects.exclude(pk=booked.pk).get()
    booked.refresh_from_db()
    assert walked.state == rules.S.FINISHED
    assert booked.state == rules.S.TALKING


def test_what_is_sent_twice_is_done_once(live_server: Any) -> None:
    """The same bodies again, as after an answer that was lost on its way."""
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now - timedelta(minutes=10), checked_in_at=now)
    from tests.people import sign_in

    client, key = sign_in(people["priya"]), str(ids.new_id())
    for _again in range(3):
        client.post(f"/hours/{hours.pk}/walked-in/", {"request_key": key})
    for _again in range(3):
        client.post(f"/hours/talks/{key}/finish/")

    assert [visit.state for visit in Visit.objects.all()] == [rules.S.FINISHED]
