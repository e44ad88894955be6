"""Milestones in words, and a stretch of them as a drawing."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from peersupport.core import words
from peersupport.core.charts import timeline
from program.calendar_rules import Entry, quiet_times
from program.calendars import Lanes
from program.models import Holiday, Milestone

KINDS = dict(Milestone.Kind.choices)
_NO_ZONE = ZoneInfo("UTC")
_MOST_NAMES = 80  # in one lane


def clock_time(wall: time) -> str:
    """Return a wall time that belongs to no day: "5:30pm"."""
    return words.time_of_day(datetime.combine(date(2024, 1, 1), wall, tzinfo=_NO_ZONE), _NO_ZONE)


def days(first: date, last: date) -> str:
    """Return "Monday 3 January 2027", or from there to another day."""
    if first == last:
        return words.dated(first)
    return _("%(first)s to %(last)s") % {"first": words.day(first), "last": words.dated(last)}


def when(entry: Entry) -> str:
    """Return the days and times of a milestone."""
    said = days(entry.first_on, entry.last_on)
    if entry.starts is None or entry.ends is None:
        return said
    both = {"start": clock_time(entry.starts), "end": clock_time(entry.ends)}
    return f"{said}, " + _("%(start)s to %(end)s") % both


def whom(entry: Entry) -> str:
    """Return for whom it is."""
    return ", ".join(filter(None, [entry.class_name, entry.rotation])) or _("Everybody")


def kind(entry: Entry) -> str:
    """Return what it is, in words."""
    return str(KINDS[str(entry.kind)])


def row(entry: Entry) -> dict[str, Any]:
    """Return a milestone as a page shows it."""
    return {
        "title": entry.title,
        "when": when(entry),
        "whom": whom(entry),
        "kind": kind(entry),
        "line": entry.line,
    }


def _lanes(entries: Sequence[Entry]) -> list[tuple[str, list[timeline.Item]]]:
    """Return a lane for everybody's milestones, then one for each class and rotation group."""
    names = sorted({whom(e) for e in entries if e.class_name or e.rotation})
    everybody = _("Everybody")
    lanes = []
    for name in [everybody, *names]:
        mine = [
            timeline.Item(e.title, e.first_on, e.last_on, str(e.kind))
            for e in entries
            if whom(e) == name
        ]
        if mine:
            lanes.append((name, mine))
    return lanes


def quiet(entries: Iterable[Entry]) -> list[str]:
    """Return the quiet times in words."""
    return [
        _("%(days)s, and the evening before") % {"days": days(one.first_on, one.last_on)}
        for one in quiet_times(entries)
    ]


def drawing(
    *,
    first: date,
    last: date,
    entries: Sequence[Entry],
    closed: Sequence[Holiday],
    hours: Sequence[tuple[date, float]],
    added: Lanes,
    today: date,
) -> timeline.Drawing:
    """Return a term as a drawing: milestones, quiet times, holidays, what others add, hours."""
    lanes = _lanes(entries)
    still = [timeline.Item("", one.eve, one.last_on, "quiet") for one in quiet_times(entries)]
    if still:
        lanes.append((_("Quiet: nothing unasked is sent"), still))
    off = [timeline.Item(h.name, h.first_on, h.last_on, "closed") for h in closed]
    if off:
        lanes.append((_("Holidays"), off))
    lanes += [_added_lane(title, found) for title, found in added]
    weekly = (_("Hours published each week"), hours) if hours else None
    return timeline.draw(first, last, lanes, weekly, today)


def _added_lane(title: str, found: Sequence[tuple[date, str]]) -> tuple[str, list[timeline.Item]]:
    """Return a lane of days. Of very many none has its name, and a day stands there once.

    So the picture stays a picture; the table beside it has the words.
    """
    if len(found) <= _MOST_NAMES:
        return title, [timeline.Item(words_, day, day, "mark") for day, words_ in found]
    said = _("%s (their names are in the table)") % title
    return said, [
        timeline.Item("", day, day, "mark") for day in sorted({day for day, _words in found})
    ]


def added_words(added: Lanes) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the lanes that others add as the table beside the picture has them."""
    return [
        (title, [(days(day, day), words_) for day, words_ in sorted(found)])
        for title, found in added
    ]


def hours_words(hours: float) -> str:
    """Return "7 hours", halves as they are."""
    shown = f"{hours:.1f}".rstrip("0").rstrip(".")
    return ngettext("%s hour", "%s hours", 1 if hours == 1 else 2) % shown


def weeks(hours: Sequence[tuple[date, float]]) -> list[tuple[str, str]]:
    """Return each week that has hours, and how many, in words."""
    return [
        (_("Week of %s") % words.day(day), hours_words(value)) for day, value in hours if value
    ]


def without_hours(hours: Sequence[tuple[date, float]]) -> str:
    """Return how many weeks have none; empty if each has some."""
    count = sum(not value for _day, value in hours)
    if not count:
        return ""
    said = ngettext(
        "In %d other week no hours are published.",
        "In the %d other weeks no hours are published.",
        count,
    )
    return said % count
