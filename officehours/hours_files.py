"""Hours that are kept elsewhere, read from a spreadsheet or a calendar, or refused line by line.

Of a calendar only times, rooms and whose it is are read: never who came, titles or notes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from officehours import rules
from peersupport.core import agendas, sheets

MOST_ROWS = 120
MOST_ERRORS = 50
COLUMNS: dict[str, tuple[str, ...]] = {
    "email": ("e-mail", "supporter", "supporter email", "who", "address"),
    "day": ("weekday", "date", "on"),
    "start": ("starts", "from time", "begin", "begins", "start time"),
    "end": ("ends", "until time", "finish", "end time"),
    "place": ("room", "location", "where"),
    "ways": ("way", "how", "format"),
    "minutes": ("length", "talk length"),
    "from": ("first day", "start date", "valid from"),
    "until": ("last day", "end date", "valid until"),
}
EXAMPLE = """email,day,start,end,place,ways,from,until
sol@school.example,Tuesday,5:30pm,7:30pm,Room 214,in person,2026-11-24,2027-05-28
priya@school.example,2026-12-03,17:00,19:00,Room 9,"in person, video",,"""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ICAL_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WAYS = {
    "in person": rules.Way.IN_PERSON,
    "in-person": rules.Way.IN_PERSON,
    "room": rules.Way.IN_PERSON,
    "video": rules.Way.VIDEO,
    "zoom": rules.Way.VIDEO,
    "voice": rules.Way.VOICE,
    "phone": rules.Way.VOICE,
}
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::00)?\s*([ap])?\.?m?\.?", re.IGNORECASE)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """Hours as a file says them. `weekday` None: one day only, `first_on`."""

    line: int
    email: str
    weekday: int | None
    starts: time
    ends: time
    place: str
    ways: str
    minutes: int
    first_on: date
    last_on: date | None = None
    skipped: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in one line of the file, or in one event."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Timetable:
    """A file as read."""

    entries: tuple[Entry, ...]
    wrong: tuple[Wrong, ...]
    unknown: tuple[str, ...] = ()
    past: int = 0


class _Refused(Exception):
    """This cell says nothing we understand; the message says what to write."""


def next_on(day: date, weekday: int) -> date:
    """Return the first day with a weekday, not before a day."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def read(
    content: bytes, *, today: date, zone: ZoneInfo, place: str = "", whose: str = ""
) -> Timetable:
    """Return what a file holds. `place` and `whose` fill what it leaves out.

    Raises sheets.Unreadable if it is neither a table of hours nor a calendar.
    """
    if agendas.is_calendar(content):
        return _limited(_calendar(content, today, zone, place, whose))
    sheet = sheets.read(content, COLUMNS)
    missing = [name for name in ("day", "start", "end") if name not in sheet.columns]
    if missing or ("email" not in sheet.columns and not whose):
        named = ", ".join([*missing, *(() if "email" in sheet.columns or whose else ("email",))])
        raise sheets.Unreadable(_("These columns are missing: %s.") % named)
    entries: list[Entry] = []
    wrong: list[Wrong] = []
    past = 0
    for line in sheet.lines:
        try:
            entry = _entry(line.number, line.cells, today, place, whose)
        except _Refused as refused:
            wrong.append(Wrong(line.number, str(refused)))
            continue
        if _is_over(entry, today):
            past += 1
        else:
            entries.append(entry)
    return _limited(Timetable(tuple(entries), tuple(wrong), sheet.unknown, past))


def _limited(found: Timetable) -> Timetable:
    if len(found.entries) > MOST_ROWS:
        raise sheets.Unreadable(_("At most %d rows or events at a time.") % MOST_ROWS)
    if not found.entries and not found.wrong:
        raise sheets.Unreadable(_("This file holds no hours from today on."))
    return found


def _is_over(entry: Entry, today: date) -> bool:
    last = entry.first_on if entry.weekday is None else entry.last_on
    return last is not None and last < today


def _entry(number: int, cells: Mapping[str, str], today: date, place: str, whose: str) -> Entry:
    email = (cells.get("email") or whose).strip().lower()
    if not email:
        raise _Refused(_("The supporter's e-mail address is missing."))
    weekday, first = _day(cells.get("day", ""))
    if weekday is not None:
        begins = _date(cells["from"]) if cells.get("from") else today
        first = next_on(max(begins, today), weekday)
    last = _date(cells["until"]) if cells.get("until") and weekday is not None else None
    if last is not None and cells.get("from") and last < _date(cells["from"]):
        raise _Refused(_("The last day lies before the first."))
    starts, ends = _time(cells.get("start", "")), _time(cells.get("end", ""))
    return _checked(
        Entry(
            number,
            email,
            weekday,
            starts,
            ends,
            cells.get("place") or place,
            _ways(cells.get("ways", "")),
            _minutes(cells.get("minutes", "")),
            first or today,
            last,
        )
    )


def _checked(entry: Entry) -> Entry:
    if entry.starts == entry.ends:
        raise _Refused(_("Start and end are the same."))
    if not entry.place:
        raise _Refused(_("The room is missing."))
    if len(entry.place) > 80:
        raise _Refused(_("The room is longer than 80 characters."))
    return entry


def _day(text: str) -> tuple[int | None, date | None]:
    plain = text.strip().casefold().rstrip("s.")
    for number, name in enumerate(_WEEKDAYS):
        if len(plain) >= 2 and name.startswith(plain):
            return number, None
    if not plain:
        raise _Refused(_("The day is missing."))
    return None, _date(text)


def _date(text: str) -> date:
    for shape in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"):
        try:
            return datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a day alone
        except ValueError:
            continue
    said = _("“%s” is no day. Write Tuesday, 2026-12-01 or 12/1/2026.")
    raise _Refused(said % text[:30])


def _time(text: str) -> time:
    plain = text.strip().casefold()
    named = {"noon": time(12), "midnight": time(0)}.get(plain)
    found = _TIME.fullmatch(plain)
    if named is not None:
        return named
    if found is None:
        raise _Refused(_("“%s” is no time. Write 17:30 or 5:30pm.") % text[:30])
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        raise _Refused(_("“%s” is no time. Write 17:30 or 5:30pm.") % text[:30])
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise _Refused(_("“%s” is no time. Write 17:30 or 5:30pm.") % text[:30])
    return time(hour, minute)


def _ways(text: str) -> str:
    if not text.strip():
        return str(rules.Way.IN_PERSON)
    parts = [part.strip().casefold() for part in re.split(r"[,;/+&]|\band\b", text)]
    unknown = [part for part in parts if part and part not in _WAYS]
    if unknown:
        said = _("“%s” is no way to meet. Write in person, video or voice.")
        raise _Refused(said % unknown[0][:30])
    chosen = {_WAYS[part] for part in parts if part}
    return ",".join(str(way) for way in rules.Way if way in chosen)


def _minutes(text: str) -> int:
    if not text.strip():
        return 30
    found = re.match(r"\d{1,3}", text.strip())
    if found is None or int(found[0]) not in rules.MINUTES:
        allowed = ", ".join(str(each) for each in rules.MINUTES)
        raise _Refused(_("A talk lasts one of these: %s minutes.") % allowed)
    return int(found[0])


# -- calendars ----------------------------------------------------------------------------------


def _calendar(content: bytes, today: date, zone: ZoneInfo, place: str, whose: str) -> Timetable:
    """Return the hours of a calendar. What is over is counted and not looked at."""
    ahead = []
    moved: dict[str, set[date]] = defaultdict(set)
    past = 0
    for number, event in enumerate(agendas.events(content), 1):
        again = agendas.moved_from(event)
        if again is not None:
            day = _local(again, zone).date() if isinstance(again, datetime) else again
            moved[str(event.get("UID"))].add(day)
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        if _has_ended(event, today):
            past += 1
        else:
            ahead.append((number, event))
    entries: list[Entry] = []
    wrong: list[Wrong] = []
    for number, event in ahead:
        try:
            found = list(_of_event(number, event, (today, zone, place, whose), moved))
        except (_Refused, agendas.Odd) as refused:
            wrong.append(Wrong(number, str(refused)))
            continue
        except agendas.BROKEN:
            wrong.append(Wrong(number, _("We cannot read this event.")))
            continue
        entries += [entry for entry in found if not _is_over(entry, today)]
        past += sum(_is_over(entry, today) for entry in found)
    return Timetable(tuple(entries), tuple(wrong), (), past)


def _has_ended(event: Any, today: date) -> bool:
    """Return whether nothing of an event is left, whatever else it says."""
    if event.errors or event.get("RDATE") is not None:
        return False
    rule, ends = event.get("RRULE"), event.get("DTEND", event.get("DTSTART"))
    try:
        last = ends.dt if rule is None else next(iter(rule.get("UNTIL", [])), None)
        day = last.date() if isinstance(last, datetime) else last
        return day is not None and day < today - _DAY  # whatever zone it is meant in
    except agendas.BROKEN:  # whoever reads the event says what is wrong with it
        return False


def _local(moment: Any, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        raise _Refused(_("It lasts all day. Hours have a beginning and an end."))
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _of_event(
    number: int,
    event: Any,
    ground: tuple[date, ZoneInfo, str, str],
    moved: Mapping[str, set[date]],
) -> Iterator[Entry]:
    """Return the hours of one event: one for each weekday on which it repeats."""
    today, zone, place, whose = ground
    agendas.refuse_odd(event)
    if event.get("RDATE") is not None or isinstance(event.get("RRULE"), list):
        raise _Refused(_("It does not repeat every week. Type these hours in by hand."))
    start, end = _span(event, zone)
    organizer = str(event.get("ORGANIZER", "")).casefold().removeprefix("mailto:")
    email = whose or organizer
    if not email:
        raise _Refused(_("It does not say whose hours these are. Choose whose calendar it is."))
    where = str(event.get("LOCATION", "")).strip()
    if not where or where.startswith(("http://", "https://")):
        where = place
    one = Entry(
        number,
        email,
        None,
        start.time().replace(second=0, microsecond=0),
        end.time().replace(second=0, microsecond=0),
        " ".join(where.split()),
        str(rules.Way.IN_PERSON),
        30,
        start.date(),
    )
    repeats = event.get("RRULE")
    if repeats is None:
        yield _checked(one)
        return
    skipped = tuple(sorted(_left_out(event, zone) | moved.get(str(event.get("UID")), set())))
    last = _last(repeats, start, zone)
    for weekday in _weekdays(repeats, event.get("DTSTART").dt, start):
        first = next_on(max(start.date(), today), weekday)
        yield _checked(
            replace(one, weekday=weekday, first_on=first, last_on=last, skipped=skipped)
        )


def _span(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins, ends, lasts = event.get("DTSTART"), event.get("DTEND"), event.get("DURATION")
    if begins is None or (ends is None and lasts is None):
        raise _Refused(_("It has no beginning or no end."))
    start = _local(begins.dt, zone)
    end = _local(ends.dt, zone) if ends is not None else start + lasts.dt
    if not rules.SHORTEST <= end - start <= rules.LONGEST:
        raise _Refused(_("Hours last from 15 minutes to 12 hours."))
    return start, end


def _left_out(event: Any, zone: ZoneInfo) -> set[date]:
    found = event.get("EXDATE") or []
    lists = found if isinstance(found, list) else [found]
    moments = [each.dt for one in lists for each in one.dts]
    return {_local(m, zone).date() if isinstance(m, datetime) else m for m in moments}


def _weekdays(repeats: Any, original: datetime, start: datetime) -> list[int]:
    """Return the weekdays on which an event repeats, in the program's zone."""
    every = [str(each).upper() for each in repeats.get("FREQ", [])]
    steps = [int(each) for each in repeats.get("INTERVAL", [1])]
    odd = {"BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY"} & set(repeats)
    if every not in (["WEEKLY"], ["DAILY"]) or steps != [1] or odd:
        raise _Refused(_("It does not repeat every week. Type these hours in by hand."))
    named = [str(each).upper() for each in repeats.get("BYDAY", [])]
    if any(each not in _ICAL_DAYS for each in named):
        raise _Refused(_("It does not repeat every week. Type these hours in by hand."))
    if not named:
        return list(range(7)) if every == ["DAILY"] else [start.weekday()]
    shift = (start.date() - original.date()).days
    return [(_ICAL_DAYS.index(each) + shift) % 7 for each in named]


def _last(repeats: Any, start: datetime, zone: ZoneInfo) -> date | None:
    until, count = repeats.get("UNTIL"), repeats.get("COUNT")
    if until:
        end = until[0]
        return _local(end, zone).date() if isinstance(end, datetime) else end
    if not count:
        return None
    days = set(_weekdays(repeats, start, start))
    left, day = min(int(count[0]), 400), start.date()
    while True:
        left -= day.weekday() in days
        if left <= 0:
            return day
        day += _DAY
