"""`manage.py reset_factors ADDRESS`: for whoever has lost everything, where no two can agree."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from accounts.services.resets import reset_from_shell
from peersupport.core import clock
from peersupport.core.actors import SYSTEM


class Command(BaseCommand):
    """Takes second factors away. The person is told, and signs in with a code to their address."""

    help = "Take somebody's second factors away. Recorded in the audit; the person is told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an address."""
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take them away, or say what is wrong."""
        address = str(options["address"]).strip().lower()
        person = Person.objects.filter(email=address).first()
        if person is None:
            raise CommandError("Nobody has this address.")
        reset_from_shell(person=person, by=SYSTEM, now=clock.now())
        self.stdout.write("Taken away.")
