"""Waking the drain. A wake-up carries nothing; losing one costs one tick of the beat."""

import contextlib
import logging

from celery import current_app

_log = logging.getLogger(__name__)
DRAIN = "peersupport.core.outbox.tasks.drain"


def wake() -> None:
    """Ask a worker to drain soon. Never fails: with no broker the next tick or cron does it."""
    try:
        current_app.send_task(DRAIN, expires=60, retry=False, ignore_result=True)
    except Exception as error:
        with contextlib.suppress(Exception):
            _log.warning("no wake-up sent: %s", type(error).__qualname__)
