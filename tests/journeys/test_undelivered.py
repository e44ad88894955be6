"""The coordinator looks at what did not arrive, and tries some of it again."""

from datetime import datetime
from typing import Any

import pytest

from peersupport.core.outbox.models import Outgoing
from tests.browser import launch, look, open_page
from tests.journeys.story import cookies
from tests.people import cast
from tests.portal.test_undelivered import give_up, note_well

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.usefixtures("frozen"),
]


def test_she_sees_what_failed_and_why_and_tries_again(live_server: Any, evening: datetime) -> None:
    people = cast(evening)
    note_well(evening, trouble="credentials", trouble_at=evening)
    give_up(evening, 3)
    give_up(evening, 1, kind="time-changed", error="later")
    known = cookies(live_server, {"cora": people["cora"]})

    with launch() as browser:
        page = open_page(browser)
        page.context.add_cookies(known["cora"])
        page.goto(f"{live_server.url}/program/")
        page.get_by_role("link", name="What we send").first.click()
        wrong = look(page, "undelivered/found")
        card = page.get_by_role("listitem").filter(has_text="does not exist")
        card.get_by_role("button", name="Try again").click()
        page.get_by_text("3 messages are tried again.").wait_for()
        wrong += look(page, "undelivered/tried")

    assert wrong == []
    assert Outgoing.objects.filter(state="due").count() == 3
