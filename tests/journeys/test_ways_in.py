"""Somebody is invited and says yes; somebody comes in by way of the school's own sign-on."""

import re
from typing import Any

import pytest
from django.core import mail

from accounts import campus
from accounts.models import Group
from peersupport.core import clock
from tests.accounts.factor_steps import mailed_code
from tests.journeys.story import tell, told_twice
from tests.oidc.school import School, offer, running
from tests.people import cast
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_an_invitation(live_server: Any, settings: Any, *, script: bool) -> None:
    settings.PUBLIC_URL = live_server.url
    people = cast(clock.now())
    with tell(live_server, "invitation", people, script=script) as story:
        cora = story.reader("cora")
        cora.goes_to("/accounts/")
        cora.follows("Invite somebody")
        cora.has_heading("Invitations")
        cora.looks("nobody-yet")
        cora.presses("Invite")
        cora.reads("There is a problem", "Choose what to ask them to be")
        cora.looks("what-is-missing")
        cora.fills("Their e-mail address", "nora@clinic.example")
        cora.chooses("Supporter")
        cora.presses("Invite")
        cora.reads("Not answered yet", "nora@clinic.example", "Asked by")
        cora.looks("one-stands")
        drain(now=clock.now)
        found = re.search(r"/accounts/invitation/[\w-]+/", str(mail.outbox[-1].body))
        assert found

        nora = story.reader()
        nora.goes_to(found[0])
        nora.has_heading("You are invited")
        nora.reads("Supporter: holds hours for students", "we send a code")
        nora.looks("the-page-behind-the-link")
        nora.presses("Send me a code")
        nora.fills("Code", mailed_code())
        nora.presses("Sign in")
        nora.has_heading("You are invited")
        nora.looks("the-question")
        nora.presses("Yes, I take part")
        nora.goes_to("/hours/")
        assert nora.page.locator("h1").inner_text()
        nora.goes_to(found[0])
        nora.does_not_read("You are invited")

        ben = story.reader("ben")
        cora.fills("Their e-mail address", "olu@clinic.example")
        cora.chooses("Supporter")
        cora.presses("Invite")
        drain(now=clock.now)
        again = re.search(r"/accounts/invitation/[\w-]+/", str(mail.outbox[-1].body))
        assert again
        ben.goes_to(again[0])
        ben.reads("another address")
        ben.looks("somebody-else-with-the-link")
        cora.presses("Withdraw")
        cora.does_not_read("olu@clinic.example")


@told_twice
def test_campus_sign_on(live_server: Any, settings: Any, *, script: bool) -> None:
    settings.PUBLIC_URL = live_server.url
    campus._client.cache_clear()
    people = cast(clock.now())
    with running() as school:
        offer(settings, school, OIDC_NAME="your campus account")
        with tell(live_server, "campus", people, script=script) as story:
            _comes_and_proves(story, school)
            _does_not_come_in(story, school, settings)


def _comes_and_proves(story: Any, school: School) -> None:
    # The school shows a page, as schools do, on which somebody presses something.
    school.says_student("zoe", page=True)
    zoe = story.reader()
    zoe.goes_to("/accounts/sign-in/?next=/visits/")
    zoe.looks("sign-in")
    zoe.follows("Sign in with your campus account")
    zoe.has_heading("School sign-on")
    zoe.follows("Go on")
    assert zoe.page.url.endswith("/visits/")
    zoe.goes_to("/accounts/delete/")
    zoe.has_heading("Is it you?")
    zoe.looks("is-it-you")
    zoe.follows("Show it by signing in at your school")
    zoe.follows("Go on")
    assert zoe.page.url.endswith("/accounts/delete/")


def _does_not_come_in(story: Any, school: School, settings: Any) -> None:
    school.says_student("fay", page=True, eduperson_affiliation=["faculty"])
    fay = story.reader()
    fay.goes_to("/accounts/campus/")
    fay.follows("Go on")
    fay.has_heading("That way in did not open")
    fay.looks("not-let-in")
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    fay.goes_to("/accounts/campus/")
    fay.reads("We could not reach your campus account")
    fay.looks("school-away")
    fay.follows("Other ways to sign in")
    fay.has_heading("Sign in")


@told_twice
def test_classes_are_kept_apart(live_server: Any, *, script: bool) -> None:
    people = cast(clock.now())
    for name, is_apart in (("Class of 2029", True), ("Surgery A", False)):
        Group.objects.create(name=name, from_roster=True, is_apart=is_apart)
    with tell(live_server, "kept-apart", people, script=script) as story:
        cora = story.reader("cora")
        cora.goes_to("/accounts/roster/groups/")
        cora.has_heading("Who does not meet their own")
        cora.chooses("Surgery A")
        cora.chooses("Class of 2029")
        cora.presses("Save")
        cora.reads("Saved")
        cora.looks("kept-apart")
    assert list(Group.objects.filter(is_apart=True).values_list("name", flat=True)) == [
        "Surgery A"
    ]
