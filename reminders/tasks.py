"""Timers of reminders."""

from celery import shared_task

from peersupport.core import clock
from reminders.services import planning


@shared_task(ignore_result=True)
def plan() -> None:
    """Write what campaigns say in the next days into the outbox."""
    planning.plan(now=clock.now())
