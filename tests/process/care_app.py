"""The program's own Celery app, which stops where a test says: at the worst moment.

STOP_AT names the moment and STOP_MARK a file that then appears; QUICK lets the beat go every
second. Without them it is the app as it is.
"""

import os
import time
from pathlib import Path
from typing import Any

from celery import signals

from peersupport.celery import app

__all__ = ["app"]

if os.environ.get("QUICK"):
    app.conf.beat_schedule = {
        name: {**entry, "schedule": 1.0, "options": {"expires": 5}}
        for name, entry in app.conf.beat_schedule.items()
    }


def _stop() -> None:
    Path(os.environ["STOP_MARK"]).touch()
    time.sleep(600)


@signals.worker_init.connect
def stop_where_told(**_: Any) -> None:
    """Hold this worker at one moment of a ring, so that it can be killed right there."""
    from referrals import care_emails
    from referrals.services import ladder

    tell, note = care_emails.tell, ladder._note

    def told_one(*args: Any, **more: Any) -> bool:
        done = tell(*args, **more)
        _stop()
        return done

    def noted(*args: Any) -> int:
        done = note(*args)
        _stop()
        return done

    if os.environ.get("STOP_AT") == "before the commit":
        care_emails.tell = told_one
    elif os.environ.get("STOP_AT") == "after the commit":
        ladder._note = noted  # type: ignore[assignment]
