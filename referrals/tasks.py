"""The care side's timer. It carries nothing; late or twice is harmless."""

from celery import shared_task

from peersupport.core import clock
from peersupport.core.outbox.kinds import own_sides
from referrals.services.rounds import go_round


@shared_task(ignore_result=True)
def care_tick() -> None:
    """Go round once, on the care side alone."""
    if "care" in own_sides():
        go_round(now=clock.now())
