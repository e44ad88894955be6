"""The program's own Celery app with short times, a kind of its own and a clock that can be set.

FAULTS is a folder; `step` in it holds the seconds by which this machine's clock is wrong.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery import signals

from peersupport.celery import app

__all__ = ["app"]
_STEP = Path(os.environ["FAULTS"]) / "step"

app.conf.beat_schedule = {
    "deliver": {
        "task": "peersupport.core.outbox.tasks.tick",
        "schedule": 0.5,
        "options": {"expires": 5},
    }
}


@signals.worker_init.connect
def shorten(**_: Any) -> None:
    """Let leases and waits be short, and the clock be what the test says."""
    from django.conf import settings

    from peersupport.core import clock
    from peersupport.core.outbox import delivery, kinds, marks

    real = clock.now

    def stepped() -> datetime:
        return real() + timedelta(seconds=float(_STEP.read_text() or 0))

    def compose(row: Any, now: datetime) -> kinds.Letter:
        return kinds.Letter(bytes(row.ref).decode(), "You have a message", "text", "<p>text</p>")

    clock.now = stepped
    kinds.register(kinds.Kind(name="fault", asked=True, compose=compose))
    marks.LEASE, marks.RENEW = timedelta(seconds=4), timedelta(seconds=1)
    marks.IMPOSSIBLE = timedelta(seconds=8)
    marks._FIRST_WAIT = timedelta(seconds=0.5)
    delivery.BEHIND = timedelta(seconds=0.5)
    settings.EMAIL_TIMEOUT = 1
