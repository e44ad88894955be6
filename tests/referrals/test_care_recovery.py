"""Recovery codes and further passkeys; and who works here cannot be asked for."""

import re
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from peersupport.core.audit.models import Entry
from referrals import rules
from referrals.models import CareSession, Counselor, Passkey, RecoveryCode
from referrals.rules import CareRole
from referrals.seals import seal_of
from referrals.services import care_factors, counselors
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


# -- recovery codes -------------------------------------------------------------------------------


def _codes(who: Counselor, now: datetime) -> list[str]:
    return care_factors.make_codes(by=who, now=now)


def _by_code(email: str, code: str) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/care/sign-in/", {"email": email, "code": code})


def test_a_recovery_code_lets_in_and_opens_nothing(people: Any, evening: datetime) -> None:
    give_key(people["eli"], evening)
    codes = _codes(people["eli"], evening)
    client, page = _by_code("Eli@school.example", codes[0].lower())

    assert page["Location"] == "/care/me/"
    assert client.get("/care/me/codes/")["Location"].startswith("/care/prove/")
    assert CareSession.objects.get().proved_at is None
    assert _by_code("eli@school.example", codes[0])[1].status_code == 400  # used
    assert Entry.objects.filter(verb="sign in by recovery code").count() == 1
    assert RecoveryCode.objects.count() == rules.RECOVERY_CODES - 1


def test_after_a_recovery_code_a_new_passkey_waits_for_the_lead(
    people: Any, evening: datetime
) -> None:
    client, _page = _by_code("eli@school.example", _codes(people["eli"], evening)[0])
    new = SoftKey(b"new-key-of-eli-1")
    made = new.make(asked_for(client.get("/care/me/passkeys/")))
    client.post("/care/me/passkeys/", {"passkey": made, "name": "New phone"})
    row = Passkey.objects.get()

    assert not row.is_confirmed
    assert b"passkey-options" not in client.get("/care/prove/").content
    assert (
        b"Both must show these letters"
        in answer(Client(), "/care/sign-in/", new, people["eli"]).content
    )

    lead = sit_down(people["dee"], evening)
    lead.post(f"/care/people/{people['eli'].pk}/passkeys/{row.pk}/")
    assert answer(client, "/care/prove/", new, people["eli"]).status_code == 302
    assert client.get("/care/me/codes/").status_code == 200


def test_a_passkey_added_with_a_proof_is_confirmed(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    made = SoftKey(b"second-key-of-el").make(asked_for(client.get("/care/me/passkeys/")))
    page = client.post("/care/me/passkeys/", {"passkey": made, "name": "Laptop"})

    assert page.status_code == 302
    assert Passkey.objects.get().is_confirmed


def test_a_stale_proof_adds_no_passkey(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    made = SoftKey(b"second-key-of-el").make(asked_for(client.get("/care/me/passkeys/")))
    people["time"].shift(rules.PROVED_LASTS)
    page = client.post("/care/me/passkeys/", {"passkey": made, "name": "Laptop"})

    assert page["Location"].startswith("/care/prove/")
    assert not Passkey.objects.exists()


def test_the_last_confirmed_passkey_stays(people: Any, evening: datetime) -> None:
    give_key(people["eli"], evening)
    give_key(people["eli"], evening, is_confirmed=False)
    client = sit_down(people["eli"], evening)
    one = Passkey.objects.get(is_confirmed=True)

    client.post(f"/care/me/passkeys/{one.pk}/remove/")
    assert Passkey.objects.filter(pk=one.pk).exists()
    give_key(people["eli"], evening)
    client.post(f"/care/me/passkeys/{one.pk}/remove/")
    assert not Passkey.objects.filter(pk=one.pk).exists()


def test_nobodys_passkey_but_ones_own_is_removed(people: Any, evening: datetime) -> None:
    give_key(people["dee"], evening)
    dees = Passkey.objects.get()
    client = sit_down(people["eli"], evening)

    assert client.post(f"/care/me/passkeys/{dees.pk}/remove/").status_code == 404


def test_there_is_an_end_to_passkeys(people: Any, evening: datetime) -> None:
    for _ in range(rules.MOST_PASSKEYS):
        give_key(people["eli"], evening)

    with pytest.raises(rules.TooMany):
        care_factors.add_passkey(
            credential=SoftKey().credential(),
            name="x",
            is_proved=True,
            by=people["eli"],
            now=evening,
        )


# -- who is here cannot be asked ------------------------------------------------------------------


def _plain(page: Any) -> tuple[int, str, list[tuple[str, str]], list[str]]:
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    body = re.sub(r'"challenge": "[^"]+"', "", body)
    return page.status_code, body, sorted(page.headers.items()), sorted(page.cookies)


@pytest.mark.parametrize("email", ["eli@school.example", "gone@school.example", "new@x.example"])
def test_known_ended_and_unknown_look_alike(people: Any, evening: datetime, email: str) -> None:
    _codes(people["eli"], evening)
    gone = Counselor.objects.create(
        card=people["eli"].card.__class__.objects.create(name="Gone"),
        email="gone@school.example",
        role="counselor",
        state="ended",
        seal=b"\0" * 32,
    )
    Counselor.objects.filter(pk=gone.pk).update(seal=seal_of(gone))
    said = {"email": email, "code": "2222-3333-4444"}
    with CaptureQueriesContext(connection) as asked:
        page = Client().post("/care/sign-in/", said)
    with CaptureQueriesContext(connection) as asked_of_nobody:
        control = Client().post("/care/sign-in/", {**said, "email": "nobody@school.example"})

    assert _plain(page) == _plain(control)
    assert len(asked) == len(asked_of_nobody)


def test_the_queries_of_joining_are_the_same(people: Any, evening: datetime) -> None:
    counselors.ask_to_join(
        name="Nora",
        email="nora@school.example",
        role=CareRole.COUNSELOR,
        by=people["dee"],
        now=evening,
    )
    counts = []
    for email in ("nora@school.example", "eli@school.example", "nobody@school.example"):
        with CaptureQueriesContext(connection) as asked:
            Client().post("/care/join/", {"email": email, "code": "2222-3333-4444"})
        counts.append([re.sub(r"'[^']*'|s\d+_x\d+", "?", q["sql"]) for q in asked])

    assert len({len(each) for each in counts}) == 1
    assert counts[1] == counts[2]


def test_one_who_hammers_locks_nobody_out(people: Any, evening: datetime) -> None:
    codes = _codes(people["eli"], evening)
    key = give_key(people["eli"], evening)
    said = {"email": "eli@school.example", "code": "2222-2222-2222"}
    statuses = [Client().post("/care/sign-in/", said).status_code for _ in range(80)]

    assert statuses[0] == 400
    assert statuses[-1] == 429
    assert _by_code("eli@school.example", codes[0])[1].status_code == 302
    assert answer(Client(), "/care/sign-in/", key, people["eli"]).status_code == 302
