"""A class calendar as a table: one row for each milestone."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from peersupport.core import sheets
from program.calendar_files.ground import (
    Ground,
    Read,
    Refused,
    Wrong,
    checked,
    kept,
    mark_of,
    title_of,
)
from program.calendar_rules import Entry, Kind, guess

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


def read(content: bytes, ground: Ground) -> Read:
    """Return what a table holds. Raises sheets.Unreadable if it is none."""
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
        except Refused as refused:
            wrong.append(Wrong(line.number, str(refused)))
            continue
        # A title may stand several times; the first of them in one file is the first in the next.
        same = (entry.title.casefold(), entry.class_name, entry.rotation)
        seen[same] += 1
        found.append(replace(entry, key=mark_of("table", *same, str(seen[same]))))
    return kept(found, wrong, ground.today, sheet.unknown)


def _row(number: int, cells: Any, ground: Ground) -> Entry:
    title = title_of(cells.get("title", ""))
    first = _date(cells.get("first", ""), _("The first day is missing."))
    last = _date(cells["last"], "") if cells.get("last") else first
    starts = _time(cells["starts"]) if cells.get("starts") else None
    ends = _time(cells["ends"]) if cells.get("ends") else None
    named = cells.get("kind", "").casefold()
    if named and named not in _KINDS:
        raise Refused(_("“%s” is no kind. Write exam, study, deadline, change or other.") % named)
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
        raise Refused(said % {"text": text[:40], "known": named[:200]})
    return found


def _date(text: str, missing: str) -> date:
    if not text.strip():
        raise Refused(missing)
    for shape in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"):
        try:
            return datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a day alone
        except ValueError:
            continue
    raise Refused(_("“%s” is no day. Write 2026-12-01 or 12/1/2026.") % text[:30])


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
    raise Refused(_("“%s” is no time. Write 17:30 or 5:30pm.") % text[:30])
