"""`manage.py drain_outbox`: one pass, for cron."""

from typing import Any

from django.core.management.base import BaseCommand

from peersupport.core import clock
from peersupport.core.outbox.delivery import drain


class Command(BaseCommand):
    """Delivers what is due, once."""

    help = "Deliver due messages once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Drain and print the counts."""
        done = drain(now=clock.now)
        self.stdout.write(
            f"sent {done.sent}, dropped {done.dropped}, retried {done.retried}, dead {done.dead}"
        )
