"""`manage.py serve` for real: it answers, mends itself, ends whole, and refuses what it must."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.process.living import carrying
from tests.process.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
SERVE = [sys.executable, "manage.py", "serve"]
# What the tests themselves run with is not what a bare machine has.
NOT_CONFIGURED = (
    *("PLANE", "SECRET_KEY", "KEYS_DIR", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PUBLIC_URL"),
    *("DJANGO_SETTINGS_MODULE", "STUDENT_DOMAINS", "EXTRA_CRISIS_LINES"),
)


class Copy:
    """One copy of the program, in a data directory and on a port of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.mark = f"DATA_DIR={data_dir}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if name not in NOT_CONFIGURED}
        self.environment = {
            **kept,
            **{"DEMO": "1", "DATA_DIR": str(data_dir), "PORT": str(self.port)},
        }
        self.output = data_dir.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str] = SERVE) -> subprocess.Popen[bytes]:
        """Start it and wait until it greets."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(self.greeted_or_ended, "it says where it is", within=2 * PATIENCE)
        assert self.process.poll() is None, self.output.read_text()
        return self.process

    def greeted_or_ended(self) -> bool:
        """Return whether starting is over, well or not."""
        assert self.process is not None
        return "Ctrl-C stops it" in self.output.read_text() or self.process.poll() is not None

    def get(self, path: str) -> int:
        """Return the status of a page."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status

    def running(self, what: str) -> list[int]:
        """Return the processes of one part."""
        return [pid for pid, line in carrying(self.mark).items() if what in line]

    def has_others(self, what: str, than: set[int]) -> bool:
        """Return whether a part has processes that it did not have before."""
        return bool(set(self.running(what)) - than)

    def wait_empty(self) -> None:
        """Wait until nothing of it is alive."""
        wait_until(lambda: not carrying(self.mark), "nothing is left")


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """A copy that is gone after the test, whatever happened."""
    copy = Copy(tmp_path / "data")
    yield copy
    for pid in carrying(copy.mark):
        os.kill(pid, signal.SIGKILL)
    if copy.process:
        copy.process.wait()


def test_it_answers_mends_itself_and_ends_whole(copy: Copy) -> None:
    serve = copy.start()
    assert f"http://127.0.0.1:{copy.port}/demo/" in copy.output.read_text()
    assert copy.get("/") == 200
    wait_until(lambda: copy.get("/healthz") == 200, "it calls itself well")

    for part in ("celery --quiet --app peersupport.celery worker", "gunicorn"):
        before = set(copy.running(part))
        assert before
        os.kill(min(before), signal.SIGKILL)
        wait_until(partial(copy.has_others, part, before), f"{part} comes back")
        assert copy.get("/") == 200

    serve.send_signal(signal.SIGINT)
    assert serve.wait(PATIENCE) == 0
    assert copy.output.read_text().rstrip().endswith("Stopped.")
    assert "Traceback" not in copy.output.read_text()
    copy.wait_empty()


WAITS = """
from peersupport.core import clock, ids
from referrals.models import Referral, Routed
now = clock.now()
row = Referral.objects.create(
    code="P" + ids.new_id().hex[:7], kind="danger", urgency="urgent", consent="awaiting",
    request_key=ids.new_id(), received_at=now, ring_at=now, acknowledge_by=now)
Routed.objects.create(referral=row)
"""


def test_the_demo_rings_by_itself(copy: Copy) -> None:
    """Both sides in one worker, on a folder for a broker: the care side's clock goes too."""
    copy.start()
    wait_until(lambda: copy.get("/healthz") == 200, "both sides are well")
    mailbox = copy.data_dir / "mail"

    def to_dee() -> int:
        letters = [path.read_text() for path in mailbox.glob("*.eml")]
        return sum("To: dee@school.example" in each for each in letters)

    before = to_dee()
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", WAITS]
    subprocess.run(command, cwd=ROOT, env=copy.environment, check=True)
    # On duty or not, she leads: a danger waits for her word, whoever else is told of it.
    wait_until(lambda: to_dee() > before, "Dee has a message")


def test_nothing_outlives_a_killed_supervisor(copy: Copy) -> None:
    serve = copy.start()
    assert len(copy.running("gunicorn")) >= 3  # a master and its two workers
    serve.kill()
    copy.wait_empty()


def test_make_run_ends_with_make(copy: Copy) -> None:
    """The whole way: make, bin/run, bin/foreground.py, serve."""
    make = copy.start(["make", "run"])
    assert copy.get("/") == 200
    make.kill()
    copy.wait_empty()


def test_a_taken_port_is_said_before_anything_starts(copy: Copy) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", copy.port))
        other.listen()
        done = subprocess.run(
            SERVE, cwd=ROOT, env=copy.environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Port {copy.port} is already in use by another program. "
        "Choose another one, for example: make run PORT=8123\n"
    )
    assert not (copy.data_dir / "program.sqlite3").exists()


def test_a_second_copy_in_the_same_directory_is_refused(copy: Copy, tmp_path: Path) -> None:
    copy.data_dir.mkdir()
    with (copy.data_dir / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            SERVE, cwd=ROOT, env=copy.environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Another copy is running in ")
