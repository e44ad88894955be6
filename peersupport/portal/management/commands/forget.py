"""`manage.py forget`: one pass, for cron."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from peersupport.core import clock
from peersupport.core.datamap.services import forget_everything


class Command(BaseCommand):
    """Forgets what is due in every store, once."""

    help = "Forget everything that is due, in every store."

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget and print the counts. Fails if any store failed."""
        counts = forget_everything(now=clock.now())
        for store, count in counts.items():
            self.stdout.write(f"{store}: {'failed' if count < 0 else count}")
        if any(count < 0 for count in counts.values()):
            raise CommandError("Not everything could be forgotten; see the log.")
