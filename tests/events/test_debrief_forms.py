"""Forms of debriefs say what is wrong and keep what was typed; pages cost the same for many."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from events.models import Event, Request
from events.services import debriefs
from peersupport.core import ids
from tests.events.debriefs import asks, taken, with_priya_to_ask
from tests.events.plans import NEW_YORK
from tests.people import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
HOUR = timedelta(hours=1)
ASK, ASKED = "/events/debriefs/", "/events/debriefs/asked/"


@pytest.fixture
def people(evening: datetime, frozen: None) -> dict[str, Person]:
    return with_priya_to_ask(evening)


# -- bad input ------------------------------------------------------------------------------------
TIME = {"day": "2026-11-25", "starts": "18:30", "minutes": "60", "place": "Room 9 CANARY"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"day": ""}, "Choose a day."),
        ({"day": "2020-01-01"}, "This day is over."),
        ({"day": "2026-11-23", "starts": "08:00"}, "This time is over."),
        ({"day": "2030-01-01"}, "within the next 400 days"),
        ({"day": "2027-03-14", "starts": "02:30"}, "there is no such time that night"),
        ({"starts": "noon"}, "write a time like 17:30"),
        ({"minutes": "7"}, "choose from the list"),
        ({"place": ""}, "Say where you meet."),
        ({"place": "a\x00b"}, "it holds a character we cannot use"),
    ],
)
def test_a_time_that_is_wrong_is_said_and_the_rest_kept(
    people: dict[str, Person], wrong: dict[str, str], words: str
) -> None:
    asks(sign_in(people["ana"]))
    path = f"{ASK}{Request.objects.get().pk}/take/"

    shown = sign_in(people["priya"]).post(path, {**TIME, **wrong})

    assert shown.status_code == 400
    text = shown.content.decode()
    assert words in text
    for name in {"day", "starts", "place"} - wrong.keys():
        assert f'value="{TIME[name]}"' in text
    assert not Event.objects.exists()


def test_an_hour_that_comes_twice_is_the_first_of_them(people: dict[str, Person]) -> None:
    asks(sign_in(people["ana"]))
    path = f"{ASK}{Request.objects.get().pk}/take/"
    sign_in(people["priya"]).post(path, {**TIME, "day": "2027-11-07", "starts": "01:30"})
    starts = Event.objects.get().starts_at.astimezone(NEW_YORK)
    assert (starts.hour, starts.minute, starts.utcoffset()) == (1, 30, -4 * HOUR)


@pytest.mark.parametrize("how", ["taken", "declined"])
def test_what_is_answered_has_no_form_any_more(
    people: dict[str, Person], evening: datetime, how: str
) -> None:
    if how == "taken":
        taken(people, evening)
    else:
        asks(sign_in(people["ana"]))
        debriefs.decline(request=Request.objects.get().pk, by=people["priya"], now=evening)
    path = f"{ASK}{Request.objects.get().pk}/take/"
    for act in (Client.get, Client.post):
        shown = act(sign_in(people["priya"]), path, TIME, follow=True)
        assert "This was answered meanwhile." in shown.content.decode()
        assert shown.redirect_chain[-1][0] == ASKED


def test_the_list_of_who_can_be_asked_keeps_what_was_typed(people: dict[str, Person]) -> None:
    said = {"person": "", "about": "nurse educator"}
    shown = sign_in(people["cora"]).post("/events/debriefs/takers/", said)
    assert shown.status_code == 400
    assert "Choose somebody." in shown.content.decode()
    assert 'value="nurse educator"' in shown.content.decode()


# -- queries --------------------------------------------------------------------------------------
def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def test_pages_ask_as_much_for_many_as_for_few(
    people: dict[str, Person], evening: datetime
) -> None:
    taken(people, evening)
    readers = [(sign_in(people["ana"]), ASK), (sign_in(people["priya"]), ASKED)]
    few = [_queries(*one) for one in readers]
    row = Request.objects.get()
    for _each in range(8):
        row.pk, row.request_key = ids.new_id(), ids.new_id()
        row.state, row.event = Request.State.DECLINED, None
        row.save(force_insert=True)

    assert [_queries(*one) for one in readers] == few
    assert max(few) <= 7  # the session included
