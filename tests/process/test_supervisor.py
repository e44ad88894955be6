"""The supervisor with small parts: order, restarts, Ctrl-C through make, nothing outlives it."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.living import carrying
from tests.process.small_world import NAMES
from tests.process.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
# Makes its standard input the terminal of its session, then becomes the command.
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
WORLD = [sys.executable, "-m", "tests.process.small_world"]


class World:
    """One run, marked in the environment of everything that belongs to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"SMALL_WORLD={folder}"
        self.environment = {**os.environ, "SMALL_WORLD": str(folder)}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, command: list[str], **options: int) -> subprocess.Popen[str]:
        """Start a command in a session of its own, as a shell would in a new terminal."""
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        process: subprocess.Popen[str] = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            text=True,
            start_new_session=True,
            **(streams | options),
        )
        self.started.append(process)
        return process

    def ready(self, *faults: str) -> subprocess.Popen[str]:
        """Start the supervisor and wait until its parts run."""
        process = self.start([*WORLD, str(self.folder), *faults])
        self.wait_ready()
        return process

    def wait_ready(self) -> None:
        """Wait until all parts run."""
        wait_until((self.folder / "ready").exists, "all parts started")

    def makefile(self) -> list[str]:
        """Write a makefile that runs the supervisor the way `make run` does."""
        command = " ".join([sys.executable, "-m", "bin.foreground", *WORLD, str(self.folder)])
        (self.folder / "makefile").write_text(f"run:\n\t@{command}\n")
        return ["make", "-f", str(self.folder / "makefile"), "run"]

    def log(self) -> list[str]:
        """Return what the parts noted."""
        return (self.folder / "log").read_text().splitlines()

    def pid(self, name: str) -> int:
        """Return the process id of a part."""
        return int((self.folder / f"{name}.pid").read_text())

    def wait_empty(self) -> None:
        """Wait until nothing of it is alive."""
        wait_until(lambda: not carrying(self.mark), "nothing is left", within=15)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world that is gone after the test, whatever happened."""
    world = World(tmp_path)
    yield world
    for pid in carrying(world.mark):
        os.kill(pid, signal.SIGKILL)
    for process in world.started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_parts_end_in_order_and_with_status_0(world: World, signum: signal.Signals) -> None:
    supervisor = world.ready()
    supervisor.send_signal(signum)
    assert supervisor.wait(PATIENCE) == 0
    assert world.log()[-3:] == ["end third", "end second", "end first"]
    world.wait_empty()


def test_only_the_supervisor_hears_the_terminal(world: World) -> None:
    """Ctrl-C goes to a whole process group; the parts are in others."""
    supervisor = world.ready()
    os.killpg(supervisor.pid, signal.SIGINT)
    assert supervisor.wait(PATIENCE) == 0
    assert not [line for line in world.log() if line.startswith("interrupted")]


def test_a_killed_part_comes_back_and_its_own_children_do_not_stay(world: World) -> None:
    supervisor = world.ready()
    before = carrying(world.mark)
    os.kill(world.pid("second"), signal.SIGKILL)
    wait_until(lambda: world.log().count("start second") == 2, "the part starts again")
    wait_until(lambda: len(carrying(world.mark)) == len(before), "as many processes as before")
    supervisor.terminate()
    assert supervisor.wait(PATIENCE) == 0
    world.wait_empty()


def test_a_part_that_does_not_end_is_killed(world: World) -> None:
    supervisor = world.ready("second=deaf")
    supervisor.terminate()
    assert supervisor.wait(PATIENCE) == 0
    assert world.log()[-3:] == ["end third", "end second", "end first"]
    world.wait_empty()


def test_a_part_that_never_starts_ends_the_start(world: World) -> None:
    supervisor = world.start([*WORLD, str(world.folder), "second=fails"])
    output, _ = supervisor.communicate(timeout=PATIENCE)
    assert supervisor.returncode == 1
    assert "The second does not start." in output
    world.wait_empty()


def test_nothing_outlives_a_killed_supervisor(world: World) -> None:
    supervisor = world.ready()
    assert set(NAMES) == {path.stem for path in world.folder.glob("*.pid")}
    supervisor.kill()
    wait_until(
        lambda: not [cmd for cmd in carrying(world.mark).values() if " as " in cmd],
        "no part is left",
        within=15,
    )


def test_ctrl_c_in_a_terminal_ends_make_with_status_0(world: World) -> None:
    """Without bin/foreground.py make says "Interrupt" and fails."""
    keyboard, terminal = pty.openpty()
    try:
        streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
        make = world.start([sys.executable, "-c", IN_TERMINAL, *world.makefile()], **streams)
        world.wait_ready()
        os.write(keyboard, b"\x03")
        assert make.wait(PATIENCE) == 0
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert world.log()[-3:] == ["end third", "end second", "end first"]
    world.wait_empty()


@pytest.mark.parametrize(
    "signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda signum: signum.name
)
def test_everything_ends_with_make(world: World, signum: signal.Signals) -> None:
    """A signal to make alone, which passes on SIGTERM only."""
    make = world.start(world.makefile(), stderr=subprocess.DEVNULL)
    world.wait_ready()
    make.send_signal(signum)
    make.wait(PATIENCE)
    wait_until(lambda: world.log()[-1] == "end first", "the parts end in order")
    world.wait_empty()


def test_a_signal_to_the_whole_group_ends_make(world: World) -> None:
    make = world.start(world.makefile(), stderr=subprocess.DEVNULL)
    world.wait_ready()
    os.killpg(make.pid, signal.SIGINT)
    make.wait(PATIENCE)
    assert world.log()[-3:] == ["end third", "end second", "end first"]
    world.wait_empty()
