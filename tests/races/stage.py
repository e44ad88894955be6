"""Two acts, the second in the middle of the first: races that do not hang on the machine."""

import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import ModuleType
from typing import Any
from unittest import mock

GUARDED, FREE = 1.0, 20.0


class Stage:
    """Two acts of which the second begins in the middle of the first, at a named step of it.

    The first then waits for the second to be done, or to have come to `until`. A guard makes the
    second wait for the first: then that lasts `patience`, and the first goes on.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.begun, self.done = Event(), Event()

    def second(self, act: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            self.begun.wait(20)
            try:
                return act()
            finally:
                self.done.set()

        return run

    @contextmanager
    def in_the_middle(self, place: ModuleType, name: str) -> Iterator[None]:
        real = getattr(place, name)

        def step(*args: Any, **more: Any) -> Any:
            found = real(*args, **more)
            if self.begun.is_set():  # the second comes here too
                return found
            self.begun.set()
            if self.done.wait(self.patience):
                clock.sleep(1)  # what the second does next waits for the first by itself
            return found

        with mock.patch.object(place, name, step):
            yield

    @contextmanager
    def until(self, place: ModuleType, name: str) -> Iterator[None]:
        real = getattr(place, name)

        def step(*args: Any, **more: Any) -> Any:
            found = real(*args, **more)
            self.done.set()
            return found

        with mock.patch.object(place, name, step):
            yield
