"""Processes that must not outlive the one that started them (Linux; elsewhere nothing is asked).

Standard library only: the helpers in `bin/` use this too.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
# Looked up here, not between fork and exec, where little may be done safely.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def end_with_parent(signum: signal.Signals) -> None:
    """Ask the kernel to send this process `signum` when its parent ends, however it ends."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)


def bound_to_parent(signum: signal.Signals) -> Callable[[], None]:
    """Return what to run in a new child before exec, so that it ends with this process.

    Call it in the main thread: the kernel watches the thread that forks, not the process.
    """
    parent = os.getpid()

    def bind() -> None:
        end_with_parent(signum)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return bind
