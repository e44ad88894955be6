"""The same stories in Chromium: axe on every page in both themes and widths; pictures kept."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import Person
from officehours.queries.sealed import Log
from officehours.services import booking, talks
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from program.services import touch_public
from tests.browser import THEMES, WIDTHS, axe, launch, open_page
from tests.browser import picture as keep_picture
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def _cookie(server: Any, person: Person) -> list[Any]:
    """Return a signed-in person's cookie. Call it before Chromium runs.

    Playwright keeps an event loop in the thread, in which Django would open a second connection
    that nobody closes.
    """
    value = sign_in(person).cookies["session"].value
    return [{"name": "session", "value": value, "url": server.url}]


def _scene() -> tuple[dict[str, Person], str, str]:
    """Set an evening around now: one talk finished and noted, one time booked."""
    now = clock.now().replace(second=0, microsecond=0)  # hours begin on whole minutes
    people = cast(now)
    hours = hours_of(people["priya"], now - timedelta(minutes=20), checked_in_at=now)
    ahead = Slot(hours.pk, hours.starts_at + timedelta(minutes=30))
    made = {
        name: booking.book(
            person=people[name],
            slot=Slot(ahead.assignment, ahead.starts_at + n * timedelta(minutes=30)),
            name="Ash",
            wants_mail=True,
            request_key=ids.new_id(),
            now=now,
        )
        for n, name in enumerate(["ana", "ben"])
    }
    talks.start(visit=made["ana"], by=people["priya"], now=now)
    talks.finish(visit=made["ana"], by=people["priya"], now=now)
    log = Log("15 to 30", ("study",), False, "light")
    talks.write_log(visit=made["ana"], log=log, by=people["priya"], now=now)
    touch_public()
    return people, str(made["ana"].pk), str(made["ben"].pk)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_accessible(live_server: Any, theme: str, width: int) -> None:
    people, receipt, booked = _scene()
    pages = {
        "": ["/", "/help-now/", "/promises/", "/what-we-keep/", "/accounts/sign-in/", "/theme/"],
        "ana": ["/", "/visits/", f"/visits/{receipt}/", "/visits/book/", "/accounts/"],
        "ben": [f"/visits/{booked}/", f"/visits/{booked}/move/"],
        "priya": ["/hours/", "/hours/new/", f"/hours/talks/{receipt}/log/"],
        "cora": ["/hours/program/", "/program/"],
    }
    cookies = {who: _cookie(live_server, people[who]) for who in pages if who}
    wrong = []
    with launch() as browser:
        for who, addresses in pages.items():
            page = open_page(browser, theme=theme, width=width)
            if who:
                page.context.add_cookies(cookies[who])
            for address in addresses:
                page.goto(live_server.url + address)
                name = address.replace(receipt, "receipt").replace(booked, "booked")
                if (theme, width) == (THEMES[0], WIDTHS[0]):  # it takes all four by itself
                    keep_picture(page, f"{who or 'visitor'}{name.replace('/', '-')}".rstrip("-"))
                wrong += [(who, name, line) for line in axe(page)]
    assert wrong == []


def test_today_is_not_sent_again_while_it_is_current(live_server: Any) -> None:
    _scene()
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
