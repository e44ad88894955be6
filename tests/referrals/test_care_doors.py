"""Signing in on the care side: what holds and what does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client

from referrals import rules
from referrals.models import Asked
from tests.accounts.soft_key import SoftKey
from tests.care import answer, asked_for, care_cast, give_key, sit_down, wind

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane"),
]


@pytest.fixture
def people(evening: datetime) -> Any:
    """Dee and Eli, with the clock of the care side wound, at that evening."""
    with time_machine.travel(evening, tick=False) as time:
        wind(evening)
        yield {**care_cast(evening), "time": time}


def _is_in(client: Client, **meta: Any) -> bool:
    return client.get("/care/", **meta).status_code == 200


# -- signing in -----------------------------------------------------------------------------------


def test_a_passkey_signs_in_and_proves(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()

    page = answer(client, "/care/sign-in/?next=/care/me/", key, people["eli"])

    assert page.status_code == 302
    cookie = page.cookies[django_settings.CARE_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert client.get("/care/me/codes/").status_code == 200  # which needs a proof
    assert not Asked.objects.exists()


@pytest.mark.parametrize(
    "cheat",
    [
        {"origin": "http://sub.testserver"},
        {"origin": "https://testserver"},
        {"origin": "http://testserver:8001"},
        {"unlocked": False},
    ],
)
def test_an_answer_from_elsewhere_or_not_unlocked(
    people: Any, evening: datetime, cheat: dict[str, Any]
) -> None:
    key, client = give_key(people["eli"], evening), Client()

    page = answer(client, "/care/sign-in/", key, people["eli"], **cheat)

    assert page.status_code == 400
    assert not _is_in(client)


def test_another_key_under_somebodys_name(people: Any, evening: datetime) -> None:
    give_key(people["dee"], evening)
    client = Client()

    page = answer(client, "/care/sign-in/", SoftKey(people["dee"].pk.bytes), people["dee"])

    assert page.status_code == 400


def test_ones_own_key_under_the_leads_name(people: Any, evening: datetime) -> None:
    give_key(people["dee"], evening)
    eli = give_key(people["eli"], evening)

    assert answer(Client(), "/care/sign-in/", eli, people["dee"]).status_code == 400


def test_a_question_is_answered_once(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()
    told = key.use(asked_for(client.get("/care/sign-in/")), owner=people["eli"].pk.bytes)

    assert client.post("/care/sign-in/", {"passkey": told}).status_code == 302
    assert Client().post("/care/sign-in/", {"passkey": told}).status_code == 400


def test_a_question_lasts_ten_minutes(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()
    told = key.use(asked_for(client.get("/care/sign-in/")), owner=people["eli"].pk.bytes)
    people["time"].shift(rules.ASKED_LASTS)
    # The row's own time, moved on by somebody who writes into the database, changes nothing.
    Asked.objects.update(until=evening + timedelta(days=1))

    assert client.post("/care/sign-in/", {"passkey": told}).status_code == 400


def test_a_question_is_bound_to_its_purpose(people: Any, evening: datetime) -> None:
    key = give_key(people["eli"], evening)
    seated = sit_down(people["eli"], evening, has_proved=False)
    to_sign_in = key.use(asked_for(Client().get("/care/sign-in/")), owner=people["eli"].pk.bytes)
    to_prove = key.use(asked_for(seated.get("/care/prove/")), owner=people["eli"].pk.bytes)
    Asked.objects.filter(purpose="sign-in").update(purpose="prove")
    Asked.objects.filter(purpose="prove", counselor=people["eli"]).update(purpose="sign-in")

    assert seated.post("/care/prove/", {"passkey": to_sign_in}).status_code == 400
    assert Client().post("/care/sign-in/", {"passkey": to_prove}).status_code == 400


def test_a_question_to_one_is_not_answered_by_another(people: Any, evening: datetime) -> None:
    key = give_key(people["dee"], evening)
    dee = sit_down(people["dee"], evening, has_proved=False)
    eli = sit_down(people["eli"], evening, has_proved=False)
    told = key.use(asked_for(dee.get("/care/prove/")), owner=people["dee"].pk.bytes)

    assert eli.post("/care/prove/", {"passkey": told}).status_code == 400


@pytest.mark.parametrize(
    "rubbish", ["", "x", "[]", "{}", "{" * 9000, '{"response": 1}', "[" * 9000]
)
def test_rubbish_for_an_answer(people: Any, rubbish: str) -> None:
    page = Client().post("/care/sign-in/", {"passkey": rubbish})

    assert page.status_code == 400


def test_old_questions_are_swept_up_by_new_ones(people: Any) -> None:
    Client().get("/care/sign-in/")
    people["time"].shift(rules.ASKED_LASTS)
    Client().get("/care/sign-in/")

    assert Asked.objects.count() == 1


def test_a_bare_number_has_no_passkeys(settings: Any, people: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    page = Client().get("/care/sign-in/")

    assert b"passkey-options" not in page.content
    assert b"Passkeys do not work at the address" in page.content


def test_passkeys_belong_to_the_public_address(settings: Any, people: Any) -> None:
    settings.PUBLIC_URL = "https://care.school.example"
    settings.ALLOWED_HOSTS = ["*"]

    elsewhere = Client().get("/care/sign-in/", headers={"host": "other.school.example"})
    here = Client().get("/care/sign-in/", secure=True, headers={"host": "care.school.example"})

    assert b"passkey-options" not in elsewhere.content
    assert asked_for(here)["publicKey"]["rpId"] == "care.school.example"


def test_without_a_script_the_door_says_so(people: Any) -> None:
    page = Client().get("/care/sign-in/").content.decode()

    assert "A passkey needs JavaScript" in page
