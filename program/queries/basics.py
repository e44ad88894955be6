"""What every page needs to know about this program."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings

from program.models import Facts


@dataclass(frozen=True, slots=True)
class FactsNow:
    """The program's zone and the version of everything public."""

    zone: ZoneInfo
    version: bytes


def facts() -> FactsNow:
    """Return the program's facts: one query; the settings' zone until a row exists."""
    row = Facts.objects.filter(pk=1).values_list("zone", "public_version").first()
    if row is None:
        return FactsNow(ZoneInfo(settings.PROGRAM_ZONE), b"")
    return FactsNow(ZoneInfo(row[0]), bytes(row[1]))
