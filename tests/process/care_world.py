"""A care host of its own: a fresh database, its keys, its database user, a mail server."""

import http.client
import json
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis

from bin.services import free_port
from tests.process.spool import mail_server, received
from tests.process.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
_TABLES = """
from django.core.management import call_command
call_command("init_keys", verbosity=0)
call_command("migrate", verbosity=0)
"""
_PEOPLE = """
from django.core.management import call_command
from peersupport.core import clock
from referrals.models import Timers
from tests.care import care_cast
call_command("init_care_keys", verbosity=0)
care_cast(clock.now())
Timers.objects.create(pk=1, line_name="On call", line_email="line@oncall.example")
"""
# Rows as the web side adds them and routing leaves them; nothing is sealed, and nothing opens.
_REFERRALS = """
from datetime import timedelta
from peersupport.core import clock, ids
from referrals.models import Referral, Routed
count, hours = {args}
now = clock.now()
at = now - timedelta(hours=hours)
for number in range(count):
    row = Referral.objects.create(
        code="P" + ids.new_id().hex[:7], kind="student", urgency="urgent",
        request_key=ids.new_id(), received_at=at.replace(minute=0, second=0, microsecond=0),
        ring_at=at, acknowledge_by=at,
    )
    Routed.objects.create(referral=row)
"""


@dataclass
class CareWorld:
    """One care side, as processes, and what reached its mail server."""

    home: Path
    env: dict[str, str]
    admin: dict[str, str]
    spool: Path
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def manage(self, *words: str, env: dict[str, str] | None = None) -> str:
        """Run a command of the program to its end."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=env or self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def waits(self, count: int, *, hours: float = 0) -> None:
        """Let urgent referrals wait that were to ring some hours ago."""
        code = _REFERRALS.replace("{args}", repr([count, hours]))
        self.manage("shell", "-v", "0", "-c", code, env=self.admin)

    def start(self, *words: str, **more: str) -> "subprocess.Popen[bytes]":
        """Start a process of the care side."""
        with (self.home / f"{words[-1].strip('/-')}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env={**self.env, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def worker(self, **more: str) -> "subprocess.Popen[bytes]":
        """Start a Celery worker, as the program itself does.

        One that is to stop has a single thread: a second would go on beside it, and what it had
        claimed when both are killed waits for the end of a lease, longer than a test does.
        """
        threads = "1" if "STOP_AT" in more else "2"
        return self.start(
            *("-m", "celery", "--quiet", "--app", "tests.process.care_app", "worker"),
            *("--pool", "threads", "--concurrency", threads, "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            **more,
        )

    def beat(self, name: str = "beat") -> "subprocess.Popen[bytes]":
        """Start a Celery beat that goes every second."""
        return self.start(
            *("-m", "celery", "--quiet", "--app", "tests.process.care_app", "beat"),
            *("--schedule", str(self.home / f"{name}-schedule"), "--loglevel", "INFO"),
            QUICK="1",
        )

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser."""
        with closing(psycopg2.connect(self.admin["DATABASE_URL"])) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    def count(self, table: str, where: str = "true") -> int:
        """Count rows."""
        return int(self.sql(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])

    def letters(self) -> Counter[str]:
        """Return how many messages reached whom."""
        return Counter(each.to[0] for each in received(self.spool))

    def wait_letters(self, number: int) -> None:
        """Wait until so many messages have come."""

        def came() -> bool:
            ended = [each.args for each in self.running if each.poll() not in (None, -9, 0)]
            assert not ended, (ended, [p.read_text()[-2000:] for p in self.home.glob("*.log")])
            return sum(self.letters().values()) >= number

        wait_until(came, f"{number} messages come", within=2 * PATIENCE)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill a process at once, as a power cut does."""
        process.kill()
        process.wait()

    def end(self) -> None:
        """End whatever still runs."""
        for process in self.running:
            process.kill()
            process.wait()


def _login(database: str, user: str) -> str:
    url = urlsplit(database)
    place = f"{user}:{os.environ['TEST_ROLE_PASSWORD']}@{url.hostname}:{url.port}"
    return url._replace(netloc=place).geturl()


@contextmanager
def _database() -> Iterator[str]:
    name = f"care_{secrets.token_hex(4)}"
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as admin:
        admin.autocommit = True
        admin.cursor().execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        finally:
            admin.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _broker(broker: str) -> dict[str, str]:
    """Return a broker: Redis, in a database of its own that is empty, or a folder."""
    if broker == "folder":
        return {}
    url = urlsplit(os.environ["REDIS_URL"])
    number = 1 + secrets.randbelow(15)
    found = url._replace(path=f"/{number}").geturl()
    redis.Redis.from_url(found).flushdb()
    return {"REDIS_URL": found}


@contextmanager
def care_world(home: Path, *, broker: str = "redis") -> Iterator[CareWorld]:
    """Prepare a care side with Dee, Eli and an on-call line; nothing of it runs yet."""
    home.mkdir()
    spool = home / "spool"
    with _database() as database, mail_server(spool) as mail:
        common = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SECRET_KEY": "x" * 50,
            "PUBLIC_URL": "http://127.0.0.1",
            "PORT": str(free_port()),
            "EMAIL_URL": mail,
            **_broker(broker),
        }
        web = {**common, "PLANE": "web", "DATA_DIR": str(home / "web"), "DATABASE_URL": database}
        care = {**common, "PLANE": "care", "DATA_DIR": str(home / "care")}
        found = CareWorld(
            home=home,
            env={**care, "DATABASE_URL": _login(database, "test_care")},
            admin={**care, "DATABASE_URL": database},
            spool=spool,
        )
        found.manage("shell", "-v", "0", "-c", _TABLES, env=web)
        found.manage("shell", "-v", "0", "-c", _PEOPLE)
        try:
            yield found
        finally:
            found.end()


def health(port: str) -> dict[str, Any]:
    """Return what /healthz of a served side says, with its status; nothing while it is silent."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)) as link:
            link.request("GET", "/healthz")
            answer = link.getresponse()
            return {"code": answer.status, **json.loads(answer.read())}
    except (OSError, http.client.HTTPException):
        return {}
