"""One round of the care side's clock: everything it does by itself, and that it did it.

Each step fails alone, and is logged by its name and no more. The clock is noted only after a
round that got through routing and ringing: a round that did not counts as a clock that stands,
and a clock that stands is an alarm (`referrals.queries.clock`).
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from peersupport.core import clock as program_clock
from peersupport.core.datamap.registry import stores
from peersupport.core.outbox.delivery import drain
from referrals.queries.clock import last_round
from referrals.services import chain, clock, desk, held, ladder, routing

_log = logging.getLogger(__name__)
FORGETS_EVERY = timedelta(hours=1)
FAILED = -1


def _forget(now: datetime) -> int:
    """Forget what is due in the stores of the care side. One that fails stops no other."""
    counts = [
        _safely(f"forget {store.key}", partial(store.forget, now=now))
        for store in stores()
        if store.side == "care" and store.forget is not None
    ]
    if FAILED in counts:
        raise RuntimeError
    return sum(counts)


def _forget_hourly(now: datetime) -> int:
    """Forget in the first round of each hour, and in every one while rounds fail."""
    last = last_round(now)
    is_new = last is None or int(last.timestamp()) // 3600 != int(now.timestamp()) // 3600
    return _forget(now) if is_new else 0


def _drain(now: datetime) -> int:
    return drain(now=program_clock.now).sent


def _safely(name: str, step: Callable[[], int]) -> int:
    try:
        return step()
    except Exception as error:
        _log.error("the care side failed to %s: %s", name, type(error).__qualname__)
        return FAILED


def go_round(*, now: datetime) -> dict[str, int]:
    """Go round once. Returns what each step did; -1 for one that failed.

    May run twice, late, or beside itself: what each step does is guarded by its rows.
    """
    steps: dict[str, Callable[[], int]] = {
        "settle": lambda: desk.settle_withdrawn(now=now),
        "route": lambda: routing.route_new(now=now),
        "ring": lambda: ladder.ring_due(now=now),
        "ask": lambda: ladder.ask_to_confirm(now=now),
        "tell": lambda: ladder.tell_undelivered(now=now),
        "held": lambda: held.tell_held(now=now),
        "drain": lambda: _drain(now),
        "seal": lambda: chain.seal_chain(now=now),
        "forget": lambda: _forget_hourly(now),
    }
    done = {name: _safely(name, step) for name, step in steps.items()}
    if FAILED not in (done["route"], done["ring"], done["held"]):
        clock.note(now)
    return done
