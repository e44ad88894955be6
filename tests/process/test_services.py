"""The throw-away PostgreSQL and Redis beside `make test`: there, quiet, and gone after."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bin import services
from tests.process.living import carrying
from tests.process.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
WITH_SERVICES = [sys.executable, "-m", "bin.services"]
LOOK = """
import os, sys, psycopg2, redis
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
for name in sys.argv[1:]:
    cursor.execute("SHOW " + name)
    print(name, cursor.fetchone()[0])
sys.exit(7)
"""


def test_the_command_finds_both_and_its_status_is_kept(tmp_path: Path) -> None:
    quiet = ["log_min_error_statement", "log_error_verbosity", "log_statement"]
    mark = {"SERVICES_TEST": str(tmp_path)}
    done = subprocess.run(
        [*WITH_SERVICES, sys.executable, "-c", LOOK, *quiet],
        cwd=ROOT,
        env={**os.environ, **mark},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 7
    assert done.stdout.split("\n")[:3] == [
        "log_min_error_statement panic",
        "log_error_verbosity terse",
        "log_statement none",
    ]
    assert not carrying(f"SERVICES_TEST={tmp_path}")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_nothing_outlives_it(tmp_path: Path, signum: signal.Signals) -> None:
    ours = f"SERVICES_TEST={tmp_path}"
    here = tmp_path / "here"
    report = 'echo "$DATABASE_URL $REDIS_URL" >"$0.part"; mv "$0.part" "$0"; exec sleep 600'
    process = subprocess.Popen(
        [*WITH_SERVICES, "sh", "-c", report, str(here)],
        cwd=ROOT,
        env={**os.environ, "SERVICES_TEST": str(tmp_path)},
    )
    try:
        wait_until(here.exists, "the command runs")
        ports = [urlsplit(url).port or 0 for url in here.read_text().split()]
        [scratch] = [
            Path(line.split("-D ")[1].split()[0]).parent
            for line in carrying(ours).values()
            if "/postgres -D " in line
        ]
        assert [answers(port) for port in ports] == [True, True]
        process.send_signal(signum)
        process.wait(PATIENCE)
        wait_until(lambda: not carrying(ours), "no process is left", within=20)
        wait_until(lambda: not any(map(answers, ports)), "no service is left", within=20)
        if signum == signal.SIGTERM:
            assert not scratch.exists()
        shutil.rmtree(scratch, ignore_errors=True)
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Return whether anybody listens on a port. (Redis hides its environment from /proc.)"""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_machine_without_postgresql_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_PG_BIN", raising=False)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="PostgreSQL is not installed"):
        services.postgres_programs()
