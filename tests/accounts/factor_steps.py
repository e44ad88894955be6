"""Small steps of the tests of second factors."""

import re
from datetime import datetime
from typing import Any

from django.core import mail
from django.test import Client

from accounts.models import Person
from accounts.services import factors

STEP = 30


def give_app(person: Person, now: datetime) -> tuple[str, list[str]]:
    """Set up an app for somebody; return its key and the recovery codes."""
    secret = factors.new_secret()
    first = factors.code_at(secret, int(now.timestamp()) // STEP - 1)
    codes = factors.add_app(person=person, secret=secret, typed=first, now=now)
    return secret, codes


def code_of(secret: str, now: datetime, ahead: int = 0) -> str:
    """Return what the app shows now, or some steps ahead."""
    return factors.code_at(secret, int(now.timestamp()) // STEP + ahead)


def mailed_code() -> str:
    """Return the six figures of the newest mail."""
    found = re.search(r"\d{6}", str(mail.outbox[-1].body))
    assert found
    return found[0]


def sign_in_by_code(
    email: str, client: Client | None = None, onward: str = "/"
) -> tuple[Client, Any]:
    """Type the code that came by mail; return the browser and the answer."""
    client = client or Client()
    client.post("/accounts/sign-in/", {"email": email, "next": onward})
    return client, client.post("/accounts/sign-in/code/", {"code": mailed_code()})


def key_of(client: Client) -> str:
    """Return the session's key as the browser holds it."""
    held = client.cookies.get("session")
    return held.value if held is not None else ""
