"""The timer of events. It carries nothing; late or twice is harmless."""

from celery import shared_task

from events.services import places
from peersupport.core import clock


@shared_task(ignore_result=True)
def sweep() -> None:
    """End offers that ran out, and move lines that stand."""
    places.sweep(now=clock.now())
