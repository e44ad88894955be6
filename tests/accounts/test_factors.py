"""Apps and recovery codes: sealed, used once, shown once, and nobody else's business."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from accounts import factors
from accounts.factors import Kind
from accounts.models import Person
from accounts.queries.factors import ways_of
from accounts.services import factors as services
from peersupport.core.audit.models import Entry
from peersupport.core.crypto import CannotOpen
from peersupport.core.outbox.models import Outgoing
from tests.accounts.factor_steps import STEP, code_of, give_app, sign_in_by_code
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_codes_are_those_of_the_standard() -> None:
    """The vectors of RFC 6238 for SHA-1, cut to six figures."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"

    found = [services.code_at(secret, at // STEP) for at in (59, 1111111109, 20000000000)]

    assert found == ["287082", "081804", "353130"]


def test_a_code_of_the_app_works_once(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    secret, _codes = give_app(ana, evening)
    code = code_of(secret, evening)

    assert services.spend_code(person=ana, typed=f"{code[:3]} {code[3:]}", now=evening) == Kind.APP
    assert services.spend_code(person=ana, typed=code, now=evening) is None
    older = code_of(secret, evening, -1)
    assert services.spend_code(person=ana, typed=older, now=evening) is None


def test_the_code_that_set_the_app_up_is_spent(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    secret = services.new_secret()
    code = code_of(secret, evening)
    services.add_app(person=ana, secret=secret, typed=code, now=evening)

    assert services.spend_code(person=ana, typed=code, now=evening) is None


@pytest.mark.parametrize("ahead", [-3, 3, 100])
def test_a_code_of_another_time_is_none(evening: datetime, ahead: int) -> None:
    ana = cast(evening)["ana"]
    secret, _codes = give_app(ana, evening)

    typed = code_of(secret, evening, ahead)

    assert services.spend_code(person=ana, typed=typed, now=evening) is None


def test_of_two_who_use_the_same_code_at_once_one_wins(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request reads the row before the first has written it."""
    ana = cast(evening)["ana"]
    secret, _codes = give_app(ana, evening)
    code, read = code_of(secret, evening), factors.all_of(ana.pk)
    monkeypatch.setattr(factors, "all_of", lambda _person: read)

    won = [services.spend_code(person=ana, typed=code, now=evening) for _ in range(2)]

    assert won == [Kind.APP, None]


def test_a_recovery_code_works_once(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    _secret, codes = give_app(ana, evening)
    assert len(set(codes)) == 10

    first = services.spend_code(person=ana, typed=codes[3].upper(), now=evening)

    assert first == Kind.CODES
    assert services.spend_code(person=ana, typed=codes[3], now=evening) is None
    assert services.spend_code(person=ana, typed=codes[4], now=evening) == Kind.CODES
    assert ways_of(ana).codes_left == 8


def test_new_recovery_codes_end_the_old_ones(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    _secret, old = give_app(ana, evening)

    new = services.new_codes(person=ana, now=evening)

    assert services.spend_code(person=ana, typed=old[0], now=evening) is None
    assert services.spend_code(person=ana, typed=new[0], now=evening) == Kind.CODES


def test_codes_of_one_person_are_nothing_for_another(evening: datetime) -> None:
    people = cast(evening)
    secret, codes = give_app(people["ana"], evening)
    give_app(people["ben"], evening)

    for typed in (codes[0], code_of(secret, evening)):
        assert services.spend_code(person=people["ben"], typed=typed, now=evening) is None


def test_rows_say_nothing(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    secret, codes = give_app(ana, evening)
    services.add_passkey(person=ana, name="my phone", credential="Q1JFREVOVElBTA==", now=evening)
    services.spend_code(person=ana, typed=code_of(secret, evening), now=evening)

    for row in Authenticator.objects.all():
        told = json.dumps(row.data)
        assert set(row.data) == {"sealed"}
        for word in [
            secret,
            "my phone",
            "Q1JFREVOVElBTA",
            *codes,
            *(c.replace("-", "") for c in codes),
        ]:
            assert word not in told
        assert row.created_at == evening.replace(day=1, hour=0, minute=0)
        assert row.last_used_at is None


def test_a_row_moved_to_another_person_opens_nothing(evening: datetime) -> None:
    """Whoever can write into the table cannot make an administrator's factor of their own."""
    people = cast(evening)
    give_app(people["ana"], evening)
    Authenticator.objects.update(user=people["ida"])

    with pytest.raises(CannotOpen):
        factors.all_of(people["ida"].pk)


def test_when_an_app_was_used_is_forgotten_and_every_row_is_new(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    secret, codes = give_app(ana, evening)
    services.spend_code(person=ana, typed=code_of(secret, evening), now=evening)
    before = {row.pk: row.data["sealed"] for row in Authenticator.objects.all()}

    services.mix_factors(now=evening)
    kept = [e.content["last"] for e in factors.all_of(ana.pk) if e.kind == Kind.APP]
    services.mix_factors(now=evening + timedelta(hours=1))
    gone = [e.content["last"] for e in factors.all_of(ana.pk) if e.kind == Kind.APP]

    after = {row.pk: row.data["sealed"] for row in Authenticator.objects.all()}
    assert kept[0] > 0  # it could still be used again
    assert gone == [0]
    assert all(after[key] != before[key] for key in before)
    assert services.spend_code(person=ana, typed=codes[0], now=evening) == Kind.CODES


def test_setting_up_by_the_pages_shows_the_codes_once(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        client = sign_in(ana)
        page = client.get("/accounts/factors/app/").content.decode()
        secret = re.search(r'class="key">([^<]+)<', page)[1].replace(" ", "")  # type: ignore[index]
        assert f"otpauth://totp/Peer%20Support%3Aana%40school.example?secret={secret}" in page

        wrong = client.post("/accounts/factors/app/", {"code": "000000"})
        done = client.post("/accounts/factors/app/", {"code": code_of(secret, evening)})

        assert wrong.status_code == 400
        codes = re.findall(r"<li><code>([^<]+)</code>", done.content.decode())
        assert len(codes) == 10
        for address in ("/accounts/factors/", "/accounts/factors/app/", "/accounts/"):
            shown = client.get(address, follow=True).content.decode()
            assert not any(code in shown or secret in shown for code in codes)
        assert "no-store" in done["Cache-Control"]


def test_a_change_ends_other_sessions_and_tells_the_person(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    elsewhere = sign_in(ana)

    give_app(ana, evening)

    assert elsewhere.get("/accounts/").status_code == 302
    assert Outgoing.objects.filter(kind="account-note", recipient=ana.pk).count() == 1
    assert not Entry.objects.filter(actor_id=str(ana.pk)).exists()  # a student's own affair


def test_what_staff_change_of_their_own_is_recorded(evening: datetime) -> None:
    cora = cast(evening)["cora"]

    give_app(cora, evening)

    assert Entry.objects.filter(actor_id=str(cora.pk), verb="set up an app").count() == 1


def test_removing_the_last_one_takes_the_codes_and_the_powers(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        cora = cast(evening)["cora"]
        secret, _codes = give_app(cora, evening)
        client, _answer = sign_in_by_code(cora.email)
        client.post("/accounts/second-factor/", {"code": code_of(secret, evening)})
        assert client.get("/program/").status_code == 200

        client.post("/accounts/factors/app/remove/")

        assert not Authenticator.objects.exists()
        assert client.get("/accounts/").status_code == 200  # still signed in
        assert client.get("/program/")["Location"].startswith("/accounts/second-factor/")


def test_tries_are_counted(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        secret, _codes = give_app(ana, evening)
        client, _answer = sign_in_by_code(ana.email)
        answers = [
            client.post("/accounts/second-factor/", {"code": f"{n:06d}"}).status_code
            for n in range(12)
        ]

        assert answers == [400] * 10 + [429] * 2
        late = client.post("/accounts/second-factor/", {"code": code_of(secret, evening)})
        assert late.status_code == 429


@pytest.mark.parametrize(
    "typed", ["", "x" * 50, "１２３４５６", "12\0456", "😀😀😀😀😀😀", "-" * 12]
)
def test_bad_codes_get_a_word(evening: datetime, typed: str) -> None:
    ana = cast(evening)["ana"]
    give_app(ana, evening)
    client, _answer = sign_in_by_code(ana.email)

    answer = client.post("/accounts/second-factor/", {"code": typed})

    assert answer.status_code == 400
    assert b"There is a problem" in answer.content


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "x",
        "[]",
        "null",
        "{}",
        '{"id": 1}',
        '{"response": {"userHandle": "AA"}}',
        "[" * 9000,
        '{"response": {"userHandle": "' + "A" * 22 + '"}}',
        "1" * 30000,
    ],
)
def test_forged_answers_of_passkeys_are_not_right(evening: datetime, answer: str) -> None:
    ana = cast(evening)["ana"]
    services.add_passkey(person=ana, name="key", credential=_CREDENTIAL, now=evening)
    fresh: Any = sign_in(ana)
    client, _answer = sign_in_by_code(ana.email)
    for browser, address in [
        (client, "/accounts/sign-in/passkey/"),
        (client, "/accounts/second-factor/"),
        (fresh, "/accounts/prove/"),
    ]:
        browser.get(address)
        given = browser.post(address, {"passkey": answer})
        assert given.status_code in (302, 400), address
        assert given.status_code == 400 or given["Location"].startswith("/accounts/sign-in/")


def test_switched_off_ways_are_gone(evening: datetime, settings: Any) -> None:
    ana = cast(evening)["ana"]
    secret, codes = give_app(ana, evening)
    settings.AUTHENTICATOR_APPS = settings.PASSKEYS = False
    client = sign_in(ana)

    assert services.spend_code(person=ana, typed=code_of(secret, evening), now=evening) is None
    assert services.spend_code(person=ana, typed=codes[0], now=evening) == Kind.CODES
    assert client.get("/accounts/factors/app/").status_code == 404
    assert client.get("/accounts/factors/passkeys/").status_code == 404
    assert b"Use a passkey" not in client.get("/accounts/sign-in/").content


def test_the_shell_takes_factors_away(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    give_app(ana, evening)

    call_command("reset_factors", "ana@school.example")

    assert not Authenticator.objects.exists()
    assert Entry.objects.filter(verb="reset second factors", thing_id=str(ana.pk)).count() == 1
    assert Person.objects.filter(pk=ana.pk).exists()


_CREDENTIAL = (
    "AAAAAAAAAAAAAAAAAAAAAAAgAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGlAQIDJiABIVggAgICAgICAgIC"
    "AgICAgICAgICAgICAgICAgICAgICAgIiWCADAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw=="
)
