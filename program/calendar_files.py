"""A class calendar that people send: a table or an .ics, read kindly, refused with its line.

Of a calendar only title, days and times are read: no guests, notes or places.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _
from icalendar import Calendar

from peersupport.core import sheets
from program.calendar_rules import LONGEST, MOST_ENTRIES, Entry, Kind, guess

MOST_ERRORS = 50
COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("name", "what", "milestone", "event", "subject"),
    "kind": ("type",),
    "first": ("date", "day", "first day", "start date", "from", "on"),
    "last": ("last day", "end date", "until", "to"),
    "starts": ("start", "start time", "begins"),
    "ends": ("end", "end time"),
    "class": ("class name", "cohort", "year"),
    "rotation": ("rotation group", "group", "clerkship"),
}
EXAMPLE = """title,kind,first,last,starts,ends,class,rotation
Anatomy practical,exam,2026-12-11,,9am,noon,M1,
Dedicated study,study,2027-03-01,2027-04-11,,,M2,
Surgery shelf,exam,2027-01-29,,,,M3,Surgery B"""
_KINDS = {
    **{str(kind): kind for kind in Kind},
    "dedicated": Kind.STUDY,
    "test": Kind.EXAM,
    "shelf": Kind.EXAM,
    "transition": Kind.CHANGE,
}
_AHEAD = timedelta(days=2 * 366)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_BROKEN = (ValueError, IndexError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in one line of the file, or in one event."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Read:
    """A file as read. `past` counts what is over and left out."""

    entries: tuple[Entry, ...]
    wrong: tuple[Wrong, ...] = ()
    unknown: tuple[str, ...] = ()
    past: int = 0


class _Refused(Exception):
    """This cell or event says nothing we understand; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file is read against: the day, the zone, and for whom it is if it does not say.

    `classes` and `rotations` are those of the school's list: another name would reach nobody.
    """

    today: date
    zone: ZoneInfo
    class_name: str = ""
    rotation: str = ""
    classes: frozenset[str] = frozenset()
    rotations: frozenset[str] = frozenset()


def read(content: bytes, ground: Ground) -> Read:
    """Return what a file holds. Raises sheets.Unreadable if it is no table and no calendar."""
    if b"BEGIN:VCALENDAR" in content[:2000].upper().replace(b"\0", b""):
        found = _calendar(content, ground)
    else:
        found = _table(content, ground)
    if len(found.entries) > MOST_ENTRIES:
        raise sheets.Unreadable(_("At most %d milestones at a time.") % MOST_ENTRIES)
    return found


def _mark(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _kept(found: list[Entry], wrong: list[Wrong], today: date, unknown: Any = ()) -> Read:
    ahead = tuple(entry for entry in found if entry.last_on >= today)
    return Read(ahead, tuple(wrong), tuple(unknown), len(found) - len(ahead))


# -- tables ---------------------------------------------------------------------------------------


def _table(content: bytes, ground: Ground) -> Read:
    sheet = sheets.read(content, COLUMNS)
    missing = [name for name in ("title", "first") if name not in sheet.columns]
    if missing:
        raise sheets.Unreadable(_("These columns are missing: %s.") % ", ".join(missing))
    found: list[Entry] = []
    wrong: list[Wrong] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for line in sheet.lines:
        try:
            entry = _row(line.number, line.cells, ground)
        except _Refused as refused:
            wrong.append(Wrong(line.number, str(refused)))
            continue
        # A title may stand several times; the first of them in one file is the first in the next.
        same = (entry.title.casefold(), entry.class_name, entry.rotation)
        seen[same] += 1
        found.append(replace(entry, key=_mark("table", *same, str(seen[same]))))
    return _kept(found, wrong, ground.today, sheet.unknown)


def _row(number: int, cells: Any, ground: Ground) -> Entry:
    title = _title(cells.get("title", ""))
    first = _date(cells.get("first", ""), _("The first day is missing."))
    last = _date(cells["last"], "") if cells.get("last") else first
    starts = _time(cells["starts"]) if cells.get("starts") else None
    ends = _time(cells["ends"]) if cells.get("ends") else None
    named = cells.get("kind", "").casefold()
    if named and named not in _KINDS:
        raise _Refused(_("“%s” is no kind. Write exam, study, deadline, change or other.") % named)
    entry = Entry(
        title,
        _KINDS[named] if named else guess(title),
        first,
        last,
        starts,
        ends,
        _one_of(cells.get("class", ""), ground.classes, ground.class_name),
        _one_of(cells.get("rotation", ""), ground.rotations, ground.rotation),
        line=number,
    )
    return checked(entry, ground.today)


def _one_of(text: str, known: frozenset[str], otherwise: str) -> str:
    if not text or text.casefold() in ("all", "everybody", "everyone"):
        return otherwise
    found = next((name for name in known if name.casefold() == text.casefold()), None)
    if found is None:
        named = ", ".join(sorted(known)) or _("nothing yet")
        said = _("“%(text)s” is not on the school's list. It has: %(known)s.")
        raise _Refused(said % {"text": text[:40], "known": named[:200]})
    return found


def _title(text: str) -> str:
    plain = " ".join(text.split())
    if not plain:
        raise _Refused(_("The title is missing."))
    if len(plain) > 120:
        raise _Refused(_("The title is longer than 120 characters."))
    return plain


def checked(entry: Entry, today: date) -> Entry:
    """Return an entry whose days and times are in order. Raises _Refused."""
    if entry.last_on < entry.first_on:
        raise _Refused(_("It ends before it begins."))
    if entry.last_on - entry.first_on > LONGEST:
        raise _Refused(_("It lasts longer than four months."))
    if not today - _AHEAD <= entry.first_on <= today + _AHEAD:
        raise _Refused(_("It is more than two years away."))
    if (entry.starts is None) != (entry.ends is None):
        raise _Refused(_("It has a beginning or an end, but not both."))
    same_day = entry.first_on == entry.last_on
    if same_day and entry.starts and entry.ends and entry.ends <= entry.starts:
        raise _Refused(_("It ends before it begins."))
    return entry


def _date(text: str, missing: str) -> date:
    if not text.strip():
        raise _Refused(missing)
    for shape in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"):
        try:
            return datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a day alone
        except ValueError:
            continue
    raise _Refused(_("“%s” is no day. Write 2026-12-01 or 12/1/2026.") % text[:30])


def _time(text: str) -> time:
    plain = text.strip().casefold().replace(".", "").replace(" ", "")
    named = {"noon": time(12), "midnight": time(0)}.get(plain)
    if named is not None:
        return named
    for shape in ("%H:%M", "%H:%M:%S", "%I:%M%p", "%I%p"):
        try:
            return datetime.strptime(plain, shape).time()  # noqa: DTZ007 - a wall time alone
        except ValueError:
            continue
    raise _Refused(_("“%s” is no time. Write 17:30 or 5:30pm.") % text[:30])


# -- calendars ------------------------------------------------------------------------------------


def _calendar(content: bytes, ground: Ground) -> Read:
    try:
        events = list(Calendar.from_ical(content).walk("VEVENT"))
    except _BROKEN:
        raise sheets.Unreadable(_("This calendar file is broken.")) from None
    if not events:
        raise sheets.Unreadable(_("There are no events in this calendar."))
    moved: dict[str, set[datetime]] = {}
    for event in events:
        again = event.get("RECURRENCE-ID")
        if again is not None and hasattr(again, "dt"):
            moved.setdefault(_uid(event), set()).add(_wall(again.dt, ground.zone))
    found: list[Entry] = []
    wrong: list[Wrong] = []
    for number, event in enumerate(events, 1):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            found += list(_of_event(number, event, ground, moved.get(_uid(event), set())))
        except _Refused as refused:
            wrong.append(Wrong(number, str(refused)))
        except _BROKEN:
            wrong.append(Wrong(number, _("We cannot read this event.")))
        if len(found) > 2 * MOST_ENTRIES:
            raise sheets.Unreadable(_("At most %d milestones at a time.") % MOST_ENTRIES)
    return _kept(found, wrong, ground.today)


def _uid(event: Any) -> str:
    return str(event.get("UID", "")) or str(event.get("SUMMARY", ""))


def _wall(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the program's wall time of a moment; of a day its midnight."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(zone).replace(tzinfo=None)


def _of_event(number: int, event: Any, ground: Ground, moved: set[datetime]) -> Iterator[Entry]:
    if event.errors:  # a property that is not what it should be: half an event is a wrong one
        raise _Refused(_("We cannot read this event."))
    title = _title(str(event.get("SUMMARY", ""))[:120])
    begins, ends, lasts = event.get("DTSTART"), event.get("DTEND"), event.get("DURATION")
    if begins is None:
        raise _Refused(_("It has no beginning."))
    start, is_day = begins.dt, not isinstance(begins.dt, datetime)
    if ends is not None:
        length = _length(start, ends.dt, ground.zone)
    elif lasts is not None:
        length = lasts.dt
    else:
        length = timedelta(days=1) if is_day else timedelta(hours=1)
    if length <= timedelta():
        raise _Refused(_("It ends before it begins."))
    is_moved = event.get("RECURRENCE-ID") is not None
    for one in _occurrences(event, start, ground) if not is_moved else [start]:
        wall = _wall(one, ground.zone)
        if not is_moved and wall in moved:
            continue
        which = _wall(event["RECURRENCE-ID"].dt, ground.zone) if is_moved else wall
        repeats = is_moved or event.get("RRULE") is not None
        mark = _mark("calendar", _uid(event), which.isoformat() if repeats else "")
        end = (
            _wall(one + length, ground.zone) if is_day else _wall(_after(one, length), ground.zone)
        )
        entry = _entry(title, wall, end, is_day=is_day)
        yield checked(
            replace(
                entry,
                class_name=ground.class_name,
                rotation=ground.rotation,
                key=mark,
                line=number,
            ),
            ground.today,
        )


def _length(start: date | datetime, end: date | datetime, zone: ZoneInfo) -> timedelta:
    """Return how long an event lasts: real hours, or whole days."""
    if not isinstance(start, datetime) and not isinstance(end, datetime):
        return end - start or timedelta(days=1)
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise _Refused(_("It begins with a day and ends with a time, or the other way round."))
    return _aware(end, zone) - _aware(start, zone)


def _aware(moment: datetime, zone: tzinfo) -> datetime:
    aware = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    return aware.astimezone(ZoneInfo("UTC"))


def _after(moment: datetime, length: timedelta) -> datetime:
    """Return a moment some real time later; a floating one stays floating."""
    if moment.tzinfo is None:
        return moment + length
    return moment.astimezone(ZoneInfo("UTC")) + length


def _entry(title: str, start: datetime, end: datetime, *, is_day: bool) -> Entry:
    if is_day:
        return Entry(title, guess(title), start.date(), (end - timedelta(days=1)).date())
    # Until midnight is until the end of the day before.
    last = end - timedelta(minutes=1) if end.time() == time(0) else end
    starts, ends = start.time().replace(second=0), last.time().replace(second=0)
    return Entry(title, guess(title), start.date(), last.date(), starts, ends)


def _occurrences(event: Any, start: Any, ground: Ground) -> Iterator[Any]:
    """Return when an event takes place: once, or as often as it repeats within two years.

    It repeats in the wall time of its own zone: a class at nine stays at nine in summer.
    """
    rule = event.get("RRULE")
    if rule is None:
        yield start
        return
    if isinstance(rule, list) or str(rule.get("FREQ", [""])[0]).upper() in _TOO_OFTEN:
        raise _Refused(_("It repeats in a way we cannot read. Type it in by hand."))
    zone = start.tzinfo if isinstance(start, datetime) else None
    skipped = _skipped(event, zone)
    number = 0
    found = rrulestr(_rule(rule, zone, ground.today), dtstart=_own(start, zone))
    for number, one in enumerate(found, 1):
        if number > MOST_ENTRIES:
            raise _Refused(_("It repeats too often. Type it in by hand."))
        if one in skipped:
            continue
        yield one.replace(tzinfo=zone) if isinstance(start, datetime) else one.date()
    if not number:
        raise _Refused(_("It repeats on days that never come."))


def _rule(rule: Any, zone: tzinfo | None, today: date) -> str:
    """Return how an event repeats, in its own wall time, and never beyond two years.

    With an end even a rule that never comes true is soon at its end.
    """
    horizon = datetime.combine(today + _AHEAD, time())
    until = rule.get("UNTIL")
    if until:
        last = _own(until[0], zone)
        if not isinstance(until[0], datetime):
            last += timedelta(hours=23, minutes=59)
        horizon = min(horizon, last)
    parts = rule.to_ical().decode().split(";")
    kept = [part for part in parts if not part.upper().startswith(("UNTIL", "COUNT"))]
    count = int(rule["COUNT"][0]) if rule.get("COUNT") else 0
    # dateutil takes one end only; a count that is too large is refused by whoever counts.
    if count and "BYMONTHDAY" not in rule and "BYYEARDAY" not in rule:
        return ";".join([*kept, f"COUNT={min(count, MOST_ENTRIES + 2)}"])
    return ";".join([*kept, f"UNTIL={horizon:%Y%m%dT%H%M%S}"])


def _own(moment: date | datetime, zone: tzinfo | None) -> datetime:
    """Return the wall time of a moment in an event's own zone, without the zone."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is not None and zone is not None:
        moment = moment.astimezone(zone)
    return moment.replace(tzinfo=None)


def _skipped(event: Any, zone: tzinfo | None) -> set[datetime]:
    found = event.get("EXDATE") or []
    lists = found if isinstance(found, list) else [found]
    return {_own(each.dt, zone) for one in lists for each in one.dts}
