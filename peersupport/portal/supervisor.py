"""Runs the parts of the program as children of one process: restarts them, and ends them all.

Every child leads a session of its own, so that Ctrl-C in a terminal reaches only the supervisor,
and is bound to it by the kernel, so that even `kill -9` of the supervisor leaves nothing running.
"""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from peersupport.core.processes import bound_to_parent

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# A child that lived this long was well: its next failure counts as the first one again.
WELL_AFTER = 30.0
# Before the program has answered once, this many failures in a row end the start.
GIVE_UP_AFTER = 5
# One Ctrl-C may arrive twice (terminal, make); only a later one means "at once".
SAME_STOP = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One child: what runs, what it inherits, and how long it may take to end by itself."""

    name: str
    command: Sequence[str]
    pass_fds: tuple[int, ...] = ()
    stop_within: float = 10.0


@dataclass(slots=True)
class _Child:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


@dataclass
class Supervisor:
    """Keeps parts running until a stop signal comes.

    `answers` is asked until it is true for the first time, then `when_ready` is called once.
    Parts start in the given order and end in the opposite one.
    """

    parts: Sequence[Part]
    cwd: Path
    say: Callable[[str], None]
    answers: Callable[[], bool] = lambda: True
    when_ready: Callable[[], None] = lambda: None
    _children: list[_Child] = field(default_factory=list, init=False)
    _stops: list[float] = field(default_factory=list, init=False)
    _bell: socket.socket = field(init=False)

    def run(self) -> int:
        """Start everything and stay until told to stop. Returns the exit status."""
        self._children = [_Child(part) for part in self.parts]
        with self._signals():
            try:
                return self._watch()
            finally:
                self._end_all()

    def _watch(self) -> int:
        is_ready = False
        while not self._stops:
            for child in self._children:
                self._tend(child)
                if not is_ready and child.failures >= GIVE_UP_AFTER:
                    self.say(f"The {child.part.name} does not start. Its message is above.")
                    return 1
            if not is_ready and self.answers():
                is_ready = True
                self.when_ready()
            self._sleep(self._pause(is_ready))
        return 0

    def _tend(self, child: _Child) -> None:
        """Notice the end of a child, and start it when its time has come."""
        now = time.monotonic()
        if child.process is not None and _has_ended(child.process):
            _kill_session(child.process)
            status = child.process.wait()
            child.process = None
            child.failures = 1 if now - child.started_at > WELL_AFTER else child.failures + 1
            pause = min(FIRST_PAUSE * 2 ** (child.failures - 1), LONGEST_PAUSE)
            child.start_at = now + pause
            self.say(
                f"The {child.part.name} ended (status {status}); starting it again "
                f"in {pause:g} seconds."
            )
        if child.process is None and now >= child.start_at:
            child.started_at = now
            child.process = subprocess.Popen(  # noqa: S603 - the commands are our own
                child.part.command,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=child.part.pass_fds,
                preexec_fn=bound_to_parent(signal.SIGKILL),  # noqa: PLW1509 - one thread here
            )

    def _pause(self, is_ready: bool) -> float:
        """Return how long there is nothing to do. The end of a child rings the bell."""
        if not is_ready:
            return 0.3
        waiting = [child.start_at for child in self._children if child.process is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else 10.0

    def _end_all(self) -> None:
        """End the parts one after the other, the last one started first."""
        for child in reversed(self._children):
            if child.process is None:
                continue
            with suppress(ProcessLookupError):
                child.process.terminate()
            deadline = time.monotonic() + child.part.stop_within
            while not _has_ended(child.process):
                left = deadline - time.monotonic()
                if left <= 0 or self._told_again():
                    break
                self._sleep(min(left, 0.5))
            _kill_session(child.process)
            child.process.wait()
            child.process = None

    def _told_again(self) -> bool:
        return len(self._stops) > 1 and self._stops[-1] - self._stops[0] > SAME_STOP

    def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than until the next signal."""
        if select.select([self._bell], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                while self._bell.recv(64):
                    pass

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Count stop signals and let every signal end the current wait."""
        self._bell, clapper = socket.socketpair()
        self._bell.setblocking(False)
        clapper.setblocking(False)
        before = {
            number: signal.signal(number, lambda *_: self._stops.append(time.monotonic()))
            for number in STOP_SIGNALS
        }
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        old_wakeup = signal.set_wakeup_fd(clapper.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old_wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._bell.close()
            clapper.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a child has ended, without releasing its number for others to take."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill a child and whatever it started. Its number is still its own: it is not reaped yet."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
