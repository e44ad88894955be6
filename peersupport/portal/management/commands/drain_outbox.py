"""`manage.py drain_outbox`: one pass, for cron."""

from typing import Any

from django.core.management.base import BaseCommand

from peersupport.core import clock
from peersupport.core.outbox.auditors import audit
from peersupport.core.outbox.delivery import DrainResult
from peersupport.core.outbox.heartbeat import tick


class Command(BaseCommand):
    """Delivers what is due, and puts back what is missing, once."""

    help = "Deliver due messages once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Drain, audit, and print the counts."""
        done = tick(now=clock.now) or DrainResult()
        repaired = sum(max(0, count) for count in audit(now=clock.now()).values())
        self.stdout.write(
            f"sent {done.sent}, dropped {done.dropped}, retried {done.retried}, dead {done.dead},"
            f" put back {repaired}"
        )
        if done.is_stopped:
            self.stderr.write(f"No mail can be sent ({done.stopped_by}); it waits.")
