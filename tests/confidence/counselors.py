"""The counselors of the two-sided world: they join, are confirmed in person, sign in, and read."""

import html
import json
import os
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.accounts.soft_key import SoftKey
from tests.confidence.world import Browser, Host, Page, World

_OPTIONS = r'<script id="passkey-options"[^>]*>(.*?)</script>'
NAMES = ("dee", "eli", "max", "fay")


@dataclass
class Counselor:
    """One of them: a passkey made of software, and the browser they sit at."""

    name: str
    id: uuid.UUID
    key: SoftKey
    browser: Browser = field(repr=False)

    @property
    def email(self) -> str:
        """The address they sign in with."""
        return f"{self.name}@school.example"

    def opens(self, case: uuid.UUID | str) -> Page:
        """Open a case, with a passkey first if it was not used for a while."""
        page = self.browser.post(f"/care/case/{case}/open/")
        if page.location.startswith("/care/prove/"):
            prove(self)
            page = self.browser.post(f"/care/case/{case}/open/")
        return page


def asked(page: Page) -> dict[str, Any]:
    """Return what a page asks a passkey."""
    found: dict[str, Any] = json.loads(html.unescape(page.the(_OPTIONS)))
    return found


def use(browser: Browser, path: str, key: SoftKey, owner: uuid.UUID) -> Page:
    """Answer a page that asks for a passkey; return what comes then."""
    answer = key.use(asked(browser.get(path)), owner=owner.bytes, origin=browser.host.origin)
    return browser.post(path, {"passkey": answer})


def sign_in(care: Host, key: SoftKey, owner: uuid.UUID) -> tuple[Browser, Page]:
    """Try to sign in with a passkey in a fresh browser."""
    browser = Browser(care)
    return browser, use(browser, "/care/sign-in/", key, owner)


def prove(who: Counselor) -> None:
    """Use the passkey once more, or sign in again if the desk was closed meanwhile."""
    if not who.browser.get("/care/").location:
        assert use(who.browser, "/care/prove/", who.key, who.id).status == 302
        return
    who.browser, page = sign_in(who.browser.host, who.key, who.id)
    assert page.status == 302, page.status


def _join(care: Host, name: str, code: str) -> tuple[SoftKey, Browser, Page]:
    browser, key = Browser(care), SoftKey(os.urandom(16))
    page = browser.post("/care/join/", {"email": f"{name}@school.example", "code": code})
    made = key.make(asked(page), origin=care.origin)
    return key, browser, browser.post("/care/join/", {"passkey": made})


def _id_of(world: World, name: str) -> uuid.UUID:
    said = world.sql(
        "SELECT card_id FROM referrals_counselor WHERE email = %s", [f"{name}@school.example"]
    )
    return uuid.UUID(str(said[0][0]))


def _first(world: World) -> Counselor:
    """Let the first lead in, by the command on the care host."""
    care = world.care
    code = care.manage("first_lead", "Dee", "dee@school.example").strip().splitlines()[0]
    key, _browser, page = _join(care, "dee", code)
    assert page.status == 302, page.status
    who = _id_of(world, "dee")
    browser, page = sign_in(care, key, who)
    assert page.status == 302, page.text
    return Counselor("dee", who, key, browser)


def _further(world: World, lead: Counselor, name: str) -> Counselor:
    """Ask somebody to join, let them make a passkey, and confirm them as the lead does."""
    fields = {"name": name.title(), "email": f"{name}@school.example", "role": "counselor"}
    code = lead.browser.post("/care/people/add/", fields).the(r'fingerprint">([^<]+)<')
    key, _browser, page = _join(world.care, name, code)
    letters = page.the(r'fingerprint"?>([^<]+)<')
    who = _id_of(world, name)
    waiting = lead.browser.get(f"/care/people/{who}/").the(r'href="([^"]+/passkeys/[^"]+)"')
    assert letters in lead.browser.get(waiting).text  # compared in person
    assert lead.browser.post(waiting).status == 302
    browser, page = sign_in(world.care, key, who)
    assert page.status == 302, page.text
    return Counselor(name, who, key, browser)


def all_in(world: World) -> dict[str, Counselor]:
    """Return Dee, who leads, Eli, Max, whom students leave out, and Fay, who has left since."""
    found = {"dee": _first(world)}
    for name in NAMES[1:]:
        found[name] = _further(world, found["dee"], name)
    cards = [str(one.id) for one in found.values()]
    world.care.run("tests.confidence.counselors:read_always", cards=cards)
    end = found["dee"].browser.post(f"/care/people/{found['fay'].id}/end/")
    assert end.status == 302, end.text
    return found


def read_always(*, cards: list[str]) -> int:
    """Let somebody read at every hour, so that it can be tried at every hour. On the care host."""
    from datetime import time

    from referrals.models import Reading, Timers

    Timers.objects.create(pk=1, line_name="On call", line_email="line@oncall.example")
    rows = [
        Reading(card_id=card, weekday=day, starts=time(0), ends=time(23, 59, 59))
        for card in cards
        for day in range(7)
    ]
    return len(Reading.objects.bulk_create(rows))


def codes_on(page: Page) -> list[str]:
    """Return the recovery codes that a page shows."""
    return re.findall(r"<li><code>([^<]+)</code></li>", page.text)
