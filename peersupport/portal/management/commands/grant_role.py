"""`manage.py grant_role ADDRESS ROLE`: the first administrator, and whoever must not wait."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role
from peersupport.core import clock
from peersupport.core.actors import SYSTEM


class Command(BaseCommand):
    """Makes the account if there is none; the person still signs in with a code."""

    help = "Give a role to an address, making the account if need be. Recorded in the audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an address, a role and a name to show."""
        parser.add_argument("address")
        parser.add_argument("role", choices=[str(role) for role in Role])
        parser.add_argument("--called", default="", help="the name that students see")

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, or say what is wrong."""
        address, now = str(options["address"]).strip().lower(), clock.now()
        if "@" not in address or not address.isascii():
            raise CommandError("That is not an e-mail address.")
        person = Person.objects.filter(email=address).first()
        if person is None:
            called = str(options["called"])
            person = Person.objects.create_user(address, joined=now.date(), called=called)
        grant_role(person=person, role=Role(options["role"]), by=SYSTEM, now=now)
        self.stdout.write(f"Granted {options['role']}.")
