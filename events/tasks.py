"""The timer of events. It carries nothing; late or twice is harmless."""

from celery import shared_task

from events.services import debriefs, places, said
from peersupport.core import clock


@shared_task(ignore_result=True)
def sweep() -> None:
    """End offers that ran out, move lines that stand, count what was said, notice who left."""
    now = clock.now()
    places.sweep(now=now)
    said.count_all(now=now)
    debriefs.notice_who_left(now=now)
