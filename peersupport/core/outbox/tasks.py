"""The wake-up's other end."""

from celery import shared_task

from peersupport.core import clock
from peersupport.core.outbox.delivery import drain as drain_due


@shared_task(ignore_result=True)
def drain() -> None:
    """Deliver what is due."""
    drain_due(now=clock.now)
