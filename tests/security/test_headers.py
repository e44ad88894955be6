"""Attack 22: the headers stand on every answer, whatever it is."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.people import cast, sign_in
from tests.security.addresses import every_address

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": under it browsers send "Origin: null" with our own forms (settings.py).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_POLICY = ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]


def _missing(answer: Any) -> list[str]:
    wrong = [n for n, v in _ALWAYS.items() if answer.headers.get(n) != v]
    policy = answer.headers.get("Content-Security-Policy", "")
    wrong += [part for part in _POLICY if part not in policy]
    wrong += ["unsafe"] if "unsafe-" in policy else []
    wrong += [] if "Permissions-Policy" in answer.headers else ["Permissions-Policy"]
    return wrong


def test_every_address_for_every_role(evening: datetime) -> None:
    people = cast(evening)
    statuses = set()
    for client in (Client(), *(sign_in(people[who]) for who in ("ana", "priya", "cora"))):
        for address in every_address():
            for answer in (client.get(address), client.options(address)):
                statuses.add(answer.status_code)
                if "/exit/" not in address and "left" not in address:
                    assert _missing(answer) == [], (address, answer.status_code)

    assert {200, 302, 404, 405} <= statuses


def test_what_a_signed_in_person_gets_is_stored_nowhere(evening: datetime) -> None:
    ana = sign_in(cast(evening)["ana"])
    for address in ("/", "/accounts/", "/visits/", "/accounts/devices/", "/accounts/mail/"):
        assert "no-store" in ana.get(address)["Cache-Control"], address


def test_errors_and_files(evening: datetime, settings: Any, monkeypatch: Any) -> None:
    ana = sign_in(cast(evening)["ana"])
    ana.raise_request_exception = False
    strict = Client(enforce_csrf_checks=True)
    answers = {
        400: ana.get("/?x=%00"),
        403: strict.post("/accounts/sign-in/", {}),
        404: ana.get("/nowhere/"),
        413: ana.post("/accounts/", {f"f{n}": "x" for n in range(500)}),
    }
    monkeypatch.setattr("accounts.views.preferences.render", None)
    answers[500] = ana.get("/accounts/")
    for status, answer in answers.items():
        assert answer.status_code == status
        assert _missing(answer) == [], status


def test_a_wrong_host(evening: datetime, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["peers.school.example"]
    answer = Client().get("/", HTTP_HOST="evil.example")
    assert (answer.status_code, _missing(answer)) == (400, [])


def test_static_files(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>x</p>")
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path, True
    answer = Client().get("/static/a.html")
    assert answer.status_code == 200
    assert _missing(answer) == []


def test_cookies(evening: datetime) -> None:
    cast(evening)
    cookies = Client().post("/accounts/sign-in/", {"email": "ana@school.example"}).cookies
    assert cookies["session"]["httponly"]
    assert cookies["session"]["samesite"] == "Lax"
    text = (django_settings.BASE_DIR / "peersupport" / "settings.py").read_text()
    names = re.findall(r'^(\w+_COOKIE\w*) = "(__Host-\w+)" if IS_SECURE', text, re.M)
    assert {one for one, _ in names} == {
        "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "KNOWN_COOKIE",
        "CARE_COOKIE", "DRAFT_COOKIE", "RECEIPT_COOKIE",
    }  # fmt: skip
