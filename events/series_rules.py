"""The dates of a series: every week or every few, at the same local time. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo


def dates(first_on: date, last_on: date, every_weeks: int, *, most: int) -> list[date]:
    """Return the days of a series, both ends included, at most so many."""
    found: list[date] = []
    day = first_on
    while day <= last_on and len(found) < most:
        found.append(day)
        day += timedelta(weeks=every_weeks)
    return found


def times(day: date, starts: time, minutes: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return begin and end (UTC) of a date that starts at a local time.

    A length is a length also over a clock change: it is added in UTC. A local time that a clock
    change leaves out is read as Python reads it, by the offset before (PEP 495, fold 0).
    """
    begin = datetime.combine(day, starts, tzinfo=zone).astimezone(UTC)
    return begin, begin + timedelta(minutes=minutes)


def is_too_long(first_on: date, last_on: date, every_weeks: int, *, most: int) -> bool:
    """Return whether a series would have more dates than it may have."""
    return len(dates(first_on, last_on, every_weeks, most=most + 1)) > most


def days_moved(days: list[date], first_on: date) -> list[date]:
    """Return the days of a series copied so that the first of them falls on another day."""
    return [first_on + (day - min(days)) for day in days]
