"""A delivery of its own that can be broken everywhere: database, broker, mail server, workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from bin.services import (
    POSTGRES_SETTINGS,
    Account,
    account,
    free_port,
    make_roles,
    postgres_programs,
    scratch,
)
from peersupport.core.processes import bound_to_parent
from tests.process.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
TABLES = """
from django.core.management import call_command
call_command("init_keys", verbosity=0)
call_command("migrate", verbosity=0)
"""
_FILL = """
INSERT INTO outbox_outgoing (id, kind, key, ref, due_at, expires_at, state, attempts, error,
                             message_id)
SELECT {id}, 'fault', {key}, {ref}, {now}, {later}, 'due', 0, '', {id} FROM {numbers}
"""


@dataclass
class FaultsWorld:
    """Everything that takes part in delivering, each part a process that may be killed."""

    home: Path
    owner: Account
    ports: dict[str, int]
    env: dict[str, str] = field(default_factory=dict)
    admin: str = ""
    parts: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    folder: Path = Path()
    runs: int = 0

    def start(self, name: str, *words: str, **options: Any) -> None:
        """Start a part under a name; it ends with this process, whatever happens to it."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                words,
                cwd=options.pop("cwd", ROOT),
                env={**self.env, **options.pop("env", {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=bound_to_parent(signal.SIGKILL),  # noqa: PLW1509 - one thread
                **options,
            )

    def kill(self, name: str) -> None:
        """Kill a part at once, as a power cut does."""
        process = self.parts.pop(name)
        process.kill()
        process.wait()

    def answers(self, name: str) -> bool:
        """Return whether somebody listens on the port of a part."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def database(self) -> None:
        """Start PostgreSQL on what it has kept. What it confirmed survives its death."""
        kept = {**POSTGRES_SETTINGS, "synchronous_commit": "on"}
        program = str(postgres_programs() / "postgres")
        more = [f"--{name}={value}" for name, value in kept.items()]
        words = [program, "-D", str(self.home / "pg"), "-p", str(self.ports["pg"])]
        for _ in range(100):  # children of a killed one may still hold its memory
            self.start("pg", *words, "-h", "127.0.0.1", "-k", "", *more, cwd=self.home,
                       **self.owner.options)  # fmt: skip
            while self.parts["pg"].poll() is None:
                with suppress(psycopg2.Error):
                    psycopg2.connect(self._base()).close()
                    return
                time.sleep(0.05)
            time.sleep(0.1)
        raise AssertionError((self.home / "pg.log").read_text()[-2000:])

    def _base(self) -> str:
        return f"postgres://peersupport@127.0.0.1:{self.ports['pg']}/postgres"

    def redis(self) -> None:
        """Start Redis, which keeps nothing."""
        words = ["redis-server", "--port", str(self.ports["redis"]), "--bind", "127.0.0.1"]
        self.start("redis", *words, "--save", "", "--appendonly", "no", "--dir", str(self.home))
        wait_until(lambda: self.answers("redis"), "Redis answers")

    def sink(self) -> None:
        """Start the mail server; it goes on with the list it had."""
        port = str(self.ports["sink"])
        self.start("sink", sys.executable, "-m", "tests.process.mail_sink", port, str(self.folder))
        wait_until(lambda: self.answers("sink"), "the mail server answers")

    def worker(self, name: str = "worker", **env: str) -> None:
        """Start a Celery worker, as the program itself does."""
        self.start(
            name,
            *(sys.executable, "-m", "celery", "--quiet", "--app", "tests.process.faults_app"),
            *("worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            env=env,
        )

    def beat(self, name: str = "beat") -> None:
        """Start a Celery beat."""
        schedule = str(self.home / f"{name}-{self.runs}-{time.monotonic_ns()}")
        self.start(
            name,
            *(sys.executable, "-m", "celery", "--quiet", "--app", "tests.process.faults_app"),
            *("beat", "--schedule", schedule, "--loglevel", "WARNING"),
        )

    def orders(self, **orders: Any) -> None:
        """Tell the mail server what to do from now on."""
        path = self.folder / "orders.part"
        path.write_text(json.dumps(orders))
        path.rename(self.folder / "orders.json")

    def step(self, seconds: float) -> None:
        """Set the clock of workers and beats wrong by so much."""
        path = self.home / "step.part"
        path.write_text(str(seconds))
        path.rename(self.home / "step")

    def fresh(self, **orders: Any) -> None:
        """Begin anew: nothing in the outbox, an empty list, everything running."""
        self.runs += 1
        self.step(0)
        if "sink" in self.parts:
            self.kill("sink")
        self.folder = self.home / f"run-{self.runs}"
        self.folder.mkdir()
        self.orders(**orders)
        self.sink()
        for name, start in (("worker", self.worker), ("beat", self.beat)):
            if name not in self.parts:
                start()
        self.sql("TRUNCATE outbox_outgoing, outbox_tombstone, outbox_drainrun")

    def fill(self, count: int) -> None:
        """Let so many messages be due."""
        # The first bit says whose it is: row-level security shows the worker its own alone.
        key = "decode('00' || md5(n::text || random()::text), 'hex')"
        when = {"now": "now()", "later": "now() + interval '1 day'"}
        ref = "convert_to('s' || n || '@school.example', 'UTF8')"
        numbers = f"generate_series(1, {count}) n"
        words = {"id": "gen_random_uuid()", "key": key, "ref": ref, "numbers": numbers, **when}
        self.sql(_FILL.format(**words))

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser."""
        with closing(psycopg2.connect(self.admin)) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    def taken(self) -> Counter[str]:
        """Return how often the mail server took which message, by whom it was for."""
        with suppress(FileNotFoundError):
            lines = (self.folder / "accepted").read_text().splitlines()
            return Counter(line.partition(" ")[2] for line in lines if line.count(" ") == 1)
        return Counter()

    def wait_taken(self, number: int, within: float = 10 * PATIENCE) -> None:
        """Wait until so many different messages have been taken."""
        wait_until(lambda: len(self.taken()) >= number, f"{number} messages come", within)

    def settle(self, left: int = 0) -> None:
        """Wait until no more than `left` messages are due, dead ones apart."""

        def done() -> bool:
            ask = "SELECT count(*) FROM outbox_outgoing WHERE state = 'due'"
            return int(self.sql(ask)[0][0]) <= left

        wait_until(done, "nothing is due any more", within=10 * PATIENCE)

    def note(self, column: str) -> Any:
        """Return one part of the note about delivering."""
        found = self.sql(f"SELECT {column} FROM outbox_drainrun")
        return found[0][0] if found else None

    def end(self) -> None:
        """End whatever still runs, the database last."""
        for name in sorted(self.parts, key=lambda name: name == "pg"):
            self.kill(name)


@contextmanager
def faults_world() -> Iterator[FaultsWorld]:
    """Prepare a database, a broker and a mail server of their own; no worker runs yet."""
    owner = account()
    with scratch(owner) as home:
        ports = {name: free_port() for name in ("pg", "redis", "sink")}
        found = FaultsWorld(home, owner, ports, env=dict(os.environ))
        try:
            _prepare(found)
            yield found
        finally:
            found.end()


def _prepare(found: FaultsWorld) -> None:
    data = found.home / "pg"
    subprocess.run(
        [postgres_programs() / "initdb", "--pgdata", data, "--username", "peersupport",
         "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
        check=True, cwd=found.home, stdout=subprocess.DEVNULL, **found.owner.options,
    )  # type: ignore[call-overload]  # fmt: skip
    found.database()
    found.redis()
    make_roles(found._base(), "x")
    found.admin = found._base()
    common = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SECRET_KEY": "x" * 50,
        "PUBLIC_URL": "http://127.0.0.1",
        "DATA_DIR": str(found.home / "web"),
        "REDIS_URL": f"redis://127.0.0.1:{found.ports['redis']}/0",
        "EMAIL_URL": f"smtp://127.0.0.1:{found.ports['sink']}",
        "FAULTS": str(found.home),
    }
    found.env = {**common, "PLANE": "web", "DATABASE_URL": found.admin}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", TABLES],
        cwd=ROOT, env=found.env, check=True,
    )  # fmt: skip
    database = f"postgres://test_worker:x@127.0.0.1:{found.ports['pg']}/postgres"
    found.env = {**common, "PLANE": "worker", "DATABASE_URL": database}
