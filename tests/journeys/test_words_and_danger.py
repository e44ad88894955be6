"""A supporter adds words that the student reads first; and a danger at a remote talk."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from officehours.models import Shift, Visit
from officehours.services import booking, talks
from officehours.services.booking import Meeting, Slot
from peersupport.core import ids
from program.services import touch_public
from referrals.models import Attachment, EmergencyContact, Opening, Referral
from referrals.rules import Kind
from referrals.services.routing import route_new
from tests.care import both_sides, care_cast, sit_down, wind
from tests.journeys.story import stand_behind, tell, told_twice
from tests.people import cast, hours_of, sign_in
from tests.roles import acting_as
from tests.ways import answer_all, opened, publish_key, secret_of, somebody_reads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
MORNING = timedelta(hours=-6)
KIND, UNWANTED = "She told me of the exam and the nights.", "And of her brother."


@told_twice
def test_a_supporter_adds_words(live_server: Any, evening: datetime, *, script: bool) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        people = cast(evening)
        somebody_reads()
        secrets = publish_key()
        browser = sign_in(people["ana"])
        answer_all(browser, "account")
        with tell(live_server, "words-of-a-supporter", people, script=script) as story:
            story.cookies["ana"] = [
                {"name": name, "value": browser.cookies[name].value, "url": live_server.url}
                for name in ("session", "draft")
            ]
            assert secret_of(browser)
            ana = story.reader("ana")
            ana.goes_to("/referrals/supporter/")
            ana.looks("no-code-yet")
            ana.presses("Show a code")
            ana.reads("Read it to the supporter.", "It lasts until 11:40am")
            ana.looks("a-code")
            code = ana.page.locator("code").inner_text()

            for name, words in (("priya", KIND), ("marcus", UNWANTED)):
                supporter = story.reader(name)
                supporter.goes_to("/hours/")
                supporter.follows("Words for a student")
                supporter.fills("The code that the student reads to you", "2222-22")
                supporter.fills("Your words", words)
                supporter.presses("Give it to the student")
                supporter.reads("There is a problem", "This code does not work.")
                if name == "priya":
                    supporter.looks("wrong-code")
                supporter.fills("The code that the student reads to you", code)
                supporter.presses("Give it to the student")
                supporter.reads("The student sees your words now.", "Waiting")
                supporter.looks(f"{name}-waits")

            ana.follows("See what was added")
            ana.reads(KIND, UNWANTED)
            ana.looks("what-was-added")
            ana.page.get_by_role("button", name="Take it out the words of Marcus").click()
            ana.reads(KIND)
            ana.does_not_read(UNWANTED)
            ana.follows("Continue")
            ana.reads(KIND)
            ana.looks("check-with-words")
            ana.presses("Send it")
            ana.has_heading("It has arrived")

            priya = story.reader("priya")
            priya.goes_to("/referrals/words/")
            priya.reads("Received")
            priya.does_not_read(KIND, Referral.objects.get().code)
            priya.looks("received")
        sent = opened(Referral.objects.get(), secrets)
        assert [one.words for one in sent.attached] == [KIND]
        assert not Attachment.objects.filter(sealed__isnull=False).exists()


def _talk_by_video(people: dict[str, Any], now: datetime) -> Visit:
    hours = hours_of(people["priya"], now, checked_in_at=now)
    Shift.objects.filter(pk=hours.shift_id).update(ways="in person,video")
    touch_public()
    visit = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at + timedelta(minutes=30)),
        name="Ash",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
        meeting=Meeting(way="video", where="12 Ward Street", number="555-0199"),
    )
    return visit


@told_twice
def test_danger_at_a_remote_talk(
    live_server: Any, evening: datetime, settings: Any, *, script: bool
) -> None:
    """On both sides: the supporter's, the counselors', and what the student reads of it."""
    both = both_sides(live_server, settings)
    with both, time_machine.travel(evening, tick=False) as clock:
        people = cast(evening)
        counselors = care_cast(evening)
        stand_behind(evening)
        secrets = publish_key()
        visit = _talk_by_video(people, evening)
        later = evening + timedelta(minutes=32)
        clock.move_to(later)
        talks.start(visit=visit, by=people["priya"], now=later)
        wind(later)
        seat = sit_down(counselors["eli"], later).cookies[settings.CARE_COOKIE].value
        with tell(live_server, "danger-at-a-remote-talk", people, script=script) as story:
            story.cookies["eli"] = [
                {"name": settings.CARE_COOKIE, "value": seat, "url": live_server.url}
            ]
            priya = story.reader("priya")
            priya.goes_to("/hours/worried/?level=now")
            priya.follows("After the call: hand it to the counselors")
            priya.has_heading("Somebody is in danger: call first")
            priya.reads("Call 911", "On-call counselor", "Do not leave them alone")
            priya.looks("danger")
            priya.fills("Who is it, and where?", "Ash, by video, says she has taken pills.")
            priya.fills("Why can it not wait", "Pills.")
            priya.presses("Send to the counselors")
            priya.reads("There is a problem", "Write the reason in at least one sentence.")
            priya.looks("reason-too-short")
            priya.fills("Why can it not wait", "She has taken pills and hung up on me.")
            priya.chooses("The talk at 5:40pm")
            priya.presses("Send to the counselors")
            priya.has_heading("Received")
            priya.reads("Note it, and ask for a debrief")
            priya.does_not_read("12 Ward Street", "pills")
            priya.looks("received")
            referral = Referral.objects.get()
            assert (referral.kind, referral.consent) == (Kind.DANGER, "awaiting")
            assert opened(referral, secrets).visit == visit.reference

            ana = story.reader("ana")
            ana.goes_to(f"/visits/{visit.pk}/")
            ana.reads("Handed over to the on-call counselors: today, 5pm to 6pm.")
            ana.does_not_read("Opened by")
            with acting_as("care"):
                route_new(now=later)
            eli = story.reader("eli")
            eli.goes_to("/care/")
            eli.reads("In danger", referral.code)
            eli.does_not_read("12 Ward Street", "555-0199")
            eli.goes_to(f"/care/case/{referral.pk}/")
            eli.looks("the-case")
            eli.presses("Open where they are")
            eli.reads("Where they said they are", "12 Ward Street", "If nobody answers")
            call = eli.page.get_by_role("link", name="Call 555-0199")
            assert call.get_attribute("href") == "tel:555-0199"
            eli.looks("where-they-are")
            eli.follows("Back")
            eli.does_not_read("12 Ward Street", "555-0199")
            eli.presses("Open it")
            eli.reads("Ash, by video, says she has taken pills.", visit.reference)
            eli.does_not_read("They gave no way", "Leave no message")
            eli.looks("what-is-in-it")
            eli.presses("Open where they are")
            eli.reads("12 Ward Street", "555-0199")

            ana.goes_to(f"/visits/{visit.pk}/")
            ana.reads("Opened by Eli: today, 5pm to 6pm.")
            ana.looks("the-student-is-told")
        with acting_as("care"):
            assert EmergencyContact.objects.get().referral_id == referral.pk
            looked = Opening.objects.filter(name="Eli").order_by("what")
            assert [one.what for one in looked] == ["case", "contact", "contact"]
