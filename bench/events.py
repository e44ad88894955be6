"""Sixty students tap for twenty places at the same moment, beside sixty bare pages.

Each pair is measured one after the other, three times; the middle ratio counts.
"""

import re
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.races.real_server import World

PEOPLE, PLACES, TURNS = 60, 20, 3
_MAKE = f"""
from peersupport.core import clock
from tests.events.scene import event
print("EVENT" + str(event(clock.now(), capacity={PLACES}).pk))
"""
_CROWD = f"""
from accounts.services import join_as_student
from peersupport.core import clock, ids
from tests.people import sign_in
for number in range({PEOPLE}):
    person = join_as_student(email=ids.new_id().hex + "@school.example", now=clock.now())
    print("COOKIE" + sign_in(person).cookies["session"].value)
"""


def _said(program: World, code: str, word: str) -> list[str]:
    return re.findall(rf"{word}(\S+)", program.manage("shell", "-v", "0", "-c", code))


def _seconds(calls: Sequence[Callable[[], object]]) -> float:
    with ThreadPoolExecutor(len(calls)) as pool:
        began = time.perf_counter()
        for done in [pool.submit(call) for call in calls]:
            done.result()
        return time.perf_counter() - began


def rush(program: World) -> None:
    """Print how long the crowd took, and how that compares with as many bare pages."""
    crowd = _said(program, _CROWD, "COOKIE")
    took, ratios = [], []
    for _turn in range(TURNS):
        [row] = _said(program, _MAKE, "EVENT")
        path = f"/events/{row}/going/"
        bare = _seconds([partial(program.get, "/bare/", cookie) for cookie in crowd])
        taps = [partial(program.post, path, cookie, {}) for cookie in crowd]
        took.append(_seconds(taps))
        ratios.append(took[-1] / bare)
    print(
        f"{PEOPLE} for {PLACES} places at once: {statistics.median(took):.2f} s,"
        f" {statistics.median(ratios):.1f} x as many bare pages at once"
    )
