"""The one place that reads the clock. Everything else is told the time as `now`."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

__all__ = ["UTC", "day_bounds", "local", "local_date", "now", "to_utc"]


def now() -> datetime:
    """Return this instant, aware, in UTC."""
    return timezone.now()  # noqa: TID251 - the only caller


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant as wall time in `zone`."""
    return moment.astimezone(zone)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in `zone`."""
    return moment.astimezone(zone).date()


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a naive wall time in `zone`.

    A time that the spring change skips is read with the offset before the change, so 2:30am
    becomes 3:30am. A time that the autumn change has twice means its first occurrence.
    (PEP 495, fold=0.)
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instants of a local day and of the next one: 23, 24 or 25 hours apart."""
    first = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall time on purpose
    return to_utc(first, zone), to_utc(first + timedelta(days=1), zone)
