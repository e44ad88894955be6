"""The program as it runs: gunicorn's workers on a fresh database, and a crowd on loopback."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from tests.logins import address, as_side, own_database

# All in one process: starting one for each command would take longer than what they do.
_SCENE = """
import json
from datetime import timedelta
from django.core.management import call_command
call_command("collectstatic", verbosity=0, interactive=False)
from accounts.services import join_as_student
from officehours.queries.pages import slot_value
from peersupport.core import clock
from tests.people import cast, hours_of, sign_in
people, days = {people}, {days}
now = clock.now().replace(second=0, microsecond=0)
known = cast(now)
priya, cora = known["priya"], known["cora"]
turns = [known[name] for name in ("priya", "sol", "marcus")]  # nobody's week fills
hours = [hours_of(turns[n % 3], now + timedelta(days=n, minutes=30)) for n in range(days)]
def cookie(person):
    return sign_in(person).cookies["session"].value
crowd = [join_as_student(email="s%d@school.example" % n, now=now) for n in range(people)]
print("SCENE" + json.dumps([
    [cookie(person) for person in crowd], cookie(priya), cookie(cora),
    [slot_value(h.pk, h.starts_at) for h in hours]]))
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request got."""

    status: int
    location: str
    body: str
    cookie: str = ""  # the session, if the answer begins one


@dataclass(frozen=True, slots=True)
class World:
    """A running program with a scene."""

    port: int
    students: list[str]
    supporter: str
    coordinator: str
    slots: list[str]
    manage: Callable[..., str]
    env: dict[str, str]

    def post(self, path: str, cookie: str, fields: dict[str, str]) -> Answer:
        """Send one form as the holder of a cookie."""
        token = secrets.token_hex(16)
        body = urlencode({**fields, "csrfmiddlewaretoken": token})
        headers = {
            "Cookie": f"session={cookie}; csrf={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._send("POST", path, body, headers)

    def get(self, path: str, cookie: str) -> Answer:
        """Fetch one page as the holder of a cookie."""
        return self._send("GET", path, None, {"Cookie": f"session={cookie}"})

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        link = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request(method, path, body, headers)
            got = link.getresponse()
            location = got.getheader("Location", "") or ""
            begun = re.search(r"session=([^;]+)", str(got.headers.get_all("Set-Cookie")))
            cookie = begun[1] if begun else ""
            return Answer(got.status, location, got.read().decode(), cookie)
        finally:
            link.close()

    def book(self, cookie: str, slot: str, name: str = "Ash", **more: str) -> Answer:
        """Book a time with a fresh request key."""
        key = str(uuid.uuid4())
        fields = {"slot": slot, "name": name, "request_key": key, **more}
        return self.post("/visits/book/", cookie, fields)


def at_once(calls: list[tuple[object, ...]], world: World) -> list[Answer]:
    """Book all (cookie, slot) pairs at the same time; bounded by their number."""
    with ThreadPoolExecutor(min(len(calls), 64)) as pool:
        return list(pool.map(lambda call: world.book(str(call[0]), str(call[1])), calls))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _database(kind: str) -> Iterator[dict[str, str]]:
    if kind == "sqlite":
        yield {}
        return
    with own_database("race") as name:
        yield {"DATABASE_URL": address(name, "web")}


@contextmanager
def scene(kind: str, home: Path, *, people: int, days: int, **more: str) -> Iterator[World]:
    """Prepare the program on `kind` ("sqlite" or "postgresql"): a crowd, and hours on some days.

    `more` are further variables of its environment. Nothing is served yet: see `served`. On
    PostgreSQL the owner migrates, and the rest is the web side's; `manage` takes another `side`.
    """
    with _database(kind) as database:
        env = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(home),
            "PLANE": "web",
            "SECRET_KEY": "x" * 50,
            "PORT": str(_free_port()),
            "PYTHONPATH": os.getcwd(),
            "PYTHONDONTWRITEBYTECODE": "1",
            **database,
            **more,
        }

        def manage(*words: str, side: str = "") -> str:
            command = [sys.executable, "manage.py", *words]
            done = subprocess.run(
                command, env=as_side(env, words, side), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        manage("init_keys")
        manage("migrate")
        plan = _SCENE.replace("{people}", str(people)).replace("{days}", str(days))
        said = re.search(r"SCENE(.*)", manage("shell", "-v", "0", "-c", plan))
        assert said
        students, supporter, coordinator, slots = json.loads(said[1])
        port = int(env["PORT"])
        yield World(port, students, supporter, coordinator, slots, manage, env)


@contextmanager
def served(found: World, app: str = "peersupport.wsgi:application", **more: str) -> Iterator[None]:
    """Run gunicorn's workers on a scene until the block ends; `more` is for this run alone."""
    bind = f"127.0.0.1:{found.port}"
    with (Path(found.env["DATA_DIR"]) / "web.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", app, "--workers", "2", "--threads", "4",
             "--bind", bind, "--log-level", "error"],
            env={**found.env, **more}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _await(found, server)
            yield
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()


@contextmanager
def world(kind: str, home: Path, *, people: int, days: int, **more: str) -> Iterator[World]:
    """Prepare a scene and run the program as it is on it."""
    with scene(kind, home, people=people, days=days, **more) as found, served(found):
        yield found


def _await(found: World, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError):
            if found.get("/help-now/", "").status == 200:
                return
        time.sleep(0.2)
    raise AssertionError("the program did not answer")
