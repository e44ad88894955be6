"""Pages of the student: one time at a time, and nothing said that is not so."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Person
from officehours.models import Assignment, Visit
from officehours.queries.pages import slot_value
from officehours.services import booking, calling, talks
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from tests.people import cast, hours_of, join_line, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def scene(evening: datetime) -> Any:
    """Priya is in; Ana is in front of a browser."""
    people = cast(evening)
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    with time_machine.travel(evening, tick=False):
        yield people, hours, sign_in(people["ana"])


def book(person: Person, hours: Assignment, start: datetime) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(hours.pk, start),
        name="Ash",
        wants_mail=False,
        request_key=ids.new_id(),
        now=clock.now(),
    )


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (timedelta(hours=1), "You have a time at 6:10pm"),
        (timedelta(days=1), "You have a time tomorrow at 5:10pm"),
        (timedelta(days=2), "You have a time on Wednesday at 5:10pm"),
        (timedelta(days=7), "You have a time on Monday 30 November at 5:10pm"),
    ],
)
def test_who_has_a_time_sees_it_in_place_of_the_form(
    scene: Any, ahead: timedelta, says: str
) -> None:
    people, hours, ana = scene
    start = hours.starts_at + ahead
    visit = book(people["ana"], hours_of(people["marcus"], start), start)

    page = ana.get("/visits/book/")

    assertContains(page, f"<h1>{says}</h1>", html=True)
    assertContains(page, f'href="/visits/{visit.pk}/move/"')
    assertContains(page, f'action="/visits/{visit.pk}/cancel/"')
    assertContains(page, "With Marcus")
    assertNotContains(page, 'name="slot"')


def test_a_form_that_was_open_meanwhile_leads_to_the_same_page(scene: Any) -> None:
    people, hours, ana = scene
    book(people["ana"], hours, hours.starts_at + HALF_HOUR)

    answer = ana.post(
        "/visits/book/",
        {
            "slot": slot_value(hours.pk, hours.starts_at + 2 * HALF_HOUR),
            "request_key": str(ids.new_id()),
        },
    )

    assertContains(answer, "<h1>You have a time at 5:40pm</h1>", html=True, status_code=409)
    assert Visit.objects.count() == 1


def test_a_place_in_line_does_not_stand_in_the_way_of_booking(scene: Any) -> None:
    people, hours, ana = scene
    join_line(people["ana"], hours.shift_id, hours.starts_at)

    assertContains(ana.get("/visits/book/"), 'name="slot"')


def test_the_page_to_move_says_what_one_has(scene: Any) -> None:
    people, hours, ana = scene
    visit = book(people["ana"], hours, hours.starts_at + HALF_HOUR)

    page = ana.get(f"/visits/{visit.pk}/move/")

    assertContains(page, "You have a time at 5:40pm with Priya.")
    booking.cancel(person=people["ana"], visit=visit, now=hours.starts_at)
    assertContains(ana.get(f"/visits/{visit.pk}/move/"), "That could not be done", status_code=409)


@pytest.mark.parametrize("address", ["/", "/visits/"])
def test_a_place_in_line_is_not_shown_as_a_time(scene: Any, address: str) -> None:
    """The hours end at 7:10pm: nobody must think that this is when they are seen."""
    people, hours, ana = scene
    join_line(people["ana"], hours.shift_id, hours.starts_at)

    page = ana.get(address)

    assertContains(page, "You are in line")
    assertContains(page, "Room 214, until 7:10pm")
    assertContains(page, "See your place")
    assertNotContains(page, "give up this time")
    assertNotContains(page, "Today, Monday")


def test_who_has_a_time_is_not_offered_another_on_today(scene: Any) -> None:
    people, hours, ana = scene
    before = ana.get("/").content.decode()
    book(people["ana"], hours, hours.starts_at + HALF_HOUR)

    assert "has-time" not in before
    assertContains(ana.get("/"), '<section class="stack has-time"')
    assertContains(sign_in(people["cora"]).get("/"), '<section class="stack looks-on"')
    assertNotContains(Client().get("/"), "has-time")


def test_a_talk_from_the_line_has_no_time_of_its_own(scene: Any) -> None:
    people, hours, ana = scene
    join_line(people["ana"], hours.shift_id, hours.starts_at)
    now, priya = hours.starts_at, people["priya"]
    called = calling.call_next(assignment=hours.pk, by=priya, now=now)
    talks.start(visit=called, by=priya, now=now)
    talks.finish(visit=called, by=priya, now=now)

    for address in ("/visits/", f"/visits/{called.pk}/"):
        page = ana.get(address)
        assertContains(page, "Monday 23 November")
        assertNotContains(page, "7:10pm")
