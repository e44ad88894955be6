"""The first lead comes and adds Eli; they compare; Eli signs in, and out: Back shows nothing.

Passkeys need a script; without one the doors say so, and nothing else can be done there.
"""

import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import expect

from tests.care import stand_as, wind
from tests.journeys.story import Reader, Story, tell

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.plane("care"),
]


@pytest.fixture
def care(settings: Any, live_server: Any, evening: datetime) -> Any:
    """The care side behind a server, its clock wound, at that evening."""
    stand_as(settings, "care", public_url=live_server.url)
    with time_machine.travel(evening, tick=False) as time:
        wind(evening)
        yield time


def with_a_device(story: Story) -> Reader:
    """Return somebody whose browser has a built-in key that a finger unlocks."""
    reader = story.reader()
    device = reader.page.context.new_cdp_session(reader.page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return reader


def _letters(reader: Reader) -> str:
    return reader.page.locator("code.fingerprint").inner_text()


def _joins(reader: Reader, name: str, code: str, *, looks: bool = False) -> None:
    reader.goes_to("/")
    reader.has_heading("Sign in")
    reader.follows("Begin here")
    reader.has_heading("Join the counselors")
    if looks:
        reader.looks("join")
        reader.fills("Your work e-mail", f"{name.lower()}@school.example")
        reader.fills("The code", "2222-2222-2222")
        reader.presses("Go on")
        reader.reads("There is a problem", "do not belong together")
        reader.looks("join-wrong")
    reader.fills("Your work e-mail", f"{name.lower()}@school.example")
    reader.fills("The code", code.lower())
    reader.presses("Go on")
    reader.has_heading(f"Welcome, {name}")
    if looks:
        reader.looks("make-passkey")
    reader.presses("Make my passkey")


def test_from_the_first_lead_to_back_shows_nothing(care: Any, live_server: Any) -> None:
    printed = StringIO()
    call_command("first_lead", "Dee", "dee@school.example", stdout=printed, stderr=StringIO())
    with tell(live_server, "counselors-join", {}, script=True) as story:
        dee, eli = with_a_device(story), with_a_device(story)
        _dee_comes(dee, printed.getvalue().strip())
        code = _dee_adds_eli(dee)
        _joins(eli, "Eli", code, looks=True)
        eli.has_heading("Almost there, Eli")
        eli.looks("waiting")
        _they_compare(dee, _letters(eli))
        _eli_signs_in_and_out(eli)

        dee.goes_to("/care/people/")
        dee.page.get_by_role("link", name=re.compile("Open.*Eli")).click()
        dee.has_heading("Eli")
        dee.looks("person")
        care.shift(timedelta(minutes=11))
        dee.goes_to("/care/people/")
        dee.has_heading("Sign in")
        dee.reads("The desk was closed")
        dee.looks("closed")


def _dee_comes(dee: Reader, code: str) -> None:
    _joins(dee, "Dee", code)
    dee.has_heading("Sign in")
    dee.looks("sign-in")
    dee.presses("Use your passkey")
    dee.has_heading("Dee")
    dee.looks("me")
    dee.follows("Make recovery codes")
    dee.looks("make-codes")
    dee.presses("Make them")
    dee.has_heading("Keep these codes")
    dee.looks("codes")
    assert dee.page.locator(".codes code").count() == 10
    dee.follows("I have kept them")
    dee.follows("Add a passkey")
    dee.has_heading("Add a passkey")
    dee.looks("add-passkey")


def _dee_adds_eli(dee: Reader) -> str:
    dee.follows("People")
    dee.has_heading("People")
    dee.follows("Ask somebody to join")
    dee.presses("Make the code")
    dee.reads("There is a problem")
    dee.looks("add-nothing")
    dee.fills("Name that students see", "Eli")
    dee.fills("Their work e-mail", "eli@school.example")
    dee.presses("Make the code")
    dee.has_heading("Read this to Eli")
    dee.looks("code")
    return _letters(dee)


def _they_compare(dee: Reader, letters: str) -> None:
    dee.follows("I have read it to them")
    dee.reads("Waits for you")
    dee.looks("people")
    dee.follows("Compare and confirm")
    dee.looks("person-waits")
    dee.follows("Compare and confirm")
    dee.has_heading("Is Eli in front of you?")
    assert _letters(dee) == letters
    dee.looks("confirm")
    dee.presses("They are the same: confirm")
    dee.reads("Confirmed. They can sign in now.")
    dee.looks("confirmed")


def _eli_signs_in_and_out(eli: Reader) -> None:
    eli.follows("My lead has confirmed it: sign in")
    eli.presses("Use your passkey")
    eli.page.wait_for_url(re.compile(r"/care/$"))
    eli.looks("desk")
    eli.goes_to("/care/prove/")
    eli.has_heading("Is it you?")
    eli.looks("prove")
    eli.presses("Use your passkey")
    eli.page.wait_for_url(re.compile(r"/care/$"))
    eli.goes_to("/care/me/")
    eli.reads("eli@school.example")
    eli.page.get_by_role("button", name="Sign out", exact=True).click()
    eli.reads("You are signed out.")
    eli.looks("signed-out")
    eli.page.go_back()
    expect(eli.page.locator("h1")).to_have_text("Sign in")
    assert "eli@school.example" not in eli.page.content()


def test_without_a_script_the_doors_say_so(care: Any, live_server: Any) -> None:
    with tell(live_server, "counselors-without-a-script", {}, script=False) as story:
        reader = story.reader()
        reader.goes_to("/")
        reader.has_heading("Sign in")
        reader.reads("A passkey needs JavaScript")
        reader.goes_to("/care/join/")
        reader.has_heading("Join the counselors")
