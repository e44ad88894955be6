"""`manage.py init_care_keys`: make the key files of the care side, on its own host, once."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from peersupport.core import clock, keyfiles
from peersupport.core.keyfiles import KeysUnusable
from referrals.services import rotation

_SECRET = (keyfiles.CARE_ROOT_KEY, keyfiles.CARE_EPOCHS)


class Command(BaseCommand):
    """Never replaces a key file: that would make what is sealed unreadable."""

    help = "Make the care side's keys in KEYS_DIR. On the care host, once."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files, or refuse if there are any; say what goes where."""
        directory = Path(settings.KEYS_DIR)
        if settings.PLANE in ("web", "worker") and not settings.DEMO:
            raise CommandError(
                "This is for the care host (PLANE=care): the web side opens nothing."
            )
        if any((directory / name).exists() for name in _SECRET):
            raise CommandError(f"There are keys of the care side in {directory} already.")
        try:
            rotation.make_keys(directory, clock.now())
        except KeysUnusable as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Made the keys of the care side in {directory}.\n"
            f"Copy two files to KEYS_DIR of every web host, and nothing else, by a way on which "
            f"nobody can change them:\n"
            f"  {keyfiles.CARE_ROOT_PUB}  pins whose keys the web side believes\n"
            f"  {keyfiles.CARE_PUB}       seals where somebody in danger is\n"
            f"for example: scp {directory / keyfiles.CARE_ROOT_PUB} "
            f"{directory / keyfiles.CARE_PUB} web-host:.../keys/ (mode 0600).\n"
            f"Compare on both hosts: sha256sum {keyfiles.CARE_ROOT_PUB} {keyfiles.CARE_PUB}\n"
            f"Keep a sealed copy of {directory} apart from the database's backups.\n"
            "When the database is migrated: manage.py care_keys publish"
        )
