"""`manage.py first_lead NAME EMAIL`: the first lead counselor, on the care host itself."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from peersupport.core import clock
from referrals import rules
from referrals.services import counselors


def only_on_the_care_host() -> None:
    """Refuse everywhere else: the web side's hosts have no key with which to make a counselor."""
    if settings.PLANE not in ("care", "all"):
        raise CommandError("This works on the care host only (PLANE=care).")


class Command(BaseCommand):
    """Prints a code to be typed, with the address, on /care/join/."""

    help = "Ask the first lead counselor to join. Refused while there is one. Prints a code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a name and an address."""
        parser.add_argument("name", help="the name that students see")
        parser.add_argument("email", help="their work e-mail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, or say what is wrong."""
        only_on_the_care_host()
        name, email = str(options["name"]).strip(), str(options["email"]).strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError("That is not an e-mail address.") from None
        if not 0 < len(name) <= 40 or not name.isprintable():
            raise CommandError("The name must have 1 to 40 letters.")
        try:
            asked = counselors.first_lead(name=name, email=email, now=clock.now())
        except rules.LeadIsThere:
            raise CommandError(
                "A lead counselor is there already: they ask the next one on /care/people/."
            ) from None
        except rules.AlreadyThere:
            raise CommandError("Somebody with this address is there already.") from None
        self.stdout.write(asked.code)
        self.stderr.write(
            "They type it with their address on /care/join/ within a day. It lets one person in "
            "and is shown only here."
        )
