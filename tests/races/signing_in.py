"""Browsers that sign in to a served program with codes from a real mailbox."""

import re
import secrets
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

from tests.process.spool import read

ASK, CODE = "/accounts/sign-in/", "/accounts/sign-in/code/"


class Mailbox:
    """The newest code of each address, read from the mail server's folder as letters come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: dict[str, list[str]] = {}
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def look(self) -> None:
        """Read what is new."""
        with self._lock:
            new = [path for path in self.folder.glob("*.eml") if path.name not in self._seen]
            for path in sorted(new, key=lambda one: one.stat().st_mtime_ns):
                letter = read(path.read_bytes())
                found = re.search(r"\d{6,10}", letter.text)
                self._seen.add(path.name)
                self.sent.setdefault(letter.to[0], []).append(found[0] if found else "")

    def code(self, address: str) -> str:
        """Return the newest code of an address."""
        until = monotonic() + 30
        while monotonic() < until:
            self.look()
            if address in self.sent:
                return self.sent[address][-1]
            sleep(0.01)
        raise AssertionError(f"no letter came to {address}")


@dataclass
class Browser:
    """Somebody's browser: it keeps cookies, and comes from an address."""

    port: int
    forwarded: str = ""
    jar: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, **fields: str) -> int:
        """Send a form; return the status."""
        return self._send("POST", path, {"csrfmiddlewaretoken": self._token(), **fields})

    def get(self, path: str) -> int:
        """Fetch a page; return the status."""
        return self._send("GET", path, None)

    def signs_in(self, address: str, mailbox: Mailbox) -> tuple[int, int, int]:
        """Ask for a code, type it, look at one's visits; return the three answers."""
        asked = self.post(ASK, email=address)
        assert asked == 302, asked
        typed = self.post(CODE, code=mailbox.code(address))
        return asked, typed, self.get("/visits/")

    def _token(self) -> str:
        return self.jar.setdefault("csrf", secrets.token_hex(16))

    def _send(self, method: str, path: str, fields: dict[str, str] | None) -> int:
        link = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())}
        if self.forwarded:
            headers["X-Forwarded-For"] = self.forwarded
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            link.request(method, path, urlencode(fields) if fields else None, headers)
            answer = link.getresponse()
            answer.read()
            for line in answer.headers.get_all("Set-Cookie") or ():
                for name, morsel in SimpleCookie(line).items():
                    self.jar[name] = morsel.value
            return answer.status
        finally:
            link.close()
