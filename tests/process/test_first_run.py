"""A school begins, for real: an empty folder, the served program, a mail server, Chromium."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.journeys.beginning import prepares, publishes, signs_in
from tests.journeys.story import tell
from tests.process.spool import code_in, mail_server, received
from tests.process.test_serve import NOT_CONFIGURED, ROOT, Copy
from tests.process.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.process, pytest.mark.browser]


def _configured(copy: Copy, mail: str) -> None:
    """Give a copy the environment of a small school: no demo, its own mail server."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_CONFIGURED}
    copy.environment = {
        **{name: value for name, value in kept.items() if name != "DEMO"},
        "PLANE": "web",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATA_DIR": str(copy.data_dir),
        "PORT": str(copy.port),
        "EMAIL_URL": mail,
        "PUBLIC_URL": f"http://127.0.0.1:{copy.port}",
        "STUDENT_DOMAINS": "school.example",
        "EXTRA_CRISIS_LINES": "On-call counselor|555-0100",
    }


def _manage(copy: Copy, *words: str) -> None:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=copy.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _code_to(spool: Path, address: str) -> Callable[[], str]:
    return lambda: code_in(spool, address)


def _was_told(spool: Path, address: str) -> bool:
    return any(address in letter.to for letter in received(spool))


def test_a_school_begins_from_an_empty_folder(tmp_path: Path) -> None:
    copy, spool = Copy(tmp_path / "run"), tmp_path / "spool"
    copy.data_dir.mkdir(mode=0o700)
    with mail_server(spool) as mail:
        _configured(copy, mail)
        begun = time.perf_counter()
        _manage(copy, "init_keys")
        _manage(copy, "migrate", "--no-input")
        _manage(copy, "grant_role", "ida@school.example", "administrator")
        process = copy.start()
        try:
            server = SimpleNamespace(url=f"http://127.0.0.1:{copy.port}")
            with tell(server, "first-run-served", {}, script=True) as story:
                ida = story.reader()
                signs_in(ida, _code_to(spool, "ida@school.example"), lambda: datetime.now(UTC))
                prepares(ida)
                publishes(ida)
                assert time.perf_counter() - begun < 30 * 60
                # The worker tells Sol, who signs in and finds the hours.
                sol = "sol@school.example"
                wait_until(lambda: _was_told(spool, sol), "Sol is told", within=2 * PATIENCE)
                reader = story.reader()
                reader.goes_to("/accounts/sign-in/?next=/hours/")
                reader.fills("Your school e-mail", sol)
                reader.presses("Send me a code")
                reader.fills("Code", code_in(spool, sol))
                reader.presses("Sign in")
                reader.reads("Room 214")
                visitor = story.reader()
                visitor.goes_to("/")
                visitor.reads("Next:")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
