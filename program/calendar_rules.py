"""What stands in a school's calendar: kinds, comparing a file with it, quiet times, a template."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum

MOST_ENTRIES = 300
LONGEST = timedelta(days=120)
_DAY = timedelta(days=1)
# Fifty-two weeks, so that a Monday stays a Monday.
NEXT_YEAR = timedelta(days=364)


class Kind(StrEnum):
    """What a milestone is; only exams keep supporters free."""

    EXAM = "exam"
    STUDY = "study"
    DEADLINE = "deadline"
    CHANGE = "change"
    OTHER = "other"


_GUESSES: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.STUDY, ("dedicated", "study week", "study period", "reading week", "revision")),
    (Kind.EXAM, ("exam", "shelf", "osce", "quiz", "midterm", "step 1", "step 2", "level 1",
                 "level 2", "cbse", "comsae", "practical", "nbme", "final", "test")),
    (Kind.DEADLINE, ("deadline", "due", "eras", "rank", "match", "mspe", "soap", "lottery")),
    (Kind.CHANGE, ("orientation", "white coat", "transition", "clerkship", "rotation",
                   "graduation", "begins", "starts", "first day")),
)  # fmt: skip


def guess(title: str) -> Kind:
    """Return what a title seems to be, for a calendar that does not say."""
    plain = title.casefold()
    for kind, signs in _GUESSES:
        if any(sign in plain for sign in signs):
            return kind
    return Kind.OTHER


@dataclass(frozen=True, slots=True)
class Entry:
    """One milestone. Days are local; without times it lasts all of them.

    `key` says that it is the same one in the next file; empty for what was typed.
    """

    title: str
    kind: Kind
    first_on: date
    last_on: date
    starts: time | None = None
    ends: time | None = None
    class_name: str = ""
    rotation: str = ""
    key: str = ""
    line: int = 0

    def is_for(self, class_name: str, rotation: str) -> bool:
        """Return whether it concerns somebody of a class and rotation group."""
        return self.class_name in ("", class_name) and self.rotation in ("", rotation)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would change, and a mark that changes with it."""

    new: tuple[Entry, ...]
    changed: tuple[tuple[Entry, Entry], ...]
    unchanged: int
    mark: str


def compare(entries: Iterable[Entry], known: Mapping[str, Entry]) -> Plan:
    """Return what taking the entries would do to what stands there by key."""
    new, changed, unchanged = [], [], 0
    for entry in entries:
        before = known.get(entry.key)
        if before is None:
            new.append(entry)
        elif replace(before, line=entry.line) != entry:
            changed.append((before, entry))
        else:
            unchanged += 1
    seen = repr((new, changed, unchanged)).encode()
    return Plan(tuple(new), tuple(changed), unchanged, hashlib.sha256(seen).hexdigest())


@dataclass(frozen=True, slots=True)
class Quiet:
    """Days on which nothing unasked is sent: exams, and the evening before."""

    first_on: date
    last_on: date
    eve: date


def quiet_times(entries: Iterable[Entry]) -> list[Quiet]:
    """Return the quiet times around exams, those that touch joined, in order."""
    exams = sorted((e.first_on, e.last_on) for e in entries if e.kind is Kind.EXAM)
    found: list[Quiet] = []
    for first, last in exams:
        if found and first <= found[-1].last_on + 2 * _DAY:
            found[-1] = replace(found[-1], last_on=max(found[-1].last_on, last))
        else:
            found.append(Quiet(first, last, first - _DAY))
    return found


def next_year(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries a year on, on the same days of the week: dates to confirm."""
    return [
        replace(e, first_on=e.first_on + NEXT_YEAR, last_on=e.last_on + NEXT_YEAR, key="")
        for e in entries
    ]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A milestone most schools have: for a phase, with a date to confirm."""

    title: str
    kind: Kind
    phase: str
    first_on: date
    last_on: date


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def us_md(year: int) -> list[Suggested]:
    """Return what a US MD program has from August of a year on (domain 5a). Dates are guesses.

    Match Day is the third Friday of March by the pattern of the NRMP; every date is the school's.
    """
    match_day = _nth(year + 1, 3, 4, 3)
    august, september = _nth(year, 8, 0, 2), _nth(year, 9, 4, 4)
    february = _nth(year + 1, 2, 0, 3)
    march, may = _nth(year + 1, 3, 0, 1), _nth(year + 1, 5, 0, 1)
    return [
        Suggested("Orientation", Kind.CHANGE, "M1", august, august + 4 * _DAY),
        Suggested("First block exam", Kind.EXAM, "M1", september, september),
        Suggested("CBSE", Kind.EXAM, "M2", february, february),
        Suggested("Dedicated study for Step 1", Kind.STUDY, "M2", march, march + 41 * _DAY),
        Suggested("Transition to clerkships", Kind.CHANGE, "M3", may, may + 4 * _DAY),
        Suggested("ERAS applications open to programs", Kind.DEADLINE, "M4",
                  _nth(year, 9, 2, 4), _nth(year, 9, 2, 4)),
        Suggested("Rank order list due", Kind.DEADLINE, "M4",
                  _nth(year + 1, 3, 2, 1), _nth(year + 1, 3, 2, 1)),
        Suggested("Match Week", Kind.DEADLINE, "M4", match_day - 4 * _DAY, match_day),
        Suggested("Graduation", Kind.CHANGE, "M4",
                  _nth(year + 1, 5, 5, 3), _nth(year + 1, 5, 5, 3)),
    ]  # fmt: skip


def academic_year(today: date) -> int:
    """Return the year in whose August the academic year began, or begins from June on."""
    return today.year if today.month >= 6 else today.year - 1
