"""A class calendar as .ics: whole days, zones, what repeats, what was moved or called off."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _

from peersupport.core import agendas, sheets
from program.calendar_files.ground import (
    AHEAD,
    Ground,
    Read,
    Refused,
    Wrong,
    checked,
    kept,
    mark_of,
    title_of,
)
from program.calendar_rules import LONGEST, MOST_ENTRIES, Entry, guess

_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
# What began to repeat earlier is not counted out, occurrence by occurrence.
_OLDEST = timedelta(days=30 * 366)


def read(content: bytes, ground: Ground) -> Read:
    """Return what a calendar holds. Raises sheets.Unreadable if it is none.

    What is over is counted and not looked at: a calendar that a school has kept for years holds
    more of it than of anything else, and nothing in it has to be put right.
    """
    events = agendas.events(content)
    names = _names(events)
    moved: dict[str, set[datetime]] = {}
    for event, name in zip(events, names, strict=True):
        again = agendas.moved_from(event)
        if again is not None:
            moved.setdefault(name, set()).add(_wall(again, ground.zone))
    found: dict[str, Entry] = {}  # an event that stands in a file twice is one: the later
    wrong: list[Wrong] = []
    past = 0
    for number, (event, name) in enumerate(zip(events, names, strict=True), 1):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            for entry in _of_event(number, event, name, ground, moved.get(name, set())):
                if entry.last_on < ground.today:
                    past += 1
                else:
                    found[entry.key] = checked(entry, ground.today)
        except (Refused, agendas.Odd) as refused:
            wrong.append(Wrong(number, agendas.with_title(event, str(refused))))
        except agendas.BROKEN:
            wrong.append(Wrong(number, agendas.with_title(event, _("We cannot read this event."))))
        if len(found) > 2 * MOST_ENTRIES:
            raise sheets.Unreadable(_("At most %d milestones at a time.") % MOST_ENTRIES)
    return kept(list(found.values()), wrong, ground.today, past=past)


def _names(events: list[Any]) -> list[str]:
    """Return what each event is called from file to file: its UID, else title and how-manieth."""
    seen: Counter[str] = Counter()
    found = []
    for event in events:
        title = str(event.get("SUMMARY", ""))
        seen[title] += not event.get("UID")
        found.append(str(event.get("UID", "")) or f"{title}\0{seen[title]}")
    return found


def _wall(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the program's wall time of a moment; of a day its midnight.

    By way of UTC: a time that the clocks leave out becomes the one that is shown then.
    """
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)


def _of_event(
    number: int, event: Any, name: str, ground: Ground, moved: set[datetime]
) -> Iterator[Entry]:
    agendas.refuse_odd(event)
    title = title_of(str(event.get("SUMMARY", ""))[:120])
    start, length, is_day = _span(event, ground.zone)
    again = agendas.moved_from(event)
    repeats = any(event.get(each) is not None for each in ("RECURRENCE-ID", "RRULE", "RDATE"))
    for one in _occurrences(event, start, ground) if again is None else [start]:
        wall = _wall(one, ground.zone)
        if again is None and wall in moved:
            continue
        which = wall if again is None else _wall(again, ground.zone)
        end = wall + length if is_day else _wall(_after(one, length), ground.zone)
        yield replace(
            _entry(title, wall, end, is_day=is_day),
            class_name=ground.class_name,
            rotation=ground.rotation,
            key=mark_of("calendar", name, which.isoformat() if repeats else ""),
            line=number,
        )


def _span(event: Any, zone: ZoneInfo) -> tuple[Any, timedelta, bool]:
    """Return when an event begins, how long it lasts, and whether it is made of whole days."""
    begins, ends, lasts = event.get("DTSTART"), event.get("DTEND"), event.get("DURATION")
    if begins is None:
        raise Refused(_("It has no beginning."))
    start, is_day = begins.dt, not isinstance(begins.dt, datetime)
    if ends is not None:
        length = _length(start, ends.dt, zone)
    elif lasts is not None:
        length = lasts.dt
    else:
        length = timedelta(days=1) if is_day else timedelta(hours=1)
    if length <= timedelta():
        raise Refused(_("It ends before it begins."))
    return start, length, is_day


def _length(start: date | datetime, end: date | datetime, zone: ZoneInfo) -> timedelta:
    """Return how long an event lasts: real hours, or whole days."""
    if not isinstance(start, datetime) and not isinstance(end, datetime):
        return end - start or timedelta(days=1)
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise Refused(_("It begins with a day and ends with a time, or the other way round."))
    return _aware(end, zone) - _aware(start, zone)


def _aware(moment: datetime, zone: tzinfo) -> datetime:
    aware = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    return aware.astimezone(UTC)


def _after(moment: datetime, length: timedelta) -> datetime:
    """Return a moment some real time later; a floating one stays floating."""
    if moment.tzinfo is None:
        return moment + length
    return moment.astimezone(UTC) + length


def _entry(title: str, start: datetime, end: datetime, *, is_day: bool) -> Entry:
    # Some programs write a whole day as from midnight to midnight.
    if is_day or start.time() == end.time() == time(0):
        return Entry(title, guess(title), start.date(), (end - timedelta(days=1)).date())
    # Until midnight is until the end of the day before.
    last = end - timedelta(minutes=1) if end.time() == time(0) else end
    starts, ends = start.time().replace(second=0), last.time().replace(second=0)
    return Entry(title, guess(title), start.date(), last.date(), starts, ends)


def _occurrences(event: Any, start: Any, ground: Ground) -> Iterator[Any]:
    """Return when an event takes place: once, or as often as it repeats within two years.

    It repeats in the wall time of its own zone: a class at nine stays at nine in summer.
    """
    rule, zone = event.get("RRULE"), start.tzinfo if isinstance(start, datetime) else None
    walls = {_own(start, zone)} if rule is None else set(_repeated(rule, start, zone, ground))
    walls |= {_own(moment, zone) for moment in _listed(event, "RDATE")}
    for gone in _listed(event, "EXDATE"):
        is_day = not isinstance(gone, datetime)
        own = _own(gone, zone)
        walls = {w for w in walls if w != own and not (is_day and w.date() == own.date())}
    for wall in sorted(walls):
        yield wall.replace(tzinfo=zone) if isinstance(start, datetime) else wall.date()


def _repeated(rule: Any, start: Any, zone: tzinfo | None, ground: Ground) -> list[datetime]:
    """Return the wall times at which a rule comes true, those long over left out.

    Only the end in time is left to dateutil, so that even a rule that never comes true is soon
    at its end; how often it says it repeats is counted here.
    """
    if isinstance(rule, list) or str(rule.get("FREQ", [""])[0]).upper() in _TOO_OFTEN:
        raise Refused(_("It repeats in a way we cannot read. Type it in by hand."))
    begins, today = _own(start, zone), datetime.combine(ground.today, time())
    if int(rule.get("INTERVAL", [1])[0]) < 1 or begins < today - _OLDEST:
        raise Refused(_("It repeats in a way we cannot read. Type it in by hand."))
    count = int(rule["COUNT"][0]) if rule.get("COUNT") else None
    every = rrulestr(_bounded(rule, zone, today), dtstart=begins)
    found = list(islice(every, count))
    ahead = [one for one in found if one >= today - LONGEST]
    if len(ahead) > MOST_ENTRIES:
        raise Refused(_("It repeats too often. Type it in by hand."))
    if not found:
        raise Refused(_("It repeats on days that never come."))
    return ahead


def _bounded(rule: Any, zone: tzinfo | None, today: datetime) -> str:
    """Return how an event repeats, in its own wall time, and never beyond two years."""
    horizon, until = today + AHEAD, rule.get("UNTIL")
    if until:
        last = _own(until[0], zone)
        if not isinstance(until[0], datetime):
            last += timedelta(hours=23, minutes=59)
        horizon = min(horizon, last)
    parts = rule.to_ical().decode().split(";")
    others = [part for part in parts if not part.upper().startswith(("UNTIL", "COUNT"))]
    return ";".join([*others, f"UNTIL={horizon:%Y%m%dT%H%M%S}"])


def _own(moment: date | datetime, zone: tzinfo | None) -> datetime:
    """Return the wall time of a moment in an event's own zone, without the zone."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is not None and zone is not None:
        moment = moment.astimezone(zone)
    return moment.replace(tzinfo=None)


def _listed(event: Any, name: str) -> list[date | datetime]:
    """Return the days or moments that an event lists by themselves."""
    found = event.get(name) or []
    lists = found if isinstance(found, list) else [found]
    moments = [each.dt for one in lists for each in one.dts]
    if any(isinstance(moment, tuple) for moment in moments):  # a period, with a length of its own
        raise Refused(_("It repeats in a way we cannot read. Type it in by hand."))
    return moments
