"""The console: one main button, and what is rarely needed out of the way."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from officehours.models import Visit
from officehours.services import calling, talks
from peersupport.core import ids
from tests.officehours.test_visit_pages import book
from tests.people import cast, hours_of, join_line, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene(evening: datetime) -> Any:
    """Priya is in; Ana has a time in ten minutes, Ben waits."""
    people = cast(evening)
    hours = hours_of(people["priya"], evening - 20 * MINUTE, checked_in_at=evening)
    with time_machine.travel(evening, tick=False):
        yield people, hours, sign_in(people["priya"])


def main_buttons(client: Client) -> list[str]:
    """Return the buttons of the console that stand out."""
    page = client.get("/hours/").content.decode()
    found = re.findall(r'<button class="btn(?: big)?">(.*?)</button>', page, re.S)
    return [re.sub(r"<[^>]+>.*", "", one).strip() for one in found]


def walk_in(people: Any, hours: Any, now: datetime) -> Visit:
    return talks.walk_in(assignment=hours, request_key=ids.new_id(), by=people["priya"], now=now)


def test_start_is_not_offered_during_another_talk(scene: Any, evening: datetime) -> None:
    people, hours, priya = scene
    book(people["ana"], hours, hours.starts_at + 30 * MINUTE)
    assert main_buttons(priya) == ["Start"]

    talk = walk_in(people, hours, evening)

    assert main_buttons(priya) == ["Finish"]
    page = priya.get("/hours/")
    assertNotContains(page, "/start/")
    assertContains(page, "Can begin once the one before is finished.")
    assertNotContains(page, "Someone just walked in")
    talks.finish(visit=talk, by=people["priya"], now=evening)
    assert main_buttons(priya) == ["Start"]


def test_nor_in_the_hours_that_follow(scene: Any, evening: datetime) -> None:
    """A talk runs over, and the next hours have begun."""
    people, hours, priya = scene
    hours.ends_at = hours.shift.ends_at = evening + MINUTE
    hours.save()
    hours.shift.save()
    book(people["ana"], hours_of(people["priya"], hours.ends_at), hours.ends_at)
    assertContains(priya.get("/hours/"), "/start/")

    walk_in(people, hours, evening)

    assertNotContains(priya.get("/hours/"), "/start/")


def test_who_is_due_goes_before_the_line(scene: Any, evening: datetime) -> None:
    people, hours, priya = scene
    join_line(people["ben"], hours.shift_id, evening)
    assert main_buttons(priya) == ["Call the next one"]

    book(people["ana"], hours, hours.starts_at + 30 * MINUTE)

    assert main_buttons(priya) == ["Start"]
    assertContains(priya.get("/hours/"), "Call the next one")


def test_who_was_called_is_the_next_to_start(scene: Any, evening: datetime) -> None:
    people, hours, priya = scene
    join_line(people["ben"], hours.shift_id, evening)
    book(people["ana"], hours, hours.starts_at + 30 * MINUTE)
    calling.call_next(assignment=hours.pk, by=people["priya"], now=evening, anyway=True)

    assert main_buttons(priya) == ["Start"]
    assert priya.get("/hours/").content.decode().count("/start/") == 1


def test_what_is_over_and_noted_is_folded_away(scene: Any, evening: datetime) -> None:
    people, hours, priya = scene
    talk = walk_in(people, hours, evening)
    talks.finish(visit=talk, by=people["priya"], now=evening)
    assertNotContains(priya.get("/hours/"), "Earlier in these hours")

    talks.remove_log(visit=talk, by=people["priya"], now=evening)

    with time_machine.travel(evening + 6 * MINUTE, tick=False):
        assertContains(priya.get("/hours/"), "Earlier in these hours")


def test_cancelling_says_which_hours(scene: Any) -> None:
    _people, hours, priya = scene

    page = priya.get(f"/hours/{hours.shift_id}/cancel/")

    assertContains(page, "Today, 4:50pm to 6:50pm, Room 214")


def test_in_and_out_by_the_buttons(scene: Any, evening: datetime) -> None:
    people, _hours, _priya = scene
    hours = hours_of(people["sol"], evening)
    sol = sign_in(people["sol"])

    assert sol.post(f"/hours/{hours.pk}/in/").status_code == 302
    assertContains(sol.get("/hours/"), "You are in")
    assert sol.post(f"/hours/{hours.pk}/out/").status_code == 302
    assertContains(sol.get("/hours/"), "You are out")
    assert sol.post(f"/hours/{ids.new_id()}/in/").status_code == 404
