"""Both sides of the program as they are run for a school: two hosts, one database, one broker.

Each host is a directory of its own with its own keys, SECRET_KEY, port and database user. Only the
two public files of the care side lie on both, copied as `init_care_keys` says. Everything listens
on 127.0.0.1, and nothing is left when the block ends.
"""

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg2
import redis

from bin.services import free_port
from peersupport.core.processes import bound_to_parent
from tests.logins import address, own_database
from tests.process.spool import mail_server

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ("care-root.pub", "care.pub")
_START_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Page:
    """What one request got."""

    status: int
    location: str
    text: str
    headers: dict[str, str] = field(repr=False)

    def the(self, pattern: str) -> str:
        """Return the first group of a pattern in this page."""
        found = re.search(pattern, self.text, re.S)
        if not found:
            raise AssertionError(f"{self.status} {self.location}: no {pattern} in {self.text}")
        return found[1]


class Browser:
    """A browser: it keeps cookies, sends forms as the program's own pages do, follows nothing."""

    def __init__(self, host: "Host", cookies: dict[str, str] | None = None) -> None:
        self.host = host
        self.cookies = dict(cookies or {})
        # Each comes from an address of its own, as behind the school's proxy.
        self.address = ".".join(["10", *(str(secrets.randbelow(254) + 1) for _ in range(3))])

    def get(self, path: str) -> Page:
        """Fetch a page."""
        return self._send("GET", path, None)

    def post(self, path: str, fields: dict[str, Any] | None = None) -> Page:
        """Send a form."""
        token = secrets.token_hex(16)
        self.cookies["care-csrf" if self.host.plane == "care" else "csrf"] = token
        body = urlencode({**(fields or {}), "csrfmiddlewaretoken": token}, doseq=True)
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: str | None) -> Page:
        headers = {
            "Host": self.host.authority,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": self.address,
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link = http.client.HTTPConnection("127.0.0.1", self.host.port, timeout=60)
        with closing(link):
            link.request(method, path, body, headers)
            got = link.getresponse()
            for each in got.headers.get_all("Set-Cookie") or []:
                name, _, value = each.partition(";")[0].partition("=")
                self.cookies[name] = value.strip('"')
            text = got.read().decode(errors="replace")
            return Page(got.status, got.headers.get("Location", ""), text, dict(got.headers))


@dataclass
class Host:
    """One host: its directory, what its processes run with, and where it answers."""

    plane: str
    home: Path
    env: dict[str, str]
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def authority(self) -> str:
        """What browsers send as Host: passkeys work by a name only."""
        return f"localhost:{self.port}"

    @property
    def origin(self) -> str:
        """What browsers say they are at."""
        return f"http://{self.authority}"

    @property
    def keys(self) -> Path:
        """The directory of its keys."""
        return self.home / "keys"

    def manage(self, *words: str, may_fail: bool = False, **env: str) -> str:
        """Run a command of the program on this host; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        with (self.home / "manage.log").open("a") as log:
            log.write(done.stderr)
        if done.returncode and not may_fail:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if may_fail else "")

    def run(self, function: str, *, as_user: str = "", **told: Any) -> Any:
        """Run "module:function" in the program's shell on this host; it is told, and answers."""
        module, name = function.split(":")
        code = (
            f"import json, os; from {module} import {name} as act; place = os.environ['TOLD'];"
            "print('SAID' + json.dumps(act(**json.load(open(place))), default=str))"
        )
        place = self.home.parent / f"told-{secrets.token_hex(4)}.json"
        place.write_text(json.dumps(told, default=str))
        more = {"DATABASE_URL": as_user} if as_user else {}
        said = self.manage("shell", "-v", "0", "-c", code, may_fail=False, TOLD=str(place), **more)
        place.unlink()
        return json.loads(said.rpartition("SAID")[2])

    def start(self) -> None:
        """Serve this side, as its own system unit does."""
        words = ["--workers", "1", "--threads", "6", "--log-level", "error"]
        words += ["--bind", f"127.0.0.1:{self.port}"]
        with (self.home / "served.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "peersupport.wsgi:application", *words],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=bound_to_parent(signal.SIGTERM),  # noqa: PLW1509 - one call into libc
            )

    def wait(self) -> None:
        """Return when it answers."""
        deadline = time.monotonic() + _START_WITHIN
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            with suppress(OSError):
                if Browser(self).get("/help-now/").status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError((self.home / "served.log").read_text())

    def end(self) -> None:
        """Stop serving."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
            self.process.kill()
            self.process.wait()


@dataclass
class World:
    """The two hosts, the database they share, the broker, and every mail that was sent."""

    home: Path
    database: str
    broker: str
    web: Host
    care: Host
    worker: Host
    spool: Path

    @property
    def superuser(self) -> str:
        """The address of the database for its superuser."""
        return address(self.database)

    def sql(self, statement: str, values: Any = None, *, user: str = "") -> list[tuple[Any, ...]]:
        """Ask the database, as its superuser if no side is named."""
        with closing(psycopg2.connect(address(self.database, user))) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []

    def overwrite(self, statement: str, values: Any = None) -> None:
        """Change rows as a superuser for whom no trigger is an obstacle."""
        with closing(psycopg2.connect(self.superuser)) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
                cursor.execute(statement, values)

    def tick(self) -> str:
        """Let the care side's clock go round once."""
        return self.care.manage("care_tick")


def _broker() -> str:
    """Return the address of a database of Redis that nobody uses, emptied."""
    url = urlsplit(os.environ["REDIS_URL"])
    for number in range(1, 16):
        found = url._replace(path=f"/{number}").geturl()
        store = redis.Redis.from_url(found)
        if store.set("taken", os.getpid(), nx=True):
            return found
    raise AssertionError("no database of Redis is free")


def _host(plane: str, home: Path, port: int, common: dict[str, str]) -> Host:
    home.mkdir()
    return Host(
        plane,
        home,
        {
            **common,
            "PLANE": plane,
            "DATA_DIR": str(home),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "PORT": str(port),
            "PUBLIC_URL": f"http://localhost:{port}",
        },
        port,
    )


# What deploy/README.md says, in its order; in one process a host, since each start takes seconds.
_WEB = """
from django.core.management import call_command
call_command("init_keys", verbosity=0)
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
"""
_CARE = """
from django.core.management import call_command
call_command("init_care_keys", verbosity=0)
call_command("care_keys", "publish")
"""


def _prepare(world: World) -> None:
    web, care = world.web, world.care
    owner = address(world.database, "owner")
    web.manage("shell", "-v", "0", "-c", _WEB, DATABASE_URL=owner)
    care.manage("shell", "-v", "0", "-c", _CARE)
    for name in PUBLIC:
        shutil.copy2(care.keys / name, web.keys / name)
    shutil.copytree(web.home / "static", care.home / "static")


@contextmanager
def two_sides(home: Path) -> Iterator[World]:
    """Prepare and serve both sides until the block ends."""
    home.mkdir(parents=True, exist_ok=True)
    broker, spool = _broker(), home / "spool"
    try:
        with own_database("confidence") as database, mail_server(spool) as mail:
            common = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "TRUSTED_PROXIES": "1",
                "REDIS_URL": broker,
                "EMAIL_URL": mail,
            }
            by = {side: {**common, "DATABASE_URL": address(database, side)} for side in _SIDES}
            web = _host("web", home / "web", free_port(), by["web"])
            care = _host("care", home / "care", free_port(), by["care"])
            # The worker of the web side runs on the web side's host, as another database user.
            env = {**web.env, "PLANE": "worker", "DATABASE_URL": by["worker"]["DATABASE_URL"]}
            worker = Host("worker", web.home, env, web.port)
            world = World(home, database, broker, web, care, worker, spool)
            _prepare(world)
            try:
                for host in (web, care):
                    host.start()
                for host in (web, care):
                    host.wait()
                yield world
            finally:
                web.end()
                care.end()
    finally:
        redis.Redis.from_url(broker).flushdb()


_SIDES = ("web", "care", "worker")
