"""Attack 18: requests in somebody's name. No unsafe method without a token or from elsewhere; no
GET changes anything."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test import Client

from tests.people import cast, hours_of, sign_in
from tests.roles import acting_as
from tests.security.addresses import every_address

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
# Leaving works without a token; from elsewhere it ends nothing. A mail program stops reminders
# without cookies or a token (RFC 8058): what permits it is the secret in the address.
_STRANGERS_WELCOME = {"/exit/", "/reminders/stop/start/"}
_UNSAFE = ["post", "put", "patch", "delete"]


def _strict(who: Any) -> Client:
    """Return a signed-in browser whose forged requests are looked at as in earnest."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["session"] = sign_in(who).cookies["session"].value
    return client


def _with_token(client: Client, **meta: str) -> dict[str, Any]:
    token = secrets.token_hex(16)
    client.cookies["csrf"] = token
    return {"data": {"csrfmiddlewaretoken": token}, **meta}


def _is_exempt(address: str) -> bool:
    return address in _STRANGERS_WELCOME


@pytest.mark.parametrize("method", _UNSAFE)
def test_no_unsafe_method_without_a_token(evening: datetime, method: str) -> None:
    people = cast(evening)
    client = _strict(people["ida"])
    got = {a: getattr(client, method)(a).status_code for a in every_address()}

    assert {a: s for a, s in got.items() if s != 403 and not _is_exempt(a)} == {}


@pytest.mark.parametrize(
    "meta",
    [
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
    ],
)
def test_no_post_from_elsewhere_even_with_a_token(evening: datetime, meta: dict[str, str]) -> None:
    client = _strict(cast(evening)["ana"])
    for address in every_address():
        if not _is_exempt(address):
            sent = _with_token(client, **meta)
            assert client.post(address, **sent).status_code == 403, address


def test_control_the_same_post_from_here_is_taken(evening: datetime) -> None:
    client = _strict(cast(evening)["ana"])
    sent = _with_token(client, HTTP_SEC_FETCH_SITE="same-origin", HTTP_ORIGIN="http://testserver")

    assert client.post("/accounts/sign-out/", **sent).status_code == 302


def test_exit_from_elsewhere_ends_nothing(evening: datetime) -> None:
    client = _strict(cast(evening)["ana"])
    client.post("/exit/", HTTP_SEC_FETCH_SITE="cross-site")

    assert client.get("/accounts/").status_code == 200


@acting_as("owner")
def _digest() -> dict[str, str]:
    """Return a digest of every table."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = sorted(repr(row) for row in cursor.fetchall())
        found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


@pytest.mark.parametrize("who", ["", "ana", "priya", "cora", "ida"])
def test_no_get_changes_anything(evening: datetime, who: str) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        hours_of(people["priya"], evening, checked_in_at=evening)
        client = sign_in(people[who]) if who else Client()
        before = _digest()
        for address in every_address():
            client.get(address)
            client.head(address)
        after = _digest()

    changed = {table for table, value in before.items() if after[table] != value}
    # What a browser's own session holds may change, such as the question a passkey is to answer.
    assert changed <= {"sessions_row"}
    assert mail.outbox == []


def test_control_the_digest_sees_a_change(evening: datetime) -> None:
    people = cast(evening)
    before = _digest()
    sign_in(people["ana"]).post("/accounts/", {"called": "Nan"})

    assert before != _digest()
