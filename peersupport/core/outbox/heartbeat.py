"""The timer's round, and the word to whoever watches from outside that it went well.

The watcher raises the alarm when the word does not come: nothing here has to work for that.
"""

import logging
import threading
import urllib.request
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from peersupport.core.outbox import notes
from peersupport.core.outbox.delivery import DrainResult, drain

_log = logging.getLogger(__name__)
_WITHIN = 5.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nobody anywhere else."""

    def redirect_request(self, *_args: object, **_more: object) -> None:
        """Refuse."""


_busy, _asked = threading.Lock(), threading.Event()


def drain_alone(*, now: Callable[[], datetime]) -> DrainResult | None:
    """Deliver what is due, unless another thread of this process does: then it goes on for us.

    The other threads stay free for the other timers, and a killed process had one message in hand.
    """
    done = None
    _asked.set()
    while _asked.is_set() and _busy.acquire(blocking=False):
        try:
            _asked.clear()
            done = drain(now=now)
        finally:
            _busy.release()
    return done


def tick(*, now: Callable[[], datetime]) -> DrainResult | None:
    """Deliver what is due as the timer asks for it; note the timer, and tell the watcher."""
    notes.note_tick(now())
    done = drain_alone(now=now)
    if done is not None and not done.is_stopped:
        beat()
    return done


def beat() -> bool:
    """Ask for HEARTBEAT_URL, with nothing in it. Never fails. Returns whether it answered."""
    if not settings.HEARTBEAT_URL:
        return False
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
    try:
        with opener.open(settings.HEARTBEAT_URL, timeout=_WITHIN):
            return True
    except (OSError, ValueError) as error:
        _log.warning("the heartbeat was not heard: %s", type(error).__qualname__)
        return False
