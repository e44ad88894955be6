"""The timer of events. It carries nothing; late or twice is harmless."""

from celery import shared_task

from events.services import places, said
from peersupport.core import clock


@shared_task(ignore_result=True)
def sweep() -> None:
    """End offers that ran out, move lines that stand, and count what was said afterwards."""
    now = clock.now()
    places.sweep(now=now)
    said.count_all(now=now)
