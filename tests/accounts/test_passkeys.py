"""Passkeys: what each answer is worth, and what it is not."""

import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Person
from accounts.queries.factors import ways_of
from tests.accounts.factor_steps import key_of, sign_in_by_code
from tests.accounts.soft_key import SoftKey
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

ALONE, SECOND, PROVE = "/accounts/sign-in/passkey/", "/accounts/second-factor/", "/accounts/prove/"
MAKE = "/accounts/factors/passkeys/"


def _get(client: Client, address: str) -> dict[str, Any]:
    """Open a page; return what it asks the browser."""
    page = client.get(address).content.decode()
    found = re.search(r'id="passkey-options" type="application/json">(.*?)</script>', page)
    assert found, page
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


def _post(client: Client, address: str, answer: str, **more: str) -> Any:
    return client.post(address, {"passkey": answer, **more})


def _with_key(person: Person) -> SoftKey:
    key, client = SoftKey(), sign_in(person)
    made = _post(client, MAKE, key.make(_get(client, MAKE)), name="phone")
    assert "Keep these codes" in made.content.decode()
    return key


def _alone(key: SoftKey, owner: Person, **cheat: Any) -> tuple[Client, Any]:
    client = Client()
    answer = key.use(_get(client, ALONE), owner=owner.pk.bytes, **cheat)
    return client, _post(client, ALONE, answer, next="/program/")


def test_a_passkey_alone_signs_staff_in(evening: datetime) -> None:
    cora = cast(evening)["cora"]
    key = _with_key(cora)

    client, done = _alone(key, cora)

    assert done["Location"] == "/program/"
    assert client.get("/program/").status_code == 200
    assert client.get("/accounts/factors/").status_code == 200  # and has just proved itself


@pytest.mark.parametrize(
    "cheat",
    [
        {"unlocked": False},
        {"origin": "http://evil.testserver"},
        {"origin": "http://testserver:8080"},
        {"origin": "https://testserver"},
    ],
)
def test_what_is_not_right_signs_nobody_in(evening: datetime, cheat: dict[str, Any]) -> None:
    cora = cast(evening)["cora"]
    key = _with_key(cora)

    client, done = _alone(key, cora, **cheat)

    assert done.status_code == 400
    assert client.get("/accounts/").status_code == 302


def test_a_key_signs_in_its_owner_alone(evening: datetime) -> None:
    people = cast(evening)
    key = _with_key(people["ana"])
    _with_key(people["cora"])

    client, done = _alone(key, people["cora"])

    assert done.status_code == 400
    assert client.get("/accounts/").status_code == 302


def test_an_answer_works_once_and_in_its_own_session(evening: datetime) -> None:
    cora = cast(evening)["cora"]
    key, client = _with_key(cora), Client()
    answer = key.use(_get(client, ALONE), owner=cora.pk.bytes)
    other = Client()
    _get(other, ALONE)

    assert _post(other, ALONE, answer).status_code == 400
    assert _post(client, ALONE, answer).status_code == 302
    client.post("/accounts/sign-out/")
    assert _post(client, ALONE, answer).status_code == 400


def test_what_was_asked_for_one_thing_is_no_answer_to_another(evening: datetime) -> None:
    """A proof is asked of a signed-in session; its question cannot be borrowed elsewhere."""
    cora = cast(evening)["cora"]
    key = _with_key(cora)
    client, _answer = sign_in_by_code(cora.email)
    alone = key.use(_get(client, ALONE), owner=cora.pk.bytes)

    assert _post(client, SECOND, alone).status_code == 400
    second = key.use(_get(client, SECOND), owner=cora.pk.bytes)
    assert _post(client, ALONE, second).status_code == 400


def test_a_question_is_over_after_ten_minutes(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        cora = cast(evening)["cora"]
        key, client = _with_key(cora), Client()
        answer = key.use(_get(client, ALONE), owner=cora.pk.bytes)
        traveller.shift(timedelta(minutes=11))

        assert _post(client, ALONE, answer).status_code == 400


def test_as_the_second_step_and_as_a_proof(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        cora = cast(evening)["cora"]
        key = _with_key(cora)
        client, _answer = sign_in_by_code(cora.email)
        second = key.use(_get(client, SECOND), owner=cora.pk.bytes, unlocked=False)
        assert _post(client, SECOND, second).status_code == 302
        assert client.get("/program/").status_code == 200

        traveller.shift(timedelta(hours=1))
        assert client.get(MAKE)["Location"].startswith(PROVE)
        before = key_of(client)
        proof = key.use(_get(client, PROVE), owner=cora.pk.bytes)
        assert _post(client, PROVE, proof, next=MAKE)["Location"] == MAKE
        assert _post(client, PROVE, proof).status_code == 400  # it was good once
        assert key_of(client) != before
        assert client.get(MAKE).status_code == 200


def test_somebody_switched_off_does_not_come_in(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    key = _with_key(ana)
    Person.objects.filter(pk=ana.pk).update(is_active=False)

    _client, done = _alone(key, ana)

    assert done.status_code == 400


def test_a_removed_passkey_does_not_come_in(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    key = _with_key(ana)
    client = sign_in(Person.objects.get(pk=ana.pk))
    ref = ways_of(ana).passkeys[0].ref

    client.post(f"/accounts/factors/passkeys/{ref}/remove/")

    assert _alone(key, ana)[1].status_code == 400


def test_nobody_names_or_removes_the_passkey_of_another(evening: datetime) -> None:
    people = cast(evening)
    _with_key(people["ana"])
    ref = ways_of(people["ana"]).passkeys[0].ref
    ben = sign_in(people["ben"])

    for address in (f"{MAKE}{ref}/", f"{MAKE}{ref}/remove/"):
        assert ben.get(address).status_code == 404
        assert ben.post(address, {"name": "mine"}).status_code == 404
    assert [each.name for each in ways_of(people["ana"]).passkeys] == ["phone"]


def test_a_passkey_made_for_another_site_is_not_kept(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    client, key = sign_in(ana), SoftKey()

    answer = key.make(_get(client, MAKE), origin="http://evil.testserver")

    assert _post(client, MAKE, answer, name="phone").status_code == 400
    assert not ways_of(ana).is_set_up


def test_the_same_passkey_is_kept_once(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    key = _with_key(ana)
    client = sign_in(Person.objects.get(pk=ana.pk))

    again = _post(client, MAKE, key.make(_get(client, MAKE)), name="again")

    assert again.status_code == 400
    assert len(ways_of(ana).passkeys) == 1


def test_the_question_names_nobody(evening: datetime) -> None:
    """Who signs in with a passkey alone is not told which keys anybody has."""
    _with_key(cast(evening)["ana"])

    assert _get(Client(), ALONE)["publicKey"].get("allowCredentials", []) == []
