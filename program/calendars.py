"""When somebody has an exam or another fixed date of their own, and what a holiday touches.
Filled by whoever knows.

Milestones, a class calendar, a person's own feed: each registers a source. Office hours ask, and
need not know where an answer comes from.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import Person
from peersupport.core.datamap.registry import Words
from program.models import Holiday
from program.rules import Span

Source = Callable[[Person, datetime, datetime], list[Span]]
ManySource = Callable[[frozenset[uuid.UUID], datetime, datetime], Mapping[uuid.UUID, list[Span]]]


@dataclass(frozen=True, slots=True)
class _Calendar:
    one: Source
    many: ManySource | None


_sources: dict[str, _Calendar] = {}


def register_exams(name: str, source: Source, *, many: ManySource | None = None) -> None:
    """Add a source of a person's own exams between two instants. Same name: replaced.

    A source that asks the database should also answer for `many` people at once, in one query:
    without it, whoever shows all free times asks once for every supporter.
    """
    _sources[name] = _Calendar(source, many)


def forget_source(name: str) -> None:
    """Take a source away again."""
    _sources.pop(name, None)


def exams_of(person: Person, start: datetime, end: datetime) -> list[Span]:
    """Return this person's exams that touch the stretch, from every source, in order."""
    found = [span for calendar in _sources.values() for span in calendar.one(person, start, end)]
    return sorted(found, key=lambda span: span.start)


def exams_of_many(
    people: frozenset[uuid.UUID], start: datetime, end: datetime
) -> dict[uuid.UUID, list[Span]]:
    """Return the exams of several people, by who they are, as `exams_of` does for one."""
    found: dict[uuid.UUID, list[Span]] = defaultdict(list)
    single = [calendar.one for calendar in _sources.values() if calendar.many is None]
    for person in Person.objects.filter(pk__in=people) if single else ():
        for source in single:
            found[person.pk] += source(person, start, end)
    for calendar in _sources.values():
        if calendar.many is not None:
            for one, spans in calendar.many(people, start, end).items():
                found[one] += spans
    return dict(found)


@dataclass(frozen=True, slots=True)
class Closing:
    """What somebody above has planned on days that become a holiday.

    `clear` takes back what touches nobody, and returns how many; `left` says how much is still
    planned in each holiday; `address` names the page, by holiday, on which that is decided.
    """

    clear: Callable[[date, date, Person, datetime], int]
    left: Callable[[Iterable[Holiday], datetime], Mapping[uuid.UUID, int]]
    address: str


_closings: dict[str, Closing] = {}


def register_closing(name: str, closing: Closing) -> None:
    """Say what is planned on days that may become a holiday. Same name: replaced."""
    _closings[name] = closing


def closings() -> list[Closing]:
    """Return everything that plans on days, in the order of registering."""
    return list(_closings.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that goes on in a holiday until somebody decides otherwise."""

    title: str
    when: str
    address: str


Standings = Callable[[Iterable[Holiday], Person, datetime], Mapping[uuid.UUID, list[Standing]]]
_standings: dict[str, Standings] = {}


def register_standing(name: str, ask: Standings) -> None:
    """Say what goes on in holidays, as far as who asks may know. Same name: replaced."""
    _standings[name] = ask


def standing_in(
    days: Iterable[Holiday], by: Person, now: datetime
) -> dict[uuid.UUID, list[Standing]]:
    """Return what goes on in each of some holidays."""
    days = list(days)
    found: dict[uuid.UUID, list[Standing]] = defaultdict(list)
    for ask in _standings.values():
        for holiday, things in ask(days, by, now).items():
            found[holiday] += things
    return found


Hours = Callable[[date, date], Mapping[date, float]]
Marks = Callable[[date, date, Person], list[tuple[date, str]]]
Lanes = list[tuple[str, list[tuple[date, str]]]]
_hours: dict[str, Hours] = {}
_marks: dict[str, tuple[Words, Marks]] = {}


def register_hours(name: str, hours: Hours) -> None:
    """Say how many hours are published in each week, by its Monday. Same name: replaced."""
    _hours[name] = hours


def published_hours(first: date, last: date) -> list[tuple[date, float]]:
    """Return the hours of every week between two days, those without any too; in order."""
    monday = first - timedelta(days=first.weekday())
    found: dict[date, float] = {}
    for each in _hours.values():
        for day, value in each(first, last).items():
            found[day] = found.get(day, 0) + value
    weeks = []
    while _hours and monday <= last:
        weeks.append((monday, found.get(monday, 0)))
        monday += timedelta(days=7)
    return weeks


def register_marks(name: str, title: Words, marks: Marks) -> None:
    """Add a lane of days with words to the timeline of a term, for whoever reads it.

    Same name: replaced.
    """
    _marks[name] = (title, marks)


def marks(first: date, last: date, reader: Person) -> Lanes:
    """Return every lane that others add and that holds anything this reader may know."""
    found = [(str(title), each(first, last, reader)) for title, each in _marks.values()]
    return [(title, days) for title, days in found if days]


@dataclass(frozen=True, slots=True)
class Opening:
    """Published hours ahead, as a visitor may know them: names nobody."""

    starts_at: datetime
    ends_at: datetime
    place: str


NextHours = Callable[[datetime, int], list[Opening]]
Missing = Callable[[date, date, datetime], int]
_next_hours: dict[str, NextHours] = {}
_missing: dict[str, Missing] = {}


def register_next_hours(name: str, ask: NextHours) -> None:
    """Say which hours come next, at most so many. Same name: replaced."""
    _next_hours[name] = ask


def next_hours(now: datetime, most: int) -> list[Opening]:
    """Return the next hours of everything that holds some, in order."""
    found = [one for ask in _next_hours.values() for one in ask(now, most)]
    return sorted(found, key=lambda one: (one.starts_at, one.place))[:most]


def register_missing(name: str, ask: Missing) -> None:
    """Say how many times in some days nobody holds yet. Same name: replaced."""
    _missing[name] = ask


def missing_hours(first: date, last: date, now: datetime) -> int:
    """Return how many times between two days nobody holds yet."""
    return sum(ask(first, last, now) for ask in _missing.values())


_followers: dict[str, Callable[[], None]] = {}


def on_calendar_change(name: str, follow: Callable[[], None]) -> None:
    """Have something called after terms or milestones have changed. Same name: replaced."""
    _followers[name] = follow


def calendar_changed() -> None:
    """Tell whoever follows the calendar. Call it once the change is committed."""
    for follow in _followers.values():
        follow()
