"""`manage.py end_counselor EMAIL`: end somebody on the care host itself, the last lead too."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from peersupport.core import clock
from referrals.management.commands.first_lead import only_on_the_care_host
from referrals.services import counselors


class Command(BaseCommand):
    """For a lead who lost every passkey, with no other lead; then `first_lead` begins anew."""

    help = "End a counselor at once: sessions, passkeys and codes. On record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """End them, or say that there is nobody."""
        only_on_the_care_host()
        if not counselors.end_on_host(email=str(options["email"]).strip(), now=clock.now()):
            raise CommandError("Nobody with this address is there.")
        self.stdout.write("Ended.")
