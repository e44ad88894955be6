"""`python -m bin.foreground COMMAND ...`: runs a command in the foreground, apart from make.

make ends with an error when Ctrl-C reaches it, whatever its recipe does. So the command gets a
process group of its own and, in a terminal, the terminal; this process stays in make's group,
passes stop signals on, and ends with the command's status.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from peersupport.core.processes import bound_to_parent, end_with_parent

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def our_terminal() -> int | None:
    """Return the terminal in whose foreground we are, or None."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        if os.tcgetpgrp(terminal) == os.getpgrp():
            return terminal
        os.close(terminal)
    except OSError:
        pass
    return None


def give_terminal(terminal: int | None, group: int) -> None:
    """Put a process group into the foreground. Asking from the background would stop us."""
    if terminal is None:
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError):
        os.tcsetpgrp(terminal, group)
    signal.signal(signal.SIGTTOU, before)


def stand_apart(terminal: int | None) -> Callable[[], None]:
    """Return what the command does before exec: own group, the terminal, bound to us."""
    bind = bound_to_parent(signal.SIGTERM)

    def apart() -> None:
        os.setpgid(0, 0)
        give_terminal(terminal, os.getpid())
        # Ctrl-Z would stop the command behind the back of make and the shell.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        bind()

    return apart


def make_is_ending(make: int) -> bool:
    """Return whether make (GNU make on Linux) was told to end and only waits for us.

    A signal sent to make alone is not passed on, except SIGTERM; but make stops catching it.
    """
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{make}/status").read_text().splitlines()
        caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
        return not int(caught, 16) >> (signal.SIGINT - 1) & 1
    return False


def main(command: list[str]) -> int:
    """Run the command and return its status."""
    make = os.getppid()
    watches_make = Path(f"/proc/{make}/comm").exists() and not make_is_ending(make)
    terminal = our_terminal()
    end_with_parent(signal.SIGTERM)
    process = subprocess.Popen(command, preexec_fn=stand_apart(terminal))
    for number in STOP_SIGNALS:
        signal.signal(number, lambda received, _: process.send_signal(received))
    while True:
        try:
            status = process.wait(timeout=1)
            break
        except subprocess.TimeoutExpired:
            if watches_make and make_is_ending(make):
                watches_make = False
                process.send_signal(signal.SIGTERM)
    give_terminal(terminal, os.getpgrp())
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
