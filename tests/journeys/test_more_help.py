"""Asking for more help: on an account, with a receipt on a handed-over phone, take it back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Person
from referrals.models import Card, Opening, Referral
from tests import browser as chromium
from tests.journeys.story import Reader, Story, tell, told_twice
from tests.people import cast
from tests.roles import acting_as
from tests.ways import (
    PHONE,
    answer_all,
    opened,
    publish_key,
    receipt_on,
    secret_of,
    somebody_reads,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
MORNING = timedelta(hours=-6)  # from Monday evening to 11:10am, when somebody reads
WORDS = "I have not slept since October and cannot study."


def _scene(now: datetime) -> tuple[dict[str, Person], Card, dict[str, bytes]]:
    people = cast(now)
    card = somebody_reads()
    somebody_reads(name="Eli", about="teaches the second year")
    return people, card, publish_key()


def _begins(reader: Reader, choice: str) -> None:
    reader.goes_to("/referrals/")
    reader.has_heading("Get more help, for you or a friend")
    reader.follows("Begin")
    reader.has_heading("How we keep it")
    assert reader.page.get_by_label("With a receipt, and no account").is_checked()
    reader.chooses(choice)
    reader.presses("Continue")


def _answers(reader: Reader) -> None:
    reader.has_heading("How soon?")
    reader.chooses("Soon: you hear from somebody by")
    reader.presses("Continue")
    reader.has_heading("What would help?")
    reader.fills("In your own words", WORDS)
    reader.presses("Continue")
    reader.has_heading("What to call you")
    reader.fills("What should they call you?", "Ash")
    reader.presses("Continue")
    reader.has_heading("How can they reach you safely?")
    reader.page.get_by_label("Try first", exact=True).select_option("text")
    reader.fills("Number or address", PHONE)
    reader.chooses("No")
    reader.presses("Continue")
    reader.has_heading("Who should not see it")
    reader.chooses("Eli: teaches the second year")
    reader.presses("Continue")
    reader.has_heading("Words of a supporter")


@told_twice
def test_on_ones_own_account(live_server: Any, evening: datetime, *, script: bool) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False) as clock:
        people, dee, secrets = _scene(now)
        with tell(live_server, "more-help-account", people, script=script) as story:
            ana = story.reader("ana")
            ana.goes_to("/referrals/")
            ana.reads("Somebody reads now.")
            ana.looks("start")
            ana.goes_to("/referrals/keep/")
            ana.looks("keep")
            _begins(ana, "On my account")
            ana.reads("Urgent: you hear from somebody by 3:30pm today")
            ana.looks("soon")
            ana.presses("Continue")
            ana.reads("There is a problem", "Choose how soon.")
            ana.chooses("I am, or somebody is, in danger now")
            ana.presses("Continue")
            ana.has_heading("Stop here and call")
            ana.looks("danger-now")
            ana.follows("It is not danger")
            _looks_at_questions(ana)
            _answers(ana)
            ana.follows("Continue without")
            ana.has_heading("Check your answers")
            ana.reads(WORDS, "Ash", f"Text message: {PHONE}", "Eli: teaches the second year")
            ana.looks("check")
            ana.page.get_by_role("link", name="Change what to call you").click()
            ana.fills("What should they call you?", "Ash R.")
            ana.presses("Continue")
            ana.has_heading("Check your answers")
            ana.reads("Ash R.")
            ana.presses("Send it")
            ana.has_heading("It has arrived")
            ana.reads("You hear from somebody by", "Somebody reads now.")
            ana.looks("sent")
            referral = Referral.objects.get()
            assert opened(referral, secrets).name == "Ash R."
            ana.follows("See how it stands")
            ana.has_heading("It has arrived")
            ana.reads("Nobody yet.")
            _is_taken_on(ana, referral, dee, now)
            _takes_it_back(ana)
            clock.shift(timedelta(minutes=1))
            _signs_out(story, ana, referral)


def _looks_at_questions(reader: Reader) -> None:
    """Have a close look at each question, with something missing."""
    for step in ("soon", "what", "name", "reach", "leave-out"):
        reader.goes_to(f"/referrals/{step}/")
        if step == "reach":
            reader.presses("Continue")
            reader.reads("There is a problem", "Write the number or address to try first.")
        reader.looks(step)
    reader.goes_to("/referrals/soon/")


def _is_taken_on(ana: Reader, referral: Referral, dee: Card, now: datetime) -> None:
    with acting_as("care"):
        Opening.objects.create(at=now, referral_id=referral.pk, name="Dee", what="case")
        Referral.objects.filter(pk=referral.pk).update(
            state="acknowledged", owner=dee, contact_by=now + timedelta(days=1, minutes=50)
        )
    ana.page.reload()
    ana.has_heading("A counselor has it")
    ana.reads("Dee will call by tomorrow noon.", "Opened by Dee, Monday 23 November")
    ana.looks("taken-on")
    with acting_as("care"):
        Referral.objects.filter(pk=referral.pk).update(state="in contact")
    ana.page.reload()
    ana.has_heading("You are in contact")
    ana.looks("in-contact")
    ana.presses("I could not")
    ana.reads("You said that you could not get in.", "Other help")
    ana.looks("could-not")


def _takes_it_back(ana: Reader) -> None:
    ana.goes_to("/referrals/")
    ana.reads("What you asked for", "You are in contact")
    ana.looks("own")
    ana.follows("You are in contact")
    ana.follows("Take it back")
    ana.has_heading("Take it back?")
    ana.looks("take-back")
    ana.presses("Take it back")
    ana.has_heading("You took it back")
    ana.looks("taken-back")


def _signs_out(story: Story, ana: Reader, referral: Referral) -> None:
    """After signing out, Back shows nothing of it."""
    ana.goes_to(f"/referrals/one/{referral.pk}/")
    ana.has_heading("You took it back")
    ana.goes_to("/accounts/")
    ana.page.locator("form[action='/accounts/sign-out/'] button").first.click()
    ana.page.wait_for_load_state()
    for _ in range(3):
        ana.page.go_back()
        ana.page.wait_for_load_state()
        ana.does_not_read(WORDS, referral.code, "Ash", PHONE)


@told_twice
def test_with_a_receipt_on_a_handed_over_phone(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    with time_machine.travel(evening + timedelta(hours=2), tick=False):
        people, _dee, secrets = _scene(evening)
        with tell(live_server, "more-help-receipt", people, script=script) as story:
            phone = story.reader("priya")  # who hands it to Ben
            phone.goes_to("/referrals/")
            phone.reads("Somebody reads next: tomorrow at 9am", "Nobody reads now: call instead")
            phone.looks("start-at-night")
            _begins(phone, "This is not my phone")
            phone.reads("If it is urgent, call", "Call 988")
            phone.does_not_read("Urgent: somebody calls")
            phone.looks("soon-at-night")
            _answers(phone)
            phone.follows("Continue without")
            phone.reads("this is not your phone")
            phone.presses("Send it")
            phone.has_heading("It has arrived")
            receipt = receipt_on(phone.page.content())
            phone.looks("receipt-shown-once")
            referral = Referral.objects.get()
            assert referral.tag is None
            assert opened(referral, secrets).name == "Ash"

            # Priya has her phone back: nothing of it is left there.
            phone.page.go_back()
            phone.page.wait_for_load_state()
            phone.does_not_read(WORDS, "Ash", receipt, PHONE)
            for path in ("check/", "sent/", "what/", "", f"one/{referral.pk}/"):
                phone.goes_to(f"/referrals/{path}")
                phone.does_not_read(WORDS, "Ash", receipt, PHONE, referral.code)
            phone.goes_to("/referrals/check/")
            phone.has_heading("There is nothing here any more")
            phone.looks("nothing-here")
            _is_looked_up_again(story, receipt)


def _is_looked_up_again(story: Story, receipt: str) -> None:
    ben = story.reader()
    ben.goes_to("/referrals/")
    ben.follows("Look it up with a receipt")
    ben.fills("Your receipt", "1234 5678 9012 3456")
    ben.presses("See how it stands")
    ben.reads("There is a problem", "Nothing is kept under these digits.")
    ben.looks("wrong-receipt")
    ben.fills("Your receipt", receipt.replace(" ", ""))
    ben.presses("See how it stands")
    ben.has_heading("It has arrived")
    assert receipt.replace(" ", "") not in ben.page.url
    ben.looks("by-receipt")
    ben.presses("Close this page")
    ben.has_heading("Get more help, for you or a friend")
    ben.page.go_back()
    ben.page.wait_for_load_state()
    ben.does_not_read("It has arrived")


def test_on_a_small_screen_enlarged_and_in_forced_colors(
    live_server: Any, evening: datetime
) -> None:
    now = evening + MORNING
    paths = ["", "keep/", "now/", "soon/", "what/", "name/", "reach/", "leave-out/"]
    paths += ["supporter/", "check/", "stop/", "receipt/", "sent/"]
    wide = []
    with time_machine.travel(now, tick=False):
        _scene(now)
        client = Client()
        answer_all(client, what={"words": "A" * 300})
        key = {"name": "draft", "value": secret_of(client), "url": live_server.url}
        with chromium.launch() as browser:
            page = chromium.open_page(browser, width=320)
            page.context.add_cookies([key])  # type: ignore[list-item]
            for path in paths:
                if path == "sent/":
                    client.post("/referrals/check/")
                page.goto(f"{live_server.url}/referrals/{path}")
                if chromium.is_wider_than_window(page):
                    wide.append(f"{path} at 320")
                chromium.fit(page, 640)
                page.evaluate("document.documentElement.style.fontSize = '200%'")
                if chromium.is_wider_than_window(page):
                    wide.append(f"{path} at 640, doubled")
                page.emulate_media(forced_colors="active")
                chromium.keep(page, f"more-help-enlarged/{path.strip('/') or 'start'}")
                page.emulate_media(forced_colors="none")
                page.set_viewport_size({"width": 320, "height": 800})
            assert page.locator("h1").inner_text() == "It has arrived"
    assert wide == []
