"""`manage.py seed_demo`: the demo's cast and a day with somebody in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from peersupport.core import clock
from peersupport.portal.demo_day import lay_out_day


class Command(BaseCommand):
    """Idempotent: reseeds the day at every call."""

    help = "Make the demo's people and hours for today (DEMO=1 only)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Lay out the day, or refuse outside the demo."""
        if not settings.DEMO:
            raise CommandError("seed_demo works with DEMO=1 only.")
        lay_out_day(now=clock.now())
        self.stdout.write("The demo's day is laid out.")
