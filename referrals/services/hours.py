"""Times as they are kept: by the hour."""

from datetime import datetime


def by_the_hour(now: datetime) -> datetime:
    """Return the full hour in which an instant lies."""
    return now.replace(minute=0, second=0, microsecond=0)
