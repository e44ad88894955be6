"""Timers that belong to the whole program."""

from celery import shared_task
from django.conf import settings

from peersupport.core import clock
from peersupport.core.datamap.services import forget_everything


@shared_task(ignore_result=True)
def forget() -> None:
    """Forget everything that is due, in every store."""
    forget_everything(now=clock.now())


@shared_task(ignore_result=True)
def keep_demo_fresh() -> None:
    """In the demo, see to it that somebody is always in."""
    if settings.DEMO:
        from peersupport.portal.demo_day import lay_out_day

        lay_out_day(now=clock.now())
