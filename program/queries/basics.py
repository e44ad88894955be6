"""What every page needs to know about this program."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import Error

from peersupport.core.ui import crisis
from program.models import Facts

_FRESH_SECONDS = 15


@dataclass(frozen=True, slots=True)
class FactsNow:
    """The program's zone, the version of everything public, and what every key is set to."""

    zone: ZoneInfo
    version: bytes
    values: Mapping[str, Any] = field(default_factory=dict)


_lock = threading.Lock()
# What this process read last, and when: for pages that ask the database nothing.
_last: list[tuple[FactsNow, float]] = []


def facts() -> FactsNow:
    """Return the program's facts: one query; the settings' zone until a row exists."""
    row = Facts.objects.filter(pk=1).values_list("zone", "public_version", "settings").first()
    if row is None:
        found = FactsNow(ZoneInfo(settings.PROGRAM_ZONE), b"")
    else:
        found = FactsNow(ZoneInfo(row[0]), bytes(row[1]), row[2])
    # Pages that ask the database nothing show these, and so does a process that cannot reach it.
    crisis.publish(found.values.get(crisis.SETTING))
    with _lock:
        # Not the frozen clock of a test: this is the age of a memory, not a moment.
        _last[:] = [(found, time.perf_counter())]
    return found


def remembered(*, may_ask: bool = False) -> FactsNow | None:
    """Return what this process read last; costs nothing after `facts` in the same request.

    With `may_ask` a memory older than some seconds is refreshed; if the database does not answer,
    the old one stands. None if nothing was read since the process started.
    """
    with _lock:
        last = _last[0] if _last else None
    if last is None:
        return None
    if may_ask and time.perf_counter() - last[1] > _FRESH_SECONDS:
        try:
            return facts()
        except Error:
            return last[0]
    return last[0]


def forget_memory() -> None:
    """Forget what was read: for tests, each of which has a database of its own."""
    with _lock:
        _last.clear()
