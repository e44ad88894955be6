"""One's own account, in Chromium: preferences, the profile, the data, and leaving."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import CalendarFeed, Person, Profile, Tag
from officehours.models import Visit
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from tests.journeys import story
from tests.people import cast, hours_of, tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@story.told_twice
def test_preferences_and_the_switch_that_stops_everything(live_server: Any, script: bool) -> None:
    people = cast(clock.now())
    with story.tell(live_server, "preferences", people, script=script) as told:
        ana = told.reader("ana")
        ana.goes_to("/accounts/")
        ana.has_heading("Your account")
        ana.reads("ana@school.example", "Kept in this browser alone")
        ana.looks("account")
        ana.fills("What should we call you?", "Annie")
        ana.fills("Pronouns", "she/her")
        ana.presses("Save")
        ana.reads("Saved.")

        ana.follows("Choose what, and where it goes")
        ana.reads("A time you booked has changed")
        ana.looks("mail")
        ana.follows("Use another address")
        ana.fills("Send mail to", "no address")
        ana.presses("Send a code there")
        ana.looks("not-an-address")
        ana.fills("Send mail to", "home@else.example")
        ana.presses("Send a code there")
        ana.has_heading("Type the code")
        ana.looks("code")
        found = re.search(r"\d{6}", str(mail.outbox[-1].body))
        assert found
        ana.fills("Code", found[0])
        ana.presses("Use this address")
        ana.reads("home@else.example")
        ana.chooses("A time you booked has changed")
        ana.presses("Save")
        ana.looks("mail-elsewhere")

        ana.follows("Stop everything we send you")
        ana.reads("Still sent: codes for signing in")
        ana.looks("stop")
        ana.presses("Stop everything")
        ana.has_heading("We send you nothing")
        ana.looks("stopped")
        ana.goes_to("/accounts/mail/")
        ana.reads("You have stopped everything we send.")
        ana.looks("mail-while-stopped")

    person = Person.objects.get(pk=people["ana"].pk)
    assert (person.introduction, person.contact_email) == ("Annie (she/her)", "home@else.example")
    assert (person.is_silent, person.muted) == (True, "time-changed")


@story.told_twice
def test_a_supporter_says_who_they_are(live_server: Any, script: bool) -> None:
    now = clock.now()
    people = cast(now)
    hours_of(people["priya"], now + timedelta(days=1))
    tag(people["sol"], "parent")
    with story.tell(live_server, "profile", people, script=script) as told:
        priya = told.reader("priya")
        priya.goes_to("/accounts/profile/")
        priya.has_heading("Your profile")
        priya.looks("profile-empty")
        priya.fills("Pronouns", "she/her")
        priya.fills("A few words", "I failed a board and came back. Write to priya@school.example")
        priya.fills("Languages you speak", "Hindi, عربي")
        priya.chooses("By video")
        priya.fills("Link of your video room", "javascript:alert(1)")
        priya.presses("Save")
        priya.reads("Enter a link that begins with https://.", "This looks like an e-mail address")
        priya.looks("profile-wrong")
        priya.fills("A few words", "I failed a board and came back.")
        priya.fills("Link of your video room", "https://meet.example/priya")
        priya.presses("Save")
        priya.reads("Students see it from now on.")

        priya.fills("In your own words", "failed a board exam")
        priya.presses("Add")
        priya.reads("failed a board exam", "Hidden: fewer than three of you say this")
        priya.looks("tag-hidden")
        priya.follows("Change failed a board exam")
        priya.reads("You may be the only one; any signed-in student can read this.")
        priya.looks("tag-consent")
        priya.chooses("Also if I am the only one who says so")
        priya.presses("Save")
        priya.reads("Shown")
        priya.fills("In your own words", "first in my family at college")
        priya.chooses("Only finds me")
        priya.chooses("Also if I am the only one")
        priya.presses("Add")
        priya.looks("profile-full")
        priya.follows("How students see this")
        priya.reads("I failed a board and came back.", "find you")
        priya.looks("seen")

        ana = told.reader("ana")
        ana.goes_to("/visits/book/")
        ana.page.get_by_text("Who you could meet").click()
        ana.reads("I failed a board and came back.", "failed a board exam")
        ana.does_not_read("meet.example")
        ana.looks("what-students-see")

        cora = told.reader("cora")
        cora.goes_to("/accounts/tags/")
        cora.looks("policy")
        cora.chooses("Show tags about who somebody is")
        cora.presses("Save")
        cora.reads("Saved.")

    assert Profile.objects.get(person=people["priya"]).room_link == "https://meet.example/priya"
    assert Tag.objects.filter(profile__person=people["priya"]).count() == 2


@story.told_twice
def test_my_data_my_calendar_and_leaving(live_server: Any, script: bool) -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now + timedelta(hours=1))
    visit = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
    )
    with story.tell(live_server, "my-data", people, script=script) as told:
        ana = told.reader("ana")
        ana.goes_to("/accounts/")
        ana.follows("Your times in your own calendar")
        ana.looks("calendar")
        ana.presses("Make an address")
        ana.reads("shown this once")
        address = ana.page.get_by_role("textbox").input_value()
        ana.looks("calendar-made")
        path = address[address.index("/calendar/") :]
        stranger = told.reader()
        read = stranger.page.request.get(live_server.url + path)
        assert "Appointment" in read.text()
        assert stranger.page.context.cookies() == []

        ana.goes_to("/accounts/data/")
        ana.reads("ana@school.example", "What we hold about you")
        ana.looks("data")
        with ana.page.expect_download() as saved:
            ana.follows("Download it as a file")
        assert saved.value.suggested_filename == "my-data.json"
        with open(saved.value.path()) as file:
            assert "ana@school.example" in json.dumps(json.load(file))

        priya = told.reader("priya")
        priya.goes_to("/accounts/delete/")
        priya.reads("You still hold hours.")
        priya.looks("delete-refused")

        ana.goes_to("/accounts/")
        ana.follows("Delete your account")
        ana.reads("What goes", "What stays, and why")
        ana.looks("delete")
        ana.presses("Delete my account")
        ana.reads("There is no way back.")
        ana.looks("delete-not-sure")
        ana.chooses("Delete my account and all that goes with it")
        ana.presses("Delete my account")
        ana.has_heading("Your account is deleted")
        ana.looks("deleted")
        ana.goes_to("/accounts/")
        ana.has_heading("Sign in")

    assert not Person.objects.filter(email="ana@school.example").exists()
    assert not CalendarFeed.objects.exists()
    assert Visit.objects.get(pk=visit.pk).state == "cancelled"
