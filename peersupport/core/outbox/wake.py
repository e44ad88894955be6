"""Waking the drain. A wake-up carries nothing; losing one costs one tick of the beat."""

import contextlib
import logging

from celery import current_app

_log = logging.getLogger(__name__)
DRAIN = "peersupport.core.outbox.tasks.drain"


def wake(task: str = DRAIN) -> None:
    """Ask a worker to drain soon. Never fails: with no broker the next tick or cron does it.

    Other timers are woken in the same way, each by the name of its task.
    """
    try:
        current_app.send_task(task, expires=60, retry=False, ignore_result=True)
    except Exception as error:
        with contextlib.suppress(Exception):
            _log.warning("no wake-up sent: %s", type(error).__qualname__)
