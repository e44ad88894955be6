"""`manage.py init_keys`: make the key files of a new installation, once."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from peersupport.core import clock, daykey, keyfiles
from referrals import tagkey


class Command(BaseCommand):
    """Never replaces a key file: that would make what is sealed unreadable."""

    help = "Make the keyring and the day key in KEYS_DIR. Run once; then `manage.py migrate`."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files, or refuse if there are any."""
        directory = Path(settings.KEYS_DIR)
        if settings.PLANE == "care":
            raise CommandError("On the care host: `manage.py init_care_keys`.")
        ring = directory / keyfiles.KEYRING
        if ring.exists() or (directory / keyfiles.DAYKEY).exists():
            raise CommandError(f"There are key files in {directory} already.")
        keyfiles.write_private(ring, keyfiles.new_keyring(), replace=False)
        daykey.create(clock.now())
        tagkey.create(clock.now())
        self.stdout.write(
            f"Made {keyfiles.KEYRING}, {keyfiles.DAYKEY} and {tagkey.FILE} in {directory}."
        )
        self.stdout.write(
            "What can open something is made on the care host, by `manage.py init_care_keys`. "
            f"From there come {keyfiles.CARE_ROOT_PUB} and {keyfiles.CARE_PUB}, and nothing else."
        )
        self.stdout.write(
            "Keep a sealed copy of the keyring; never copy the day key or the tag key to a backup."
        )
