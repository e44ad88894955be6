"""Asked once more: before any form, by whatever way, and never by way of a direct request."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts import factors
from accounts.models import Person
from accounts.proving import note_passed
from accounts.views.prove import Way, _others, register_way
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.models import Outgoing
from tests.accounts.factor_steps import (
    code_of,
    give_app,
    key_of,
    mailed_code,
    sign_in_by_code,
)
from tests.people import cast, sign_in
from tests.roles import drain

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

# Every page on which much could be taken from somebody.
SENSITIVE = [
    "/accounts/factors/",
    "/accounts/factors/app/",
    "/accounts/factors/app/remove/",
    "/accounts/factors/codes/",
    "/accounts/factors/passkeys/",
    "/accounts/email/",
    "/accounts/email/code/",
]


@pytest.mark.parametrize("address", SENSITIVE)
def test_the_question_comes_before_the_form_and_before_the_deed(
    evening: datetime, address: str
) -> None:
    ana = cast(evening)["ana"]
    client = sign_in(ana, passed=False)

    shown = client.get(address)
    sent = client.post(address, {"code": "123456", "email": "x@school.example", "name": "x"})
    fragment = client.get(address, headers={"HX-Request": "true"})

    answers = [shown, fragment] if sent.status_code == 405 else [shown, sent, fragment]
    for answer in answers:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/prove/?next=/accounts/")
    assert mail.outbox == []
    assert "x@school.example" not in str(dict(client.session))  # nothing sent is kept


@pytest.mark.parametrize("address", SENSITIVE)
def test_a_proof_is_over_after_ten_minutes(evening: datetime, address: str) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        client = sign_in(cast(evening)["ana"])
        assert not client.get(address).headers.get("Location", "").startswith("/accounts/prove/")

        traveller.shift(timedelta(minutes=10, seconds=1))

        assert client.get(address)["Location"].startswith("/accounts/prove/")


def test_who_fills_in_slowly_is_not_asked_again(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        client = sign_in(cast(evening)["ana"])
        traveller.shift(timedelta(minutes=19))
        in_time = client.post("/accounts/email/", {"email": "a@school.example"})
        traveller.shift(timedelta(minutes=2))
        too_late = client.post("/accounts/email/", {"email": "b@school.example"})

        assert in_time["Location"] == "/accounts/email/code/"
        assert too_late["Location"] == "/accounts/prove/?next=/accounts/email/"


def test_somebody_without_a_factor_proves_themselves_by_mail(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        cast(evening)
        client, _answer = sign_in_by_code("ana@school.example")
        assert client.get("/accounts/factors/").status_code == 200  # they have just shown it
        traveller.shift(timedelta(hours=1))
        asked = client.get("/accounts/factors/")["Location"]
        before = key_of(client)

        client.post(asked, {"send": "1", "next": "/accounts/factors/"})
        wrong = client.post(asked, {"code": "x", "next": "/accounts/factors/"})
        done = client.post(asked, {"code": mailed_code(), "next": "/accounts/factors/"})

        assert wrong.status_code == 400
        assert done["Location"] == "/accounts/factors/"
        assert key_of(client) != before
        assert client.get("/accounts/factors/").status_code == 200


def test_a_mailed_code_is_used_once_and_void_after_five_tries(evening: datetime) -> None:
    client = sign_in(cast(evening)["ana"], passed=False)
    client.post("/accounts/prove/", {"send": "1"})
    code = mailed_code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _attempt in range(5):
        client.post("/accounts/prove/", {"code": wrong})

    assert client.post("/accounts/prove/", {"code": code}).status_code == 400
    assert client.get("/accounts/factors/").status_code == 302


def test_whoever_has_a_factor_cannot_do_with_a_mail(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        ana = cast(evening)["ana"]
        secret, codes = give_app(ana, evening)
        client = sign_in(Person.objects.get(pk=ana.pk))
        traveller.shift(timedelta(hours=1))
        later = evening + timedelta(hours=1)

        client.post("/accounts/prove/", {"send": "1"})
        assert mail.outbox == []
        assert client.get("/accounts/factors/").status_code == 302
        assert client.post("/accounts/prove/", {"code": code_of(secret, later)}).status_code == 302
        assert client.get("/accounts/factors/").status_code == 200

        traveller.shift(timedelta(hours=1))
        assert client.get("/accounts/factors/").status_code == 302
        assert client.post("/accounts/prove/", {"code": codes[0]}).status_code == 302
        assert client.get("/accounts/factors/").status_code == 200


def test_a_session_that_has_not_passed_the_factor_cannot_change_it(evening: datetime) -> None:
    """Whatever door forgot to ask: proof by mail is no proof for whoever has a factor."""
    ana = cast(evening)["ana"]
    give_app(ana, evening)
    client = sign_in(Person.objects.get(pk=ana.pk), passed=False)
    session = client.session
    session["proved"] = [str(ana.pk), int(evening.timestamp())]
    session.save()

    with time_machine.travel(evening, tick=False):
        answer = client.post("/accounts/factors/app/remove/")

    assert answer["Location"].startswith("/accounts/second-factor/")
    assert len(factors.all_of(ana.pk)) == 2


def test_other_ways_can_be_added(evening: datetime) -> None:
    """What people without a factor are offered besides a mail: a campus sign-on, for instance."""
    register_way(Way("Sign in again", "accounts:account", lambda person: True))
    try:
        page = sign_in(cast(evening)["ana"], passed=False).get("/accounts/prove/?next=/visits/")
    finally:
        del _others["accounts:account"]

    assert b'href="/accounts/?next=/visits/">Sign in again' in page.content


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "javascript:x",
        "/%0d%0ax\r\ny",
        "https://school.example@evil.example/",
    ],
)
def test_onward_stays_on_this_site(evening: datetime, onward: str) -> None:
    ana = cast(evening)["ana"]
    for address in ("/accounts/prove/", "/accounts/second-factor/", "/accounts/sign-in/passkey/"):
        client = sign_in(ana)
        answer: Any = client.get(address, {"next": onward})
        assert b"evil" not in answer.content
        assert answer.headers.get("Location", "/") == "/"


# -- another address --------------------------------------------------------------------------
def _ask(client: Client, email: str) -> Any:
    return client.post("/accounts/email/", {"email": email})


def test_the_address_changes_once_a_code_has_reached_the_new_one(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        client, elsewhere = sign_in(ana), sign_in(ana)
        before = key_of(client)
        EmailAddress.objects.create(user=ana, email=ana.email, verified=True, primary=True)

        _ask(client, "Ana.New@school.example")
        assert Person.objects.get(pk=ana.pk).email == "ana@school.example"
        assert mail.outbox[-1].to == ["ana.new@school.example"]
        client.post("/accounts/email/code/", {"code": mailed_code()})

        assert Person.objects.get(pk=ana.pk).email == "ana.new@school.example"
        assert client.get("/accounts/").status_code == 200
        assert key_of(client) != before
        assert elsewhere.get("/accounts/").status_code == 302
        assert not EmailAddress.objects.exists()
        row = Outgoing.objects.get(kind="account-note")
        assert b"ana@school" not in bytes(row.ref)
        drain(now=lambda: evening)
        note = mail.outbox[-1]
        assert note.to == ["ana@school.example"]
        assert note.subject == "You have a message"
        assert "ana.new" not in f"{note.body}{note.alternatives}"  # type: ignore[attr-defined]
        assert not Entry.objects.filter(actor_id=str(ana.pk)).exists()


def test_a_taken_address_gets_the_same_answer_and_its_owner_a_word(evening: datetime) -> None:
    people = cast(evening)
    answers = []
    for email in ("ben@school.example", "free@school.example"):
        client = sign_in(people["ana"])
        given = _ask(client, email)
        page = client.get("/accounts/email/code/").content.decode().replace(email, "ADDRESS")
        body = re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", page)
        answers.append((given.status_code, given["Location"], body))

    assert answers[0] == answers[1]
    assert len(mail.outbox) == 2
    assert mail.outbox[0].subject == mail.outbox[1].subject
    assert not any(word.isdigit() for word in str(mail.outbox[0].body).split())
    client = sign_in(people["ana"])
    _ask(client, "ben@school.example")
    for code in ("", "000000"):
        client.post("/accounts/email/code/", {"code": code})
    assert Person.objects.get(pk=people["ana"].pk).email == "ana@school.example"


def test_an_address_that_is_taken_in_the_meantime_stays_theirs(evening: datetime) -> None:
    people = cast(evening)
    client = sign_in(people["ana"])
    _ask(client, "new@school.example")
    Person.objects.filter(pk=people["ben"].pk).update(email="new@school.example")

    answer = client.post("/accounts/email/code/", {"code": mailed_code()})

    assert answer["Location"] == "/accounts/email/"
    assert Person.objects.get(pk=people["ana"].pk).email == "ana@school.example"


def test_a_code_for_one_thing_is_none_for_another(evening: datetime) -> None:
    """A code sent to a new address proves that address, not the person."""
    with time_machine.travel(evening, tick=False) as traveller:
        client = sign_in(cast(evening)["ana"])
        _ask(client, "new@school.example")
        code = mailed_code()
        traveller.shift(timedelta(minutes=11))

        client.post("/accounts/prove/", {"code": code})

        assert client.get("/accounts/factors/").status_code == 302


def test_notes_are_not_silenced(evening: datetime) -> None:
    """Whoever took an account over could have wished for silence first."""
    ana = cast(evening)["ana"]
    Person.objects.filter(pk=ana.pk).update(is_silent=True)
    give_app(ana, evening)

    drain(now=lambda: evening)

    assert [message.to for message in mail.outbox] == [["ana@school.example"]]


def test_the_mark_in_a_session_is_bound_to_its_person(evening: datetime) -> None:
    people = cast(evening)
    client = sign_in(people["ana"])
    session = client.session
    note_passed(type("R", (), {"session": session})(), people["ben"], evening)
    session.save()

    with time_machine.travel(evening, tick=False):
        assert client.get("/accounts/factors/").status_code == 302
