"""The pledge supporters sign, and the way for whoever was talked about."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Person
from officehours.models import Shift
from peersupport.core.actors import SYSTEM
from peersupport.core.sessions.models import Row
from program.models import Signature
from program.services import NotAllowed, change_pledge, change_setting, sign_pledge
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY = timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def test_nobody_is_asked_before_the_pledge_is_in_force(
    people: dict[str, Person], evening: datetime
) -> None:
    with time_machine.travel(evening, tick=False):
        assertNotContains(sign_in(people["priya"]).get("/hours/"), "/program/pledge/")


def test_within_the_grace_the_console_warns(people: dict[str, Person], evening: datetime) -> None:
    change_pledge(text="I keep it to myself.", grace=7, by=SYSTEM, now=evening)
    with time_machine.travel(evening + 7 * DAY, tick=False):
        assertContains(sign_in(people["priya"]).get("/hours/"), "/program/pledge/")


def test_after_the_grace_the_console_asks_for_the_pledge(
    people: dict[str, Person], evening: datetime
) -> None:
    ahead = hours_of(people["priya"], evening + 9 * DAY)
    change_pledge(text="I keep it to myself.", grace=7, by=SYSTEM, now=evening)
    with time_machine.travel(evening + 8 * DAY, tick=False):
        priya = sign_in(people["priya"])
        assert priya.get("/hours/")["Location"] == "/program/pledge/"
        assert priya.get("/hours/new/")["Location"] == "/program/pledge/"
        assertContains(priya.get("/program/pledge/"), "I keep it to myself.")
        assert Shift.objects.get(pk=ahead.shift_id).state == "published"
        version = Signature(version=2).version
        assert priya.post("/program/pledge/", {"version": version})["Location"] == "/hours/"
        assert priya.get("/hours/").status_code == 200
        assert priya.get("/hours/new/").status_code == 200
        change_pledge(text="New words.", grace=0, by=SYSTEM, now=evening + 7 * DAY)
        assert priya.get("/hours/")["Location"] == "/program/pledge/"


def test_hours_that_go_on_are_not_held_up(people: dict[str, Person], evening: datetime) -> None:
    later = evening + 8 * DAY
    change_pledge(text="I keep it to myself.", grace=0, by=SYSTEM, now=evening)
    hours_of(people["priya"], later, checked_in_at=later)
    with time_machine.travel(later, tick=False):
        assert sign_in(people["priya"]).get("/hours/").status_code == 200


def test_old_words_cannot_be_signed_any_more(people: dict[str, Person], evening: datetime) -> None:
    change_pledge(text="One.", grace=7, by=SYSTEM, now=evening)
    change_pledge(text="Two.", grace=7, by=SYSTEM, now=evening)

    assert not sign_pledge(version=2, by=people["priya"], now=evening)
    assert sign_pledge(version=3, by=people["priya"], now=evening)
    assert sign_pledge(version=3, by=people["priya"], now=evening)
    assert Signature.objects.count() == 1
    with pytest.raises(NotAllowed):
        sign_pledge(version=3, by=people["ana"], now=evening)


def test_coordinators_see_who_has_not_signed(people: dict[str, Person], evening: datetime) -> None:
    change_pledge(text="One.", grace=7, by=SYSTEM, now=evening)
    sign_pledge(version=2, by=people["priya"], now=evening)
    with time_machine.travel(evening, tick=False):
        page = sign_in(people["cora"]).get("/program/set/pledge/")

    assertContains(page, "<li>Marcus</li>", html=True)
    assertNotContains(page, "<li>Priya</li>", html=True)


def test_whoever_was_talked_about_reaches_a_named_person(
    people: dict[str, Person], evening: datetime
) -> None:
    named = {"name": "Dr. Reyes, ombuds office", "phone": "555-0144", "email": ""}
    before = Row.objects.count()
    assertContains(Client().get("/program/talked/"), "has not named anybody yet")
    change_setting(key="talked", value=named, by=SYSTEM, now=evening)
    page = Client().get("/program/talked/")

    for part in ("Dr. Reyes, ombuds office", "tel:555-0144", "You need not say who you are"):
        assertContains(page, part)
    assertNotContains(page, "<form")
    assert page.cookies == {}
    assert Row.objects.count() == before
    assertContains(Client().get("/promises/"), "/program/talked/")
