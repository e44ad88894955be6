"""Reads of the school's own facts."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from program import rules
from program.models import Coverage, Facts, Holiday


@dataclass(frozen=True, slots=True)
class FactsNow:
    """The program's zone and the version of everything public."""

    zone: ZoneInfo
    version: bytes


@dataclass(frozen=True, slots=True)
class Behind:
    """Who stands behind the supporters, to be called by them."""

    label: str
    phone: str


def facts() -> FactsNow:
    """Return the program's facts: one query; the settings' zone until a row exists."""
    row = Facts.objects.filter(pk=1).values_list("zone", "public_version").first()
    if row is None:
        return FactsNow(ZoneInfo(settings.PROGRAM_ZONE), b"")
    return FactsNow(ZoneInfo(row[0]), bytes(row[1]))


def windows() -> list[rules.Window]:
    """Return when somebody answers, as wall time: for whoever asks about many hours at once."""
    rows = Coverage.objects.values_list("weekday", "starts", "ends", "until")
    return [rules.Window(*row) for row in rows]


def coverage_gaps(start: datetime, end: datetime, zone: ZoneInfo) -> list[rules.Span]:
    """Return every stretch between two instants for which nobody is named as answering."""
    return rules.gaps(windows(), start, end, zone)


def behind(now: datetime, zone: ZoneInfo) -> list[Behind]:
    """Return who answers at this minute, in the order to call them."""
    found = []
    for row in Coverage.objects.order_by("order", "label"):
        window = rules.Window(row.weekday, row.starts, row.ends, row.until)
        if any(span.start <= now < span.end for span in rules.spans([window], now, now, zone)):
            found.append(Behind(row.label, row.phone))
    return found


def coverage() -> list[Coverage]:
    """Return everybody who stands behind the supporters, in the order to call them."""
    return list(Coverage.objects.order_by("order", "weekday", "starts", "label"))


def holidays(first: date, last: date | None = None) -> list[Holiday]:
    """Return the holidays that touch the days from `first` on, until `last` if there is one."""
    found = Holiday.objects.filter(last_on__gte=first)
    if last is not None:
        found = found.filter(first_on__lte=last)
    return list(found.order_by("first_on", "name"))


def holiday(key: uuid.UUID) -> Holiday | None:
    """Return one holiday, or None if it is not there."""
    return Holiday.objects.filter(pk=key).first()
