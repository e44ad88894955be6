"""Doing things at the same moment, and taking guards away for a control."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from types import ModuleType
from typing import Any
from unittest import mock

from django.db import connection

from officehours import rules
from officehours.models import Visit
from officehours.services import locks
from peersupport.core.states import NotAllowedFrom


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Run all acts at the same moment, each on its own connection; return results or errors."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@contextmanager
def without_locks(kind: str) -> Iterator[None]:
    """Let nobody wait for anybody in locks of one kind."""
    real = locks.hold_in_order

    def hold(names: Iterable[locks.Name]) -> None:
        real([name for name in names if name[0] != kind])

    with mock.patch.object(locks, "hold_in_order", hold):
        yield


@contextmanager
def slow(place: ModuleType, name: str) -> Iterator[None]:
    """Make a function of a module take its time, so that what can overlap does."""
    real = getattr(place, name)

    def slowly(*args: Any, **more: Any) -> Any:
        found = real(*args, **more)
        time.sleep(0.3)
        return found

    with mock.patch.object(place, name, slowly):
        yield


@contextmanager
def unguarded_writes(steps: ModuleType) -> Iterator[None]:
    """Let a step write without looking at the state again: read, then write."""

    def take(visit: Visit, verb: str, *, now: Any, **fields: Any) -> Visit:
        target = rules.TRANSITIONS.target(visit.state, verb)
        if Visit.objects.filter(pk=visit.pk).update(state=target, changed_at=now, **fields) != 1:
            raise NotAllowedFrom(verb)
        return Visit.objects.get(pk=visit.pk)

    from officehours.services import calling

    with mock.patch.object(calling, "take_step", take):
        yield
