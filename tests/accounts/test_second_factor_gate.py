"""No page for staff, and no power of staff on any page, before the second factor."""

import logging
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts.middleware import SecondFactor
from accounts.models import Person
from accounts.rules import STAFF, Role
from accounts.services import grant_role
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from tests.accounts.factor_steps import code_of, give_app, key_of, sign_in_by_code
from tests.guards.test_access import ROLES, TABLE
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def _address(route: str) -> str:
    address = "/" + re.sub("<uuid:[a-z_]+>", str(ids.new_id()), route)
    return re.sub("<slug:[a-z_]+>", "start", address)


def _answers(client: Client, address: str) -> list[tuple[int, str]]:
    found = []
    for call in (client.get, client.post):
        answer: Any = call(address)
        found.append((answer.status_code, answer.headers.get("Location", "").split("?")[0]))
    return found


def _staff_only() -> list[str]:
    """Return every address of the access table that staff may open and students may not."""
    of = {who: ROLES.index(who) for who in ROLES}
    return [
        route
        for route, row in TABLE.items()
        if row[of["ana"]] == 404 and min(row[of["cora"]], row[of["ida"]]) in (200, 405)
    ]


@pytest.mark.parametrize("who", ["cora", "ida", "dee"])
def test_every_address_gives_staff_no_more_than_a_stranger_without_roles(
    evening: datetime, who: str
) -> None:
    """Whatever the table holds: each address answers them as it answers somebody without a role,
    or leads to the second step. A page that forgets to ask cannot let them through.
    """
    people = cast(evening)
    for route in TABLE:
        if route in ("exit/", "accounts/sign-out/", "accounts/sign-out-everywhere/"):
            continue
        address = _address(route)
        staff = _answers(sign_in(people[who], passed=False), address)
        nobody = _answers(sign_in(people["eli"], passed=False), address)
        led = (302, "/accounts/second-factor/")
        for mine, theirs in zip(staff, nobody, strict=True):
            assert mine in (theirs, led) or route == "accounts/second-factor/", (route, mine)


def test_every_page_of_staff_leads_to_the_second_step(evening: datetime) -> None:
    people = cast(evening)
    routes = _staff_only()
    assert len(routes) >= 8
    for route in routes:
        for who in ("cora", "ida"):
            if TABLE[route][ROLES.index(who)] not in (200, 405):
                continue
            passed = _answers(sign_in(people[who]), _address(route))
            waiting = _answers(sign_in(people[who], passed=False), _address(route))
            for after, before in zip(passed, waiting, strict=True):
                if after[0] != 405:
                    assert before == (302, "/accounts/second-factor/"), (route, who)


def test_the_gate_is_what_holds(evening: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the gate the same session opens the page."""
    cora = cast(evening)["cora"]
    client = sign_in(cora, passed=False)
    assert client.get("/program/").status_code == 302

    monkeypatch.setattr("accounts.middleware.has_passed", lambda *_: True)

    assert client.get("/program/").status_code == 200


@pytest.mark.parametrize("role", sorted(STAFF))
def test_a_role_given_to_somebody_who_is_signed_in_waits(evening: datetime, role: Role) -> None:
    person = cast(evening)["ana"]
    client = sign_in(person, passed=False)
    grant_role(person=person, role=role, by=SYSTEM, now=evening)

    page = client.get("/").content.decode()

    assert "Your role waits for one more step" in page
    assert client.get("/visits/").status_code == 200  # what a student may, they may


def test_supporters_and_student_leads_are_asked_for_nothing(evening: datetime) -> None:
    sol = cast(evening)["sol"]
    grant_role(person=sol, role=Role.STUDENT_LEAD, by=SYSTEM, now=evening)
    client = sign_in(sol, passed=False)

    assert client.get("/hours/").status_code == 200
    assert client.get("/hours/program/").status_code == 200


def test_the_mark_of_one_person_is_nothing_for_another(evening: datetime) -> None:
    people = cast(evening)
    client = sign_in(people["cora"])
    client.force_login(people["ida"], backend="accounts.backends.ActivePersonBackend")

    assert client.get("/program/").status_code == 302


def test_a_sign_in_with_a_code_leads_staff_to_setting_one_up(evening: datetime) -> None:
    cast(evening)

    client, answer = sign_in_by_code("cora@school.example", onward="/program/")

    assert answer["Location"] == "/accounts/second-factor/?next=/program/"
    page = client.get(answer["Location"]).content.decode()
    assert "Set up a passkey" in page
    assert "Set up an app" in page
    assert client.get("/accounts/factors/app/").status_code == 200  # they have just shown a code


def test_whoever_has_a_factor_is_not_signed_in_before_it(evening: datetime) -> None:
    """Students too: what they have set up is asked at every sign-in."""
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        secret, _codes = give_app(ana, evening)
        client, answer = sign_in_by_code(ana.email, onward="/visits/")

        assert answer["Location"] == "/accounts/second-factor/"
        assert client.get("/visits/").status_code == 302
        assert client.get("/accounts/factors/").status_code == 302

        done = client.post("/accounts/second-factor/", {"code": code_of(secret, evening)})

        assert done["Location"] == "/visits/"
        assert client.get("/visits/").status_code == 200


def test_staff_with_a_factor_are_through_after_it(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        cora = cast(evening)["cora"]
        secret, _codes = give_app(cora, evening)
        client, _answer = sign_in_by_code(cora.email)
        client.post("/accounts/second-factor/", {"code": code_of(secret, evening)})

        assert client.get("/program/").status_code == 200


def test_the_session_key_changes_at_every_step(evening: datetime) -> None:
    """Fixation: a key from before the code, before the second factor or before a proof is dead."""
    with time_machine.travel(evening, tick=False) as traveller:
        cora = cast(evening)["cora"]
        secret, codes = give_app(cora, evening)
        client = Client()
        client.post("/accounts/sign-in/", {"email": cora.email})
        keys = [key_of(client)]
        sign_in_by_code(cora.email, client)
        keys.append(key_of(client))
        client.post("/accounts/second-factor/", {"code": code_of(secret, evening)})
        keys.append(key_of(client))
        traveller.shift(timedelta(hours=1))
        client.post("/accounts/prove/", {"code": codes[0]})
        keys.append(key_of(client))

        assert all(keys)
        assert len(set(keys)) == 4
        for old in keys[:-1]:
            thief = Client()
            thief.cookies["session"] = old
            assert thief.get("/accounts/").status_code == 302
        assert client.get("/accounts/factors/").status_code == 200


def test_a_step_taken_at_another_door_does_not_count_twice(evening: datetime) -> None:
    """A sign-in that has passed its code alone cannot be used from a second browser."""
    ana = cast(evening)["ana"]
    give_app(ana, evening)
    client, _answer = sign_in_by_code(ana.email)

    assert Client().get("/accounts/second-factor/")["Location"] == "/accounts/sign-in/"
    assert client.get("/accounts/second-factor/").status_code == 200


def test_somebody_switched_off_in_between_is_not_signed_in(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        secret, _codes = give_app(ana, evening)
        client, _answer = sign_in_by_code(ana.email)
        Person.objects.filter(pk=ana.pk).update(is_active=False)

        client.post("/accounts/second-factor/", {"code": code_of(secret, evening)})

        assert client.get("/accounts/").status_code == 302


def test_whoever_asks_the_other_way_gets_the_same_answer(
    evening: datetime, rf: RequestFactory
) -> None:
    """Asynchronous code has its own way to ask who it is."""
    cora = cast(evening)["cora"]
    request = rf.get("/")
    request.session = sign_in(cora, passed=False).session
    SecondFactor(lambda _: HttpResponse()).process_request(request)

    asked: Any = async_to_sync(request.auser)()

    assert asked == cora
    assert asked.roles == frozenset()


@pytest.mark.plane("owner")  # in the demo one click signs in on both sides
def test_the_cast_of_the_demo_is_through_with_one_click(evening: datetime, settings: Any) -> None:
    cast(evening)
    settings.DEMO, settings.ROOT_URLCONF = True, "peersupport.urls_demo"
    client = Client()

    client.post("/demo/sign-in/", {"email": "cora@school.example"})

    assert client.get("/program/").status_code == 200
    settings.DEMO = False
    assert Client().post("/demo/sign-in/", {"email": "cora@school.example"}).status_code == 404


def test_no_log_tells_which_passkey_was_used() -> None:
    assert not logging.getLogger("fido2.server").isEnabledFor(logging.INFO)
