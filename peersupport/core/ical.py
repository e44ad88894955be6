"""The one writer of calendar files (RFC 5545), on the library icalendar.

Times are written in UTC: one line, right on both days of a clock change, and no table of zones
to carry along (with America/New_York an entry of 260 bytes brings one of 2,500). The library
folds and escapes; what it lets through and some reader would break lines at is taken out here.
Feeds carry no METHOD, and nothing carries an organizer or attendees: mail programs would answer.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from icalendar import Calendar, Event

from peersupport.core.clock import UTC

TYPE = "text/calendar; charset=utf-8"
# What says nothing of the program to whoever runs the calendar.
_PRODID = "-//Calendar//EN"
_REFRESH = timedelta(hours=1)
# Every way in which Python, or somebody's parser built on it, ends a line.
_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# Control characters have no meaning in a calendar, and RFC 5545 allows none but the tab.
# Half of a pair, and what is no character, is nothing that can be written.
_UNWRITABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Return a text as one line that every reader takes: breaks are spaces, controls are gone."""
    return _UNWRITABLE.sub("", _BREAKS.sub(" ", text)).strip(" \t")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `changed_at` is when what stands in it changed last, not when it was written.

    `uid` stays for ever; `sequence` grows when the facts change. Without a title of its own an
    entry is private.
    """

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    sequence: int = 0
    place: str = ""
    link: str = ""
    is_cancelled: bool = False
    is_private: bool = True

    def __post_init__(self) -> None:
        # Within one zone Python compares wall times: 1:30 before the change is 1:30 after it.
        if _utc(self.ends_at) <= _utc(self.starts_at):
            raise ValueError("An entry ends after it begins.")


def _component(entry: Entry) -> Event:
    event = Event()
    event.add("uid", plain(entry.uid))
    event.add("summary", plain(entry.title))
    event.add("dtstart", _utc(entry.starts_at))
    event.add("dtend", _utc(entry.ends_at))
    event.add("dtstamp", _utc(entry.changed_at))
    event.add("last-modified", _utc(entry.changed_at))
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE" if entry.is_private else "PUBLIC")
    # A private entry is a time that its owner has taken; a public one is only an announcement.
    event.add("transp", "OPAQUE" if entry.is_private and not entry.is_cancelled else "TRANSPARENT")
    if entry.place:
        event.add("location", plain(entry.place))
    if entry.link:
        event.add("url", plain(entry.link))
    return event


def written(entries: Iterable[Entry], *, name: str = "") -> bytes:
    """Return a calendar. With a name it is a feed, that is read again every hour or so."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODID)
    if name:
        calendar.add("name", plain(name))
        calendar.add("x-wr-calname", plain(name))
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_component(entry))
    return bytes(calendar.to_ical())


def http_date(moment: datetime) -> str:
    """Return an instant as HTTP headers write it."""
    return format_datetime(_utc(moment), usegmt=True)
