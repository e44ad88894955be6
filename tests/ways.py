"""Asking for more help, in tests: a key to seal to, somebody who reads, and whole ways through."""

import json
import re
from datetime import time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.test import Client

from referrals import care_keys, content, envelope
from referrals.content import Content, Reach
from referrals.models import Card, Reading, Referral
from referrals.queries.drafts import RECEIPT, Answers
from tests.roles import acting_as

WORDS = "Since October I sleep three hours. CANARY-WORDS."
PHONE = "555-0142"


@acting_as("care")
def somebody_reads(
    *, name: str = "Dee", about: str = "", starts: time = time(9), ends: time = time(18)
) -> Card:
    """Return the card of a counselor who reads every day between these hours (New York)."""
    card = Card.objects.create(name=name, about=about)
    for weekday in range(7):
        Reading.objects.create(card=card, weekday=weekday, starts=starts, ends=ends)
    return card


def whole(**more: Any) -> Answers:
    """Return every answer, with a receipt unless something else is said."""
    said: dict[str, Any] = {
        "keep": RECEIPT,
        "urgency": "routine",
        "words": WORDS,
        "name": "Ash CANARY-NAME",
        "pronouns": "they",
        "reach": (Reach("text", PHONE), Reach("mail", "ash@canary.example")),
        "times": "after 5pm CANARY-TIMES",
        "voicemail": False,
        "not_by": (),
    }
    return Answers(**{**said, **more})


@acting_as("care")
def opened(referral: Referral, secrets: dict[str, bytes]) -> Content:
    """Return what was sealed, as the counselors' side opens it."""
    wraps = tuple(envelope.Wrap(one.recipient, bytes(one.sealed)) for one in referral.wraps.all())
    sealed = envelope.Envelope(bytes(referral.sealed.blob), wraps)
    plain = envelope.open_envelope(sealed, referral=referral.pk, secrets=secrets)
    return content.from_bytes(plain)


QUESTIONS: dict[str, dict[str, str]] = {
    "soon": {"urgency": "routine"},
    "what": {"words": WORDS},
    "name": {"name": "Ash CANARY-NAME", "pronouns": "they"},
    "reach": {
        "way1": "text",
        "value1": PHONE,
        "way2": "mail",
        "value2": "ash@canary.example",
        "times": "after 5pm CANARY-TIMES",
        "voicemail": "no",
    },
    "leave-out": {},
}


def answer_all(client: Client, keep: str = "receipt", **other: dict[str, Any]) -> None:
    """Answer every question as a person would, up to the page that shows all answers."""
    begun = client.post("/referrals/keep/", {"keep": keep})
    assert begun.status_code == 302, begun.content.decode()
    for step, said in QUESTIONS.items():
        given = client.post(f"/referrals/{step}/", {**said, **other.get(step, {})})
        assert given.status_code == 302, (step, given.content.decode())


def secret_of(client: Client) -> str:
    """Return the key of the draft that a browser keeps."""
    return str(client.cookies[settings.DRAFT_COOKIE].value)


def receipt_on(page: str) -> str:
    """Return the receipt that a page shows."""
    found = re.search(r"\d{4} \d{4} \d{4} \d{4}", page)
    assert found, page
    return found[0]


def id_in(address: str) -> UUID:
    """Return the identifier in an address."""
    found = re.search(r"[0-9a-f-]{36}", address)
    assert found, address
    return UUID(found[0])


@acting_as("owner")
def everything_kept() -> str:
    """Return every row of every table as text, to look for what must not be there."""
    from django.apps import apps

    rows: list[Any] = []
    for model in apps.get_models():
        for row in model._default_manager.all().values():
            rows.append({key: _plain(value) for key, value in row.items()})
    return json.dumps(rows, default=str, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value


@acting_as("care")
def publish_key() -> dict[str, bytes]:
    """Publish the tests' key of the counselors' side; return what opens what is sealed to it."""
    care_keys.publish()
    return care_keys.secrets()


def post(client: Client, path: str, form: dict[str, Any]) -> Any:
    """Send a form as browsers do, and halves of characters as only attackers do."""
    body = urlencode(form, doseq=True, errors="surrogatepass")
    return client.post(path, body, content_type="application/x-www-form-urlencoded")


def sent_by(client: Client, keep: str = "receipt") -> tuple[Referral, str]:
    """Send, and return the referral and the page that says so."""
    answer_all(client, keep)
    done = client.post("/referrals/check/")
    assert done["Location"] == "/referrals/sent/"
    return Referral.objects.latest("received_at"), client.get("/referrals/sent/").content.decode()
