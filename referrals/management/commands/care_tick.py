"""`manage.py care_tick`: one round of the care side's clock, for cron."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from peersupport.core import clock
from peersupport.core.outbox.kinds import own_sides
from referrals.services.rounds import FAILED, go_round


class Command(BaseCommand):
    """Goes round once."""

    help = "Route, ring, deliver and forget once, on the care side."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go round and print the counts. Fails if any step failed."""
        if "care" not in own_sides():
            raise CommandError("This is not the care side: PLANE must be care.")
        done = go_round(now=clock.now())
        for name, count in done.items():
            self.stdout.write(f"{name}: {'failed' if count == FAILED else count}")
        if FAILED in done.values():
            raise CommandError("Not every step went through; see the log.")
