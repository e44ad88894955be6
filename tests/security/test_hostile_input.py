"""Attacks 19, 32 and 33: onward addresses, strange letters, too much of everything."""

import time
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from accounts.views.onward import onward_of
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

_ELSEWHERE = [
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "/\t/evil.example", "https:evil.example", "https:/evil.example",
    "https://evil.example", "HTTPS://EVIL.EXAMPLE", "http:///evil.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", " https://evil.example",
    "\x00https://evil.example", "https://testserver@evil.example", "//testserver@evil.example",
    "https://testserver.evil.example", "https://evil.example#testserver", "https://evil.example?/",
    "/%0d%0aSet-Cookie:x=1\r\n", "/\r\nX: y", "/\u2028x", "//\u3002evil", "http://[::1", "x" * 600,
    "/" + "x" * 600,
]  # fmt: skip
_STRANGE = {
    "NUL": "a\x00b",
    "right to left": "abc\u202edcba",
    "zero width": "a\u200bb\u200dc\ufeff",
    "combining": "e" + "\u0301" * 200,
    "astral": "\U0001f9d1\u200d\U0001f4bb" * 9,
    "line separator": "a\u2028b\u2029c",
    "not a character": "\ufffe\uffff",
    "control": "\x01\x02\x1b[31m",
    "markup": '"><script>alert(1)</script>',
}


@pytest.mark.parametrize("wanted", _ELSEWHERE)
@pytest.mark.parametrize("way", ["get", "post"])
def test_onward_never_leads_elsewhere(wanted: str, way: str) -> None:
    request = getattr(RequestFactory(), way)("/accounts/sign-in/", {"next": wanted})
    assert onward_of(request) == "/"


def test_control_an_address_of_ours_is_kept() -> None:
    request = RequestFactory().get("/accounts/sign-in/", {"next": "/visits/?a=1"})
    assert onward_of(request) == "/visits/?a=1"


@pytest.mark.parametrize("kind", _STRANGE)
def test_strange_letters_never_break_a_page(evening: datetime, kind: str) -> None:
    text, people = _STRANGE[kind], cast(evening)
    ana, priya, stranger = sign_in(people["ana"]), sign_in(people["priya"]), Client()
    answers = [
        ana.post("/accounts/", {"called": text, "pronouns": text}),
        ana.post("/accounts/mail/address/", {"email": f"{text}@school.example"}),
        priya.post("/accounts/profile/", {"shown_name": text, "bio": text}),
        priya.post("/accounts/profile/tags/", {"words": text, "kind": "lived", "use": "off"}),
        ana.post("/visits/book/", {"slot": text, "name": text, "request_key": text}),
        stranger.post("/accounts/sign-in/", {"email": f"{text}@school.example", "next": text}),
        stranger.get("/", {"q": text, text: "q"}),
        stranger.get("/accounts/sign-in/", {"next": text}),
        ana.get("/accounts/"),
    ]
    stranger.cookies["session"] = stranger.cookies["csrf"] = "x\u00e9"
    answers.append(stranger.get("/visits/"))

    assert [a.status_code for a in answers if a.status_code >= 500] == []
    shown = answers[8].content.decode()
    assert "<script>alert" not in shown
    assert "\u202e" not in shown or "<bdi>" in shown


@pytest.mark.parametrize(
    "raw",
    [b"email=%ED%A0%80", b"email=%FF%FE", b"email=%C0%80", b"%00=%00", b"email=\xed\xa0\x80"],
)
def test_bytes_that_are_no_text(raw: bytes) -> None:
    form = "application/x-www-form-urlencoded"
    answer = Client().post("/accounts/sign-in/", raw, content_type=form)
    assert answer.status_code == 400
    assert mail.outbox == []


@pytest.mark.parametrize(
    "email",
    ["\u0430na@school.example", "ana@\u0455chool.example", "ana@school.example\u200b"],
)
def test_look_alike_addresses_are_not_the_address(evening: datetime, email: str) -> None:
    cast(evening)
    assert Client().post("/accounts/sign-in/", {"email": email}).status_code == 400
    assert mail.outbox == []


_FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"email=" + b"x" * 10_000_000, _FORM),
        (b"called=" + b"x" * 1_000_000, _FORM),
        (b"&".join(b"f%d=x" % n for n in range(10_000)), _FORM),
        (b"&" * 200_000, _FORM),
        (b"[" * 200_000, "application/json"),
        (b"--x\r\n" * 20_000, "multipart/form-data; boundary=x"),
        (b"\x1f\x8b" + b"\x00" * 200_000, "application/gzip"),
    ],
)
def test_too_much_is_refused_at_once(evening: datetime, body: bytes, kind: str) -> None:
    cast(evening)
    ana: Any = sign_in(cast(evening)["ana"])
    for client, address in ((Client(), "/accounts/sign-in/"), (ana, "/accounts/")):
        began = time.process_time()
        answer = client.post(address, body, content_type=kind)
        assert answer.status_code in (302, 400, 413), address
        assert time.process_time() - began < 5  # generous: it must not grow with the body
        assert b"988" in answer.content or answer.status_code == 302
