"""`manage.py care_verify`: the same as `care_keys verify`, for cron. Exit status 1 on a break."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Looks whether everything opens and nothing was edited; says what is not as it must be."""

    help = "Look whether everything on the care side opens and nothing was edited."

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand on to `care_keys verify`."""
        call_command("care_keys", "verify", stdout=self.stdout)
