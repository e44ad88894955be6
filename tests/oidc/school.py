"""Start the school's provider, and walk a browser without JavaScript through it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

_PROGRAM = Path(__file__).with_name("provider.py")
CLIENT, SECRET = "peer-support", "a-secret-of-the-tests"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


class School:
    """The provider as the tests see it."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"

    def says(self, *, fault: str = "", page: bool = False, **claims: Any) -> None:
        """Say this of whoever signs in next."""
        body = json.dumps({"claims": claims, "fault": fault, "page": page}).encode()
        _opener.open(urllib.request.Request(f"{self.issuer}/tell", body), timeout=10).close()

    def says_student(self, who: str = "ana", **more: Any) -> None:
        """Say that this student comes."""
        claims = {
            "sub": f"subject-of-{who}",
            "email": f"{who}@school.example",
            "email_verified": True,
            "eduperson_affiliation": ["member", "student"],
        }
        self.says(**{**claims, **more})

    def asked(self) -> dict[str, str]:
        """Return what it was asked last."""
        with _opener.open(f"{self.issuer}/asked", timeout=10) as answer:
            found: dict[str, str] = json.loads(answer.read())
        return found

    def way_back(self, to: str) -> str:
        """Sign in over there; return the address that it sends the browser back to."""
        try:
            _opener.open(to, timeout=10)
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        raise AssertionError("not sent back")


@contextmanager
def running() -> Iterator[School]:
    """Run the provider as a process."""
    process = subprocess.Popen([sys.executable, str(_PROGRAM)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield School(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def offer(settings: Any, school: School, **more: Any) -> None:
    """Set campus sign-on up for one test."""
    settings.OIDC_ISSUER = school.issuer
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
    settings.ADMIT = frozenset({"roster", "affiliation"})
    for name, value in more.items():
        setattr(settings, name, value)


def come(client: Client, school: School, path: str = "/accounts/campus/") -> Any:
    """Go to the school and come back; return the answer to coming back."""
    sent = client.get(path)
    assert sent.status_code == 302, sent.content.decode()
    back = urlsplit(school.way_back(sent["Location"]))
    assert "code" in parse_qs(back.query) or "error" in parse_qs(back.query)
    return client.get(f"{back.path}?{back.query}")
