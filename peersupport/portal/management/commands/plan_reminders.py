"""`manage.py plan_reminders`: one pass, for cron."""

from typing import Any

from django.core.management.base import BaseCommand

from peersupport.core import clock
from reminders.services.planning import plan


class Command(BaseCommand):
    """Writes what campaigns say in the next days into the outbox, once."""

    help = "Plan what campaigns say in the next days."

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan and print the counts."""
        done = plan(now=clock.now())
        self.stdout.write(f"put {done.put}, taken back {done.taken_back}")
