"""Waiting for something to become true, with patience for a busy machine."""

import time
from collections.abc import Callable

PATIENCE = 60.0


def wait_until(condition: Callable[[], object], what: str, within: float = PATIENCE) -> None:
    """Return once the condition holds; fail with `what` if it never does."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited {within:g} seconds in vain: {what}"
        time.sleep(0.05)
