"""`manage.py forget`: one pass, for cron; or one each hour, until it is stopped."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from peersupport.core import clock, daykey
from peersupport.core.datamap.services import forget_everything
from peersupport.core.sides import WEB, WORKER, acting_for

_HOUR = 3600


class Command(BaseCommand):
    """Forgets what is due in every store that this side may forget."""

    help = "Forget everything that is due. On PostgreSQL, what is due to PLANE's side."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice to go on."""
        parser.add_argument("--hourly", action="store_true", help="go on, once an hour")

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget and print the counts. One pass fails if any store failed; hourly goes on."""
        while options["hourly"]:
            try:
                self.forget()
            except (CommandError, DatabaseError) as error:
                self.stderr.write(type(error).__qualname__)
            connections.close_all()
            time.sleep(_HOUR)
        self.forget()

    def forget(self) -> None:
        """Do one pass. Raises CommandError if any store failed."""
        counts = forget_everything(now=clock.now())
        if acting_for() & {WEB, WORKER}:  # every host of these moves its own key on
            daykey.advance(clock.now())
        for store, count in counts.items():
            self.stdout.write(f"{store}: {'failed' if count < 0 else count}")
        if any(count < 0 for count in counts.values()):
            raise CommandError("Not everything could be forgotten; see the log.")
