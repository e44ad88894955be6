"""Reads of the school's list."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import Group, Person, RosterEntry
from accounts.roster_rules import STUDENTS, Cohort, Entry, Standing


def entry_of(row: RosterEntry) -> Entry:
    """Return what a row says."""
    return Entry(
        email=row.email,
        called=row.called,
        cohort=Cohort(row.class_name, row.phase, row.site, row.rotation),
        standing=Standing(row.standing),
        other_email=row.other_email,
    )


def everybody() -> dict[str, Entry]:
    """Return the whole list by school address: one query."""
    rows = RosterEntry.objects.order_by("class_name", "email")
    return {row.email: entry_of(row) for row in rows}


def find(email: str) -> RosterEntry | None:
    """Return the row with an address, the school's or the other: one query, whole addresses only.

    Of two rows the one whose school address it is.
    """
    wanted = email.strip().lower()
    if not wanted:
        return None
    rows = RosterEntry.objects.filter(Q(email=wanted) | Q(other_email=wanted))
    return min(rows, key=lambda row: row.email != wanted, default=None)


def row(key: uuid.UUID | None) -> RosterEntry | None:
    """Return one row by its random number."""
    return RosterEntry.objects.filter(pk=key).first() if key is not None else None


def standing_of(email: str) -> Standing | None:
    """Return what the list says of an address, or None if it says nothing: one query."""
    row = find(email)
    return Standing(row.standing) if row is not None else None


@dataclass(frozen=True, slots=True)
class Class:
    """One class and phase: how many are enrolled, and how many on leave."""

    class_name: str
    phase: str
    enrolled: int
    on_leave: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The list in numbers."""

    classes: tuple[Class, ...]
    faculty: int
    gone: int

    @property
    def is_empty(self) -> bool:
        """Return whether nobody is on the list."""
        return not (self.classes or self.faculty or self.gone)


def overview() -> Overview:
    """Return the list in numbers: one query."""
    rows = RosterEntry.objects.values_list("class_name", "phase", "standing")
    counted: Counter[tuple[str, str, str]] = Counter()
    for class_name, phase, standing, number in rows.annotate(n=Count("pk")).order_by():
        counted[class_name, phase, standing] += number
    names = sorted({key[:2] for key in counted if key[2] in STUDENTS}, key=lambda k: (k[1], k[0]))
    return Overview(
        tuple(
            Class(*name, counted[(*name, Standing.ENROLLED)], counted[(*name, Standing.ON_LEAVE)])
            for name in names
        ),
        faculty=sum(n for key, n in counted.items() if key[2] == Standing.FACULTY),
        gone=sum(n for key, n in counted.items() if key[2] == Standing.GONE),
    )


def groups() -> list[tuple[uuid.UUID, str, bool]]:
    """Return every group: its random number, its name, and whether it is kept apart."""
    return list(Group.objects.order_by("name").values_list("pk", "name", "is_apart"))


def cohorts_of(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, Cohort]:
    """Return the cohorts of those of these people who are students on the list: one query."""
    rows = RosterEntry.objects.filter(person__in=set(people), standing__in=map(str, STUDENTS))
    return {row.person_id: entry_of(row).cohort for row in rows if row.person_id is not None}


def person_of(email: str) -> Person | None:
    """Return the account that signs in with an address, active or not: one query.

    Its own address; and for somebody on leave the other one that the list gives.
    """
    on_leave = Q(roster_entry__other_email=email, roster_entry__standing=str(Standing.ON_LEAVE))
    found = Person.objects.filter(Q(email=email) | on_leave)
    return min(found, key=lambda person: person.email != email, default=None)


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The classes and rotation groups of the list, and which class is in which phase."""

    classes: tuple[str, ...]
    rotations: tuple[str, ...]
    of_phase: dict[str, str]


def cohorts() -> Cohorts:
    """Return what a student of the list can belong to: one query.

    `of_phase` leaves out a phase in which two classes are.
    """
    students = RosterEntry.objects.filter(standing__in=map(str, STUDENTS))
    rows = students.values_list("class_name", "phase", "rotation").distinct().order_by()
    classes, rotations = set(), set()
    phases: dict[str, set[str]] = {}
    for class_name, phase, rotation in rows:
        classes.add(class_name)
        rotations.add(rotation)
        phases.setdefault(phase, set()).add(class_name)
    alone = {phase: min(names) for phase, names in phases.items() if phase and len(names) == 1}
    return Cohorts(tuple(sorted(classes - {""})), tuple(sorted(rotations - {""})), alone)
