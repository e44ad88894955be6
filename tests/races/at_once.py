"""Doing things at the same moment, and taking guards away for a control."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError, Event, local
from types import ModuleType
from typing import Any
from unittest import mock

from django.db import connection

from officehours import rules
from officehours.models import Visit
from peersupport.core import locks
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


_PATIENCE = 30.0  # seconds; only a test that fails waits so long


@contextmanager
def between(
    place: ModuleType, name: str, act: Callable[[], object]
) -> Iterator[Callable[[], object]]:
    """Let `act` happen wholly inside a function of a module, as soon as it is first called.

    Yields what to do at once beside whoever calls that function. Nothing hangs on how fast the
    machine is.
    """
    reached, done = Event(), Event()
    real = getattr(place, name)

    def wait(*args: Any, **more: Any) -> Any:
        found = real(*args, **more)
        reached.set()
        done.wait(_PATIENCE)
        return found

    def meanwhile() -> object:
        reached.wait(_PATIENCE)
        try:
            return act()
        finally:
            done.set()

    with mock.patch.object(place, name, wait):
        yield meanwhile


@contextmanager
def meeting(place: ModuleType, name: str, number: int = 2) -> Iterator[None]:
    """Let whoever first calls a function of a module wait until so many have: all have read
    before anybody writes, however fast the machine is."""
    real, gate, been = getattr(place, name), Barrier(number), local()

    def meet(*args: Any, **more: Any) -> Any:
        found = real(*args, **more)
        if not getattr(been, "here", False):
            been.here = True
            with suppress(BrokenBarrierError):
                gate.wait(_PATIENCE)
        return found

    with mock.patch.object(place, name, meet):
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
