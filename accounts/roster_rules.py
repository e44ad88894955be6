"""The school's list of people: what a row may be, and what a new list changes. Pure."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum


class Standing(StrEnum):
    """What somebody is at the school."""

    ENROLLED = "enrolled"
    ON_LEAVE = "on leave"
    FACULTY = "faculty"
    GONE = "gone"


# Who is a student here. Somebody on leave stays one; faculty never are (DESIGN, section 3).
STUDENTS = frozenset({Standing.ENROLLED, Standing.ON_LEAVE})

# In the years in which a class sits in one room every day, its members do not meet each other
# here as supporter and student, unless the program says so (an open wish of some: a switch).
APART_AT_FIRST = frozenset({"M1", "M2"})

# How a class moves up each summer; whoever finishes the last year is gone.
NEXT_PHASE = {"M1": "M2", "M2": "M3", "M3": "M4", "M4": ""}


@dataclass(frozen=True, slots=True)
class Cohort:
    """Which class, phase, site and rotation somebody belongs to; empty where it is not known."""

    class_name: str = ""
    phase: str = ""
    site: str = ""
    rotation: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the list. Addresses are in lower case."""

    email: str
    called: str = ""
    cohort: Cohort = field(default_factory=Cohort)
    standing: Standing = Standing.ENROLLED
    other_email: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One person who differs from the list that is known."""

    before: Entry
    after: Entry


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new list would do. `missing` are those it does not name."""

    new: tuple[Entry, ...]
    changed: tuple[Change, ...]
    unchanged: int
    missing: tuple[Entry, ...]

    @property
    def mark(self) -> str:
        """Return a short name of exactly this plan, to see whether it is still the same."""
        said = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def does_nothing(self) -> bool:
        """Return whether nobody is new, changed or missing."""
        return not (self.new or self.changed or self.missing)


def compare(
    known: Mapping[str, Entry], wanted: Iterable[Entry], *, columns: Collection[str]
) -> Plan:
    """Return what a list changes. A column that it does not have leaves what is known alone."""
    new, changed, same = [], [], 0
    named = set()
    for entry in wanted:
        named.add(entry.email)
        before = known.get(entry.email)
        if before is None:
            new.append(entry)
            continue
        after = _keeping(before, entry, columns)
        if after == before:
            same += 1
        else:
            changed.append(Change(before, after))
    missing = [
        entry
        for email, entry in known.items()
        if email not in named and entry.standing != Standing.GONE
    ]
    by_email = sorted(missing, key=lambda entry: entry.email)
    return Plan(tuple(new), tuple(changed), same, tuple(by_email))


def _keeping(before: Entry, after: Entry, columns: Collection[str]) -> Entry:
    """Return `after` with everything of `before` for which the list has no column."""
    cohort = Cohort(
        **{
            name: getattr(after.cohort if column in columns else before.cohort, name)
            for name, column in _COHORT_COLUMNS.items()
        }
    )
    return replace(
        after,
        cohort=cohort,
        called=after.called if "name" in columns else before.called,
        standing=after.standing if "standing" in columns else _back(before.standing),
        other_email=after.other_email if "other email" in columns else before.other_email,
    )


_COHORT_COLUMNS = {"class_name": "class", "phase": "phase", "site": "site", "rotation": "rotation"}


def _back(before: Standing) -> Standing:
    """Whoever is named again by a list that says nothing of standing is there again."""
    return Standing.ENROLLED if before == Standing.GONE else before


def moved_up(entry: Entry) -> Entry:
    """Return somebody after the summer. Who is on leave, faculty or gone stays as they are."""
    if entry.standing != Standing.ENROLLED:
        return entry
    following = NEXT_PHASE.get(entry.cohort.phase.upper())
    if following is None:
        return entry
    if not following:
        return replace(entry, standing=Standing.GONE)
    return replace(entry, cohort=replace(entry.cohort, phase=following, rotation=""))
