"""Calendars that people send as a file (.ics): their events, or refused plainly."""

import re
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from icalendar import Calendar

from peersupport.core import sheets

# What a property raises that is not what it should be.
BROKEN = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError)
_BEGINS = re.compile(r"^BEGIN:VEVENT\s*$", re.IGNORECASE | re.MULTILINE)


class Odd(Exception):
    """An event that could be read as something it does not say; the message says what is odd."""


def is_calendar(content: bytes) -> bool:
    """Return whether a file is a calendar rather than a table."""
    return b"BEGIN:VCALENDAR" in content[:2000].upper().replace(b"\0", b"")


def events(content: bytes) -> list[Any]:
    """Return the events of all calendars in a file, however it was saved.

    Raises sheets.Unreadable if it is broken, cut off or holds no event.
    """
    text = sheets.decode(content)
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        found = [event for each in calendars for event in each.walk("VEVENT")]
    except BROKEN:
        raise sheets.Unreadable(_("This calendar file is broken.")) from None
    # Of a file that was cut off, what is whole would be read as if it were all.
    if len(found) != len(_BEGINS.findall(text)):
        raise sheets.Unreadable(_("This calendar file is broken."))
    if not found:
        raise sheets.Unreadable(_("There are no events in this calendar."))
    return found


def moved_from(event: Any) -> date | None:
    """Return when an event would have been in its series; None if it is in none, or says nonsense.

    Whoever goes on with an event that says nonsense is told so by `refuse_odd`.
    """
    try:
        found = event["RECURRENCE-ID"].dt
    except BROKEN:
        return None
    # At the ends of the calendar a moment cannot be said in another zone.
    return found if isinstance(found, date) and 1900 < found.year < 2200 else None


def refuse_odd(event: Any) -> None:
    """Raise Odd for what nobody should guess at.

    A broken property (half an event is a wrong one), a time zone that neither we nor the file
    know, a change of all that follows in a series.
    """
    if event.errors:
        raise Odd(_("We cannot read this event."))
    begins, again = event.get("DTSTART"), event.get("RECURRENCE-ID")
    named = begins.params.get("TZID") if begins is not None else None
    if named and getattr(begins.dt, "tzinfo", None) is None:
        said = _("We do not know the time zone “%s”. Type it in by hand.")
        raise Odd(said % str(named)[:40])
    if again is not None and moved_from(event) is None:
        raise Odd(_("We cannot read this event."))
    if again is not None and "RANGE" in again.params:
        raise Odd(_("It repeats in a way we cannot read. Type it in by hand."))


def with_title(event: Any, words: str) -> str:
    """Return words with the title before them: nobody finds the 17th event by its number."""
    title = " ".join(str(event.get("SUMMARY", "")).split())[:60]
    return f"“{title}”: {words}" if title else words
