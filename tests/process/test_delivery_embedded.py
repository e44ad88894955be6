"""Delivering with SQLite and the folder broker: a smoke of what the others show at length."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bin.services import account, free_port, scratch
from tests.process.faults_world import TABLES, FaultsWorld
from tests.process.waiting import wait_until

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
COUNT = 200
_FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200)
INSERT INTO outbox_outgoing (id, kind, key, ref, due_at, expires_at, state, attempts, error,
                             message_id)
SELECT lower(hex(randomblob(16))), 'fault', randomblob(32),
       CAST('s' || n || '@school.example' AS BLOB), datetime('now', '-1 minute'),
       datetime('now', '+1 day'), 'due', 0, '', lower(hex(randomblob(16))) FROM numbers
"""


@contextmanager
def _embedded() -> Iterator[FaultsWorld]:
    with scratch(account()) as home:
        found = FaultsWorld(home, account(), {"sink": free_port()})
        found.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SECRET_KEY": "x" * 50,
            "PUBLIC_URL": "http://127.0.0.1",
            "DATA_DIR": str(home / "data"),
            "EMAIL_URL": f"smtp://127.0.0.1:{found.ports['sink']}",
            "FAULTS": str(home),
            "PLANE": "worker",
        }
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", TABLES]
        subprocess.run(command, cwd=ROOT, env={**found.env, "PLANE": "web"}, check=True)
        try:
            yield found
        finally:
            found.end()


def _ask(world: FaultsWorld, statement: str) -> int:
    path = next((world.home / "data").glob("*.sqlite3"))
    with closing(sqlite3.connect(path, timeout=20)) as link, link:
        found = link.execute(statement).fetchone()
        return int(found[0]) if found else 0


def test_a_killed_worker_and_two_beats_with_nothing_configured() -> None:
    with _embedded() as world:
        world.step(0)
        world.folder = world.home / "run"
        world.folder.mkdir()
        world.orders(pace=0.002)
        world.sink()
        _ask(world, _FILL)
        world.worker()
        world.beat()
        world.beat("second beat")
        world.wait_taken(COUNT // 8)
        world.kill("worker")
        assert len(world.taken()) < COUNT
        world.worker()

        world.wait_taken(COUNT)
        due = "SELECT count(*) FROM outbox_outgoing"
        wait_until(lambda: _ask(world, due) == 0, "nothing is due any more")
        assert sum(world.taken().values()) <= COUNT + 1
        assert _ask(world, "SELECT count(*) FROM outbox_tombstone") == COUNT
