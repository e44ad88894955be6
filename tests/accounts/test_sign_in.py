"""One flow, and one answer for everybody."""

import re
from datetime import datetime

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from tests.people import cast

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def _ask(email: str) -> tuple[Client, tuple[int, str, str]]:
    client = Client()
    asked = client.post("/accounts/sign-in/", {"email": email})
    page = client.get("/accounts/sign-in/code/")
    body = re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", page.content.decode())
    return client, (asked.status_code, asked["Location"], body.replace(email, "ADDRESS"))


def _code() -> str:
    found = re.search(r"\d{6}", str(mail.outbox[0].body))
    assert found
    return found[0]


def test_known_unknown_and_inactive_get_the_same_answer_and_one_mail_each(
    evening: datetime,
) -> None:
    cast(evening)
    Person.objects.filter(email="ben@school.example").update(is_active=False)

    answers = [
        _ask(email)[1]
        for email in ("ana@school.example", "ben@school.example", "x@elsewhere.example")
    ]

    assert answers[0] == answers[1] == answers[2]
    assert len(mail.outbox) == 3
    assert len({m.subject for m in mail.outbox}) == 1


_WHO = ("ana@school.example", "ben@school.example", "new@school.example", "x@elsewhere.example")


def _shape(email: str) -> tuple[list[str], list[tuple[int, list[str], list[str]]]]:
    """Return what an address asks of the database, in order and without its values, and the
    status, headers and cookies of the answers: for the code, and for a wrong one.
    """
    client, answers = Client(), []
    with CaptureQueriesContext(connection) as asked:
        for path, fields in (
            ("/accounts/sign-in/", {"email": email}),
            ("/accounts/sign-in/code/", {"code": "000000"}),
        ):
            answer = client.post(path, fields)
            heads = [f"{name}: {value}" for name, value in answer.items()]
            # The length of a page that shows the address is the address's own.
            heads = [re.sub(r"nonce-[^']+|^Content-Length: .*", "", head) for head in heads]
            jar = [
                re.sub(r"=[^;]+", "=", morsel.OutputString()) for morsel in answer.cookies.values()
            ]
            answers.append((answer.status_code, sorted(heads), sorted(jar)))
    return [_bare(query["sql"]) for query in asked.captured_queries], answers


def _bare(sql: str) -> str:
    """Return a statement without its values."""
    return re.sub(r"'(?:[^']|'')*'(?:::\w+)?|\b\d+\b|\"s\d+_x\d+\"", "?", sql)


def test_every_address_asks_the_same_of_the_database_and_gets_the_same_headers(
    evening: datetime,
) -> None:
    """Attack 14: what takes the same steps takes the same time. `make bench` measures it."""
    cast(evening)
    Person.objects.filter(email="ben@school.example").update(is_active=False)
    _shape(_WHO[0])  # what a process asks once

    known, *others = [_shape(email) for email in _WHO]

    assert known[0]
    for other in others:
        assert other == known
    assert len(mail.outbox) == len(_WHO) + 1


def test_a_student_address_becomes_an_account_only_with_the_code() -> None:
    client, _ = _ask("new@school.example")
    assert not Person.objects.exists()
    code = _code()

    done = client.post("/accounts/sign-in/code/", {"code": f" {code[:3]} {code[3:]}"})

    assert (done.status_code, done["Location"]) == (302, "/")
    assert Person.objects.get().roles == {"student"}
    assert client.get("/visits/").status_code == 200


def test_who_was_shut_out_while_the_code_was_on_its_way_stays_out(evening: datetime) -> None:
    cast(evening)
    client, _ = _ask("ana@school.example")
    Person.objects.filter(email="ana@school.example").update(is_active=False)

    client.post("/accounts/sign-in/code/", {"code": _code()})

    assert client.get("/visits/").status_code == 302


def test_no_mail_to_a_stranger_holds_a_code() -> None:
    client, _ = _ask("x@elsewhere.example")

    assert not re.search(r"\d{6}", str(mail.outbox[0].body))
    client.post("/accounts/sign-in/code/", {"code": "000000"})
    assert not Person.objects.exists()


def test_a_code_is_void_after_a_few_wrong_tries(evening: datetime) -> None:
    cast(evening)
    client, _ = _ask("ana@school.example")
    code = _code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _attempt in range(5):
        client.post("/accounts/sign-in/code/", {"code": wrong})

    client.post("/accounts/sign-in/code/", {"code": code})

    assert client.get("/visits/").status_code == 302


def test_the_session_changes_at_sign_in(evening: datetime) -> None:
    cast(evening)
    client, _ = _ask("ana@school.example")
    before = client.cookies["session"].value
    code = _code()

    client.post("/accounts/sign-in/code/", {"code": code})

    assert client.cookies["session"].value != before


@pytest.mark.parametrize("onward", ["//evil.example", "https://evil.example", "javascript:x"])
def test_onward_stays_on_this_site(evening: datetime, onward: str) -> None:
    cast(evening)
    client = Client()
    client.post("/accounts/sign-in/", {"email": "ana@school.example", "next": onward})
    code = _code()

    done = client.post("/accounts/sign-in/code/", {"code": code})

    assert done["Location"] == "/"


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "a\0b@school.example", "x" * 300 + "@school.example", "аna@school.example"],
)
def test_bad_addresses_get_a_word_beside_the_field(email: str) -> None:
    answer = Client().post("/accounts/sign-in/", {"email": email})

    assert answer.status_code == 400
    assert b"There is a problem" in answer.content
    assert mail.outbox == []
