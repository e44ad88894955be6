"""Staff set up an app and a passkey, sign in with them, and are asked once more.

The story of the app is told without JavaScript too; passkeys need a script, and say so.
"""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.services.factors import code_at
from peersupport.core import clock
from tests.accounts.factor_steps import STEP, mailed_code
from tests.journeys.story import Reader, Story, tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

_HOUR = timedelta(hours=1)


def _asks_for_a_code(reader: Reader, email: str) -> None:
    reader.goes_to("/accounts/sign-in/?next=/program/")
    reader.fills("Your school e-mail", email)
    reader.presses("Send me a code")
    reader.fills("Code", mailed_code())
    reader.presses("Sign in")


def _figures(secret: str) -> str:
    return code_at(secret, int(clock.now().timestamp()) // STEP)


def _codes(reader: Reader) -> list[str]:
    return reader.page.locator(".codes code").all_inner_texts()


@told_twice
def test_an_app_and_recovery_codes(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        people = cast(evening)
        with tell(live_server, "an-app", people, script=script) as story:
            cora = story.reader()
            secret, codes = _cora_sets_up_an_app(cora)

            traveller.shift(_HOUR)
            cora.page.context.clear_cookies()
            _asks_for_a_code(cora, "cora@school.example")
            cora.has_heading("One more step")
            cora.fills("Code from your app", "000000")
            cora.presses("Go on")
            cora.reads("There is a problem", "That is not the code")
            cora.looks("wrong-code")
            cora.fills("Code from your app", _figures(secret))
            cora.presses("Go on")
            cora.has_heading("Our school's facts")

            traveller.shift(_HOUR)
            _cora_is_asked_once_more(cora, codes)


def _cora_sets_up_an_app(cora: Reader) -> tuple[str, list[str]]:
    _asks_for_a_code(cora, "cora@school.example")
    cora.has_heading("One more step")
    cora.looks("needed")
    cora.goes_to("/visits/")
    cora.goes_to("/")
    cora.reads("Your role waits for one more step.")
    cora.looks("today-waiting")
    cora.follows("Take it now")
    cora.goes_to("/accounts/second-factor/?next=/program/")
    cora.follows("Set up an app")
    cora.has_heading("Set up an app")
    cora.looks("set-up-app")
    secret = re.sub(r"\s", "", cora.page.locator("code.key").inner_text())
    cora.fills("Six digits from the app", _figures(secret))
    cora.presses("Set it up")
    cora.has_heading("Keep these codes")
    cora.looks("recovery-codes")
    codes = _codes(cora)
    assert len(codes) == 10
    cora.follows("I have kept them")
    cora.has_heading("Our school's facts")
    return secret, codes


def _cora_is_asked_once_more(cora: Reader, codes: list[str]) -> None:
    cora.goes_to("/accounts/")
    cora.looks("account")
    cora.follows("How you sign in")
    cora.has_heading("Is it you?")
    cora.looks("is-it-you")
    cora.fills("Code from your app", codes[0].upper().replace("-", " "))
    cora.presses("Go on")
    cora.has_heading("How you sign in")
    cora.reads("Authenticator app", "9 left")
    cora.looks("factors")
    cora.follows("Make new ones")
    cora.looks("new-codes")
    cora.presses("Make new codes")
    cora.has_heading("Keep these codes")
    assert not set(_codes(cora)) & set(codes)
    cora.follows("I have kept them")
    cora.follows("Remove")
    cora.presses("Remove it")
    cora.has_heading("How you sign in")
    cora.reads("It is removed.")
    cora.looks("nothing-set-up")
    cora.goes_to("/program/")
    cora.has_heading("One more step")


@told_twice
def test_a_student_without_a_factor_changes_their_address(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        people = cast(evening)
        with tell(live_server, "another-address", people, script=script) as story:
            ana = story.reader("ana")
            traveller.shift(_HOUR)
            ana.goes_to("/accounts/")
            ana.follows("Change the address you sign in with")
            ana.has_heading("Is it you?")
            ana.looks("is-it-you")
            ana.presses("Send me a code")
            ana.reads("We sent an e-mail to ana@school.example")
            ana.looks("code-sent")
            ana.fills("Code", "1")
            ana.presses("Go on")
            ana.reads("There is a problem")
            ana.fills("Code", mailed_code())
            ana.presses("Go on")
            ana.has_heading("Change your address")
            ana.looks("change")
            ana.fills("New e-mail address", "ana@clinic.example")
            ana.presses("Send a code there")
            ana.has_heading("Type the code")
            ana.looks("code")
            ana.fills("Code", mailed_code())
            ana.presses("Use this address")
            ana.reads("From now on you sign in with the new address.", "ana@clinic.example")
            ana.looks("changed")


@told_twice
def test_two_of_the_staff_help_somebody_who_lost_a_phone(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        with tell(live_server, "lost-phone", people, script=script) as story:
            ida, cora, sol = story.reader("ida"), story.reader("cora"), story.reader("sol")
            ida.goes_to("/accounts/")
            ida.follows("Lost phones and keys")
            ida.fills("Their e-mail address", "sol@school.example")
            ida.presses("Ask for it")
            ida.reads("Another member of staff must agree.", "sol@school.example")
            ida.looks("asked")
            sol.goes_to("/accounts/factors/")
            sol.reads("Somebody asked to take this away")
            sol.looks("told")
            cora.goes_to("/accounts/resets/")
            cora.looks("to-agree")
            cora.follows("Agree")
            cora.has_heading("Take these second factors away?")
            cora.looks("agree")
            cora.presses("Take them away")
            cora.reads("Done.")
            cora.looks("done")


def _with_a_device(story: Story) -> tuple[Reader, Any, str]:
    """Return somebody whose browser has a built-in key that a finger unlocks."""
    reader = story.reader()
    device = reader.page.context.new_cdp_session(reader.page)
    device.send("WebAuthn.enable")
    added = device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return reader, device, added["authenticatorId"]


def test_a_passkey(live_server: Any, evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        people = cast(evening)
        with tell(live_server, "a-passkey", people, script=True) as story:
            cora, device, key = _with_a_device(story)
            _cora_makes_a_passkey(cora)
            made = device.send("WebAuthn.getCredentials", {"authenticatorId": key})
            assert len(made["credentials"]) == 1

            traveller.shift(_HOUR)
            cora.page.context.clear_cookies()
            _cora_signs_in_with_it_alone(cora, device, key)

            traveller.shift(_HOUR)
            cora.page.context.clear_cookies()
            _asks_for_a_code(cora, "cora@school.example")
            cora.has_heading("One more step")
            cora.looks("second-step")
            cora.presses("Use a passkey")
            cora.page.wait_for_url(re.compile(r"://[^/]+/program/$"))

            traveller.shift(_HOUR)
            _cora_renames_and_removes_it(cora)


def _cora_makes_a_passkey(cora: Reader) -> None:
    _asks_for_a_code(cora, "cora@school.example")
    cora.follows("Set up a passkey")
    cora.has_heading("Set up a passkey")
    cora.looks("set-up")
    cora.presses("Make a passkey")
    cora.reads("There is a problem", "Give it a name")
    cora.looks("no-name")
    cora.fills("What will you know it by?", "My laptop")
    cora.presses("Make a passkey")
    cora.page.locator("h1", has_text="Keep these codes").wait_for()
    cora.follows("I have kept them")
    cora.has_heading("Our school's facts")


def _cora_signs_in_with_it_alone(cora: Reader, device: Any, key: str) -> None:
    cora.goes_to("/accounts/sign-in/?next=/program/")
    cora.looks("sign-in")
    cora.follows("Use a passkey")
    cora.looks("sign-in-with-it")
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    cora.presses("Use a passkey")
    cora.page.locator("[data-passkey-problem]").wait_for()
    cora.looks("not-unlocked")
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    cora.presses("Use a passkey")
    cora.page.wait_for_url(re.compile(r"://[^/]+/program/$"))
    cora.has_heading("Our school's facts")


def _cora_renames_and_removes_it(cora: Reader) -> None:
    cora.goes_to("/accounts/factors/")
    cora.has_heading("Is it you?")
    cora.looks("is-it-you")
    cora.presses("Use a passkey")
    cora.page.wait_for_url(re.compile(r"://[^/?]+/accounts/factors/$"))
    cora.reads("My laptop", "10 left")
    cora.looks("factors")
    cora.follows("Rename")
    cora.fills("What will you know it by?", "Old laptop")
    cora.looks("rename")
    cora.presses("Save")
    cora.reads("Old laptop")
    cora.follows("Remove")
    cora.looks("remove")
    cora.presses("Remove it")
    cora.reads("It is removed.")


def test_a_passkey_without_a_script(live_server: Any, evening: datetime) -> None:
    """The pages say that it needs one, and offer what does not."""
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        with tell(live_server, "a-passkey-without-a-script", people, script=False) as story:
            ana = story.reader("ana")
            ana.goes_to("/accounts/factors/passkeys/")
            ana.reads("A passkey needs JavaScript")
            ana.follows("Choose another way")
            ana.has_heading("How you sign in")
            stranger = story.reader()
            stranger.goes_to("/accounts/sign-in/passkey/")
            stranger.reads("A passkey needs JavaScript")
            stranger.follows("Send me a code instead")
            stranger.has_heading("Sign in")
