"""A rotation that the system kills is taken up by the next, and nothing is lost on the way."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
COUNT = 400
_FILL = """
from django.db import transaction
from peersupport.core import clock
from referrals.content import Content
from referrals.services import sending
from tests.referrals.care_host import outside
with transaction.atomic():
    for _ in range(COUNT):
        sending.insert(outside(clock.now()), Content(words="x"))
""".replace("COUNT", str(COUNT))
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a command of a demo of this test's own, which has both sides' keys."""
    env = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "DEMO": "1",
        "PYTHONPATH": os.getcwd(),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run(*words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


def _said(process: "subprocess.Popen[str]") -> str:
    out, log = process.communicate(timeout=300)
    assert process.returncode == 0, log
    return out


def _by_key(database: Path) -> list[int]:
    """Return how many data keys are wrapped for each key, as another process sees it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as link:
        count = "SELECT count(*) FROM referrals_wrap GROUP BY recipient ORDER BY 1"
        return [number for (number,) in link.execute(count)]


def test_a_rotation_killed_in_the_middle_is_taken_up_and_loses_nothing(
    start: Start, tmp_path: Path
) -> None:
    _said(start("migrate", "-v", "0"))
    _said(start("shell", "-v", "0", "-c", _FILL))
    database = tmp_path / "program.sqlite3"
    assert _by_key(database) == [COUNT]

    killed = start("care_keys", "rotate", "--early")
    while len(_by_key(database)) == 1 and killed.poll() is None:
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(60) == -signal.SIGKILL
    killed.communicate()
    done = _by_key(database)[0]
    assert 0 < done < COUNT
    assert f"referrals: {COUNT}, all well" in _said(start("care_keys", "verify"))

    said = _said(start("care_keys", "rotate"))
    assert "Epoch 2 goes on" in said
    assert f"Wrapped {COUNT - done} for it; 0 do not open." in said
    assert _by_key(database) == [COUNT, COUNT]
    assert f"referrals: {COUNT}, all well" in _said(start("care_keys", "verify"))
