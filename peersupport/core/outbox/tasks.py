"""The wake-up's other end, and the timers of the outbox."""

from celery import shared_task

from peersupport.core import clock
from peersupport.core.outbox.auditors import audit as audit_all
from peersupport.core.outbox.heartbeat import drain_alone
from peersupport.core.outbox.heartbeat import tick as tick_all


@shared_task(ignore_result=True)
def drain() -> None:
    """Deliver what is due."""
    drain_alone(now=clock.now)


@shared_task(ignore_result=True)
def tick() -> None:
    """Deliver what is due, and note that the timer goes."""
    tick_all(now=clock.now)


@shared_task(ignore_result=True)
def audit() -> None:
    """Put back what ought to be on its way and is not."""
    audit_all(now=clock.now())
