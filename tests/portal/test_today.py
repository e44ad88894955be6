"""Today: the truth, to everybody alike, without a cookie, in few queries."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import ids
from program.services import touch_public
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_signed_out_there_is_no_cookie_and_one_etag_for_everybody(evening: datetime) -> None:
    hours_of(cast(evening)["priya"], evening, checked_in_at=evening)
    with time_machine.travel(evening, tick=False):
        one, two = Client().get("/"), Client().get("/")

        assert one.cookies == {}
        assert one["Cache-Control"] == "no-cache"
        assert one["ETag"] == two["ETag"]
        assert Client().get("/", headers={"If-None-Match": one["ETag"]}).status_code == 304


def test_the_etag_changes_when_the_board_does(evening: datetime) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    touch_public()
    with time_machine.travel(evening, tick=False):
        before = Client().get("/")
        booking.book(
            person=people["ana"],
            slot=Slot(hours.pk, evening + timedelta(minutes=30)),
            name="",
            wants_mail=False,
            request_key=ids.new_id(),
            now=evening,
        )
    with time_machine.travel(evening + timedelta(minutes=20), tick=False):
        after = Client().get("/", headers={"If-None-Match": before["ETag"]})

    assert after.status_code == 200
    assertContains(after, "A short wait.")


def test_nobody_is_named_to_a_visitor(evening: datetime) -> None:
    people = cast(evening)
    hours_of(people["priya"], evening, checked_in_at=evening)
    with time_machine.travel(evening, tick=False):
        assertNotContains(Client().get("/"), "Priya")
        assertContains(sign_in(people["ana"]).get("/"), "Priya")


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (0, "No one is in right now"),
        (4, "No one is in right now"),
        (6, "Nobody is here yet"),
        (16, "No one is in right now"),
    ],
)
def test_who_forgot_to_check_in_is_not_shown_as_open(
    evening: datetime, minutes: int, says: str
) -> None:
    hours_of(cast(evening)["priya"], evening)
    with time_machine.travel(evening + timedelta(minutes=minutes), tick=False):
        assertContains(Client().get("/"), f"<h1>{says}</h1>", html=True)


def test_who_forgot_to_check_out_is_out_at_the_end(evening: datetime) -> None:
    hours_of(cast(evening)["priya"], evening, checked_in_at=evening)
    with time_machine.travel(evening + timedelta(hours=2, seconds=1), tick=False):
        assertContains(Client().get("/"), "No one is in right now")


@pytest.mark.parametrize("shifts", [1, 40])
def test_today_takes_few_queries_whatever_the_size(
    evening: datetime, shifts: int, django_assert_max_num_queries: object
) -> None:
    people = cast(evening)
    for n in range(shifts):
        hours_of(people["priya"], evening + timedelta(hours=3 * n), checked_in_at=evening)
    client = sign_in(people["ana"])
    with time_machine.travel(evening, tick=False):
        touch_public()
        with django_assert_max_num_queries(7):  # type: ignore[operator]
            Client().get("/")
        touch_public()  # so that nothing is remembered from the page before
        # One more than a visitor's: the keys of events, by which somebody's own are found.
        with django_assert_max_num_queries(8):  # type: ignore[operator]
            client.get("/")


def test_the_fragment_is_empty_when_it_is_current(evening: datetime) -> None:
    hours_of(cast(evening)["priya"], evening, checked_in_at=evening)
    with time_machine.travel(evening, tick=False):
        etag = Client().get("/")["ETag"].strip('"').rsplit("-", 1)[0]

        assert Client().get("/board/", {"v": etag}).status_code == 204
        assert Client().get("/board/", {"v": "old"}).status_code == 200


def test_a_reader_with_a_session_of_their_own_gets_nothing_that_is_kept(
    evening: datetime, client: Client
) -> None:
    """A word for them alone may wait in the session: a kept page must not stand in its place."""
    client.cookies[settings.SESSION_COOKIE_NAME] = "unknown"
    with time_machine.travel(evening, tick=False):
        answer = client.get("/")

    assert answer.status_code == 200
    assert "ETag" not in answer
    assert answer["Cache-Control"] == "no-store"
