"""Terms and milestones, and whose exams they are."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Person
from accounts.queries.roster import cohorts_of
from peersupport.core import clock
from program.calendar_rules import Entry, Kind
from program.models import Milestone, Term
from program.queries.basics import facts
from program.rules import Span


def entry_of(row: Milestone) -> Entry:
    """Return what a row says."""
    return Entry(
        row.title,
        Kind(row.kind),
        row.first_on,
        row.last_on,
        row.starts,
        row.ends,
        row.class_name,
        row.rotation,
        row.key or "",
    )


def milestones(first: date, last: date | None = None) -> list[Milestone]:
    """Return what touches the days from `first` on, until `last` if there is one: one query."""
    found = Milestone.objects.filter(last_on__gte=first)
    if last is not None:
        found = found.filter(first_on__lte=last)
    return list(found.order_by("first_on", "starts", "title", "class_name"))


def milestone(key: uuid.UUID) -> Milestone | None:
    """Return one milestone."""
    return Milestone.objects.filter(pk=key).first()


def by_key(keys: Iterable[str]) -> dict[str, Entry]:
    """Return what earlier files brought, by its key: one query."""
    rows = Milestone.objects.filter(key__in=list(keys))
    return {row.key: entry_of(row) for row in rows if row.key}


def terms() -> list[Term]:
    """Return every term, the latest first."""
    return list(Term.objects.order_by("-first_on"))


def span_of(entry: Entry, zone: ZoneInfo) -> Span:
    """Return from when to when it lasts, in the program's zone; all of its days without times."""
    if entry.starts is None or entry.ends is None:
        start, _end = clock.day_bounds(entry.first_on, zone)
        _start, end = clock.day_bounds(entry.last_on, zone)
        return Span(start, end)
    start = clock.to_utc(datetime.combine(entry.first_on, entry.starts), zone)
    return Span(start, clock.to_utc(datetime.combine(entry.last_on, entry.ends), zone))


def _exams(start: datetime, end: datetime) -> list[tuple[Entry, Span]]:
    """Return the exams that touch a stretch of time: one query, and one for the zone if any."""
    day = timedelta(days=1)
    rows = Milestone.objects.filter(
        kind=Kind.EXAM, first_on__lte=end.date() + day, last_on__gte=start.date() - day
    )
    entries = [entry_of(row) for row in rows]
    if not entries:
        return []
    zone = facts().zone
    found = [(entry, span_of(entry, zone)) for entry in entries]
    return [(entry, span) for entry, span in found if span.start < end and start < span.end]


def exams_of_several(
    people: frozenset[uuid.UUID], start: datetime, end: datetime
) -> Mapping[uuid.UUID, list[Span]]:
    """Return the exams of several people by who they are: one query, three if there are any.

    Whoever is not on the school's list has the exams that are everybody's.
    """
    exams = _exams(start, end)
    if not exams or not people:
        return {}
    cohorts = cohorts_of(people)
    found: dict[uuid.UUID, list[Span]] = {}
    for person in people:
        cohort = cohorts.get(person)
        own = (cohort.class_name, cohort.rotation) if cohort else ("", "")
        mine = [span for entry, span in exams if entry.is_for(*own)]
        if mine:
            found[person] = sorted(mine, key=lambda span: span.start)
    return found


def exams_of_one(person: Person, start: datetime, end: datetime) -> list[Span]:
    """Return somebody's exams that touch a stretch of time."""
    return exams_of_several(frozenset({person.pk}), start, end).get(person.pk, [])
