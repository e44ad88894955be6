"""A year with every kind of milestone, day by day: no limit is ever passed, for anybody.

The same year without the governor passes them: so it is the governor that holds them.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from program.calendar_rules import Entry, Kind, quiet_times, us_md
from reminders.library import LIBRARY, Shipped
from reminders.limit_rules import (
    A_MILESTONE,
    A_TERM,
    A_WEEK,
    Decision,
    Known,
    Outcome,
    Rival,
    SaidOnce,
    Why,
    decide,
)
from reminders.planning_rules import (
    Occurrence,
    Pattern,
    is_silent,
    monday_of,
    next_moment,
    occurrences,
    phrases,
)

NEW_YORK = ZoneInfo("America/New_York")
TERMS = [date(2026, 8, 1), date(2027, 1, 1)]
FIRST, LAST = date(2026, 8, 1), date(2027, 7, 31)
GROUPS = [("M1", ""), ("M2", ""), ("M3", "Surgery B"), ("M4", "")]
Governor = Callable[[Known], Decision]


@dataclass
class Person:
    """Somebody in a class, and what they got."""

    class_name: str
    rotation: str
    said: list[tuple[datetime, uuid.UUID]] = field(default_factory=list)
    topics: list[tuple[str, uuid.UUID, int]] = field(default_factory=list)


def _pattern(one: Shipped) -> Pattern:
    return Pattern(
        one.kind, phrases(one.words), None, one.offset, one.counts_from, one.at, one.good_for
    )


Planned = tuple[str, Shipped, Occurrence]


def _planned(entries: dict[uuid.UUID, Entry]) -> list[Planned]:
    found = [
        (key, one, each)
        for key, one in LIBRARY.items()
        for each in occurrences(_pattern(one), entries.items(), NEW_YORK)
    ]
    return sorted(found, key=lambda each: (each[2].due_at, each[0]))


def _rival(key: str, one: Shipped, at: Occurrence) -> Rival:
    mark = f"{key}|{at.milestone}|{at.index}".encode()
    return Rival(one.priority, at.milestone, at.due_at, at.expires_at, mark)


def _term_of(day: date) -> date:
    """Return the first day of a day's term; what lies before the first term is one of its own."""
    return max((first for first in TERMS if first <= day), default=date.min)


def _live(person: Person, entries: dict[uuid.UUID, Entry], governor: Governor) -> None:
    """Let everything that is for somebody fall due, in order; what is held is asked again."""
    mine = [
        (_rival(*each), each)
        for each in _planned(entries)
        if entries[each[2].milestone].is_for(person.class_name, person.rotation)
    ]
    own = [e for e in entries.values() if e.is_for(person.class_name, person.rotation)]
    quiets = tuple(quiet_times(own))
    waiting = [(message.due_at, message, each) for message, each in mine]
    while waiting:
        waiting.sort(key=lambda row: (row[0], row[1].key))
        now, message, (key, _one, at) = waiting.pop(0)
        today = now.astimezone(NEW_YORK).date()
        topics = {f"{name}|{milestone}|{n}".encode() for name, milestone, n in person.topics}
        known = Known(
            now=now,
            zone=NEW_YORK,
            message=message,
            was_said=message.key in topics,
            quiets=quiets,
            said=tuple(
                SaidOnce(moment.astimezone(NEW_YORK).date(), milestone)
                for moment, milestone in person.said
            ),
            term_first=_term_of(today),
            rivals=tuple(r for r, _ in mine if r.key not in topics and r.expires_at > now),
        )
        said = governor(known)
        if said.outcome is Outcome.WENT:
            person.said.append((now, at.milestone))
            person.topics.append((key, at.milestone, at.index))
        elif said.outcome is Outcome.HELD and said.until is not None:
            assert now < said.until < at.expires_at, "asked in vain, or said too late"
            waiting.append((said.until, message, (key, _one, at)))


def _broken(person: Person, entries: dict[uuid.UUID, Entry]) -> list[str]:
    """Return every limit that was passed for somebody."""
    days = [moment.astimezone(NEW_YORK).date() for moment, _ in person.said]
    own = [e for e in entries.values() if e.is_for(person.class_name, person.rotation)]
    quiets = quiet_times(own)
    walls = [moment.astimezone(NEW_YORK).replace(tzinfo=None) for moment, _ in person.said]
    terms = Counter(map(_term_of, days))
    checks = {
        "a week": max(Counter(map(monday_of, days)).values(), default=0) > A_WEEK,
        "a milestone": max(Counter(m for _, m in person.said).values(), default=0) > A_MILESTONE,
        "a term": max(terms.values(), default=0) > A_TERM,
        "twice": len(set(person.topics)) < len(person.topics),
        "quiet hours": any(next_moment(wall) != wall for wall in walls),
        "an exam": any(is_silent(wall, quiets) for wall in walls),
    }
    return [name for name, is_broken in checks.items() if is_broken]


def _whole_year() -> dict[uuid.UUID, Entry]:
    """A full calendar: what every school has, blocks, shelves, scores, clerkships."""
    phases = {"M1": "M1", "M2": "M2", "M3": "M3", "M4": "M4"}
    found = [
        Entry(one.title, one.kind, one.first_on, one.last_on, class_name=phases[one.phase])
        for one in us_md(2026)
    ]
    for week in range(4, 44, 3):
        day = FIRST + timedelta(days=7 * week + week % 5)
        for class_name, _rotation in GROUPS:
            found.append(Entry(f"Block {week}", Kind.EXAM, day, day, class_name=class_name))
    for week in range(6, 46, 6):
        day = FIRST + timedelta(days=7 * week)
        found.append(Entry("Clerkship begins", Kind.CHANGE, day, day, class_name="M3"))
        found.append(Entry("Shelf", Kind.EXAM, day + timedelta(days=39), day + timedelta(days=39),
                           class_name="M3", rotation="Surgery B"))  # fmt: skip
    found.append(Entry("Step 1", Kind.EXAM, date(2027, 4, 13), date(2027, 4, 13), class_name="M2"))
    found.append(Entry("Step 1 scores", Kind.OTHER, date(2027, 5, 5), date(2027, 5, 5)))
    found.append(Entry("Wellness week", Kind.OTHER, date(2027, 2, 1), date(2027, 2, 5)))
    return {uuid.UUID(int=number + 1): entry for number, entry in enumerate(found)}


def _ungoverned(known: Known) -> Decision:
    return Decision(Outcome.WENT, Why.FINE)


@pytest.mark.parametrize("group", GROUPS)
def test_a_full_year_passes_no_limit(group: tuple[str, str]) -> None:
    entries, person = _whole_year(), Person(*group)

    _live(person, entries, decide)

    assert _broken(person, entries) == []
    assert len(person.said) > 6, "it says something all the same"


@pytest.mark.parametrize("group", GROUPS)
def test_without_the_governor_the_same_year_passes_them(group: tuple[str, str]) -> None:
    """The control."""
    entries, person = _whole_year(), Person(*group)

    _live(person, entries, _ungoverned)

    expected = {"a week", "a milestone", "a term"}
    if group[0] in ("M2", "M3"):
        expected |= {"an exam"}
    assert expected <= set(_broken(person, entries))


_ENTRIES = st.lists(
    st.builds(
        lambda title, kind, first, length, group, whole: Entry(
            title,
            kind,
            first,
            first + timedelta(days=length),
            class_name="" if whole else group[0],
            rotation="" if whole else group[1],
        ),
        st.sampled_from(
            ["Anatomy", "Step 1", "Step 1 scores", "Match Week", "Clerkship begins", "Dedicated"]
        ),
        st.sampled_from(list(Kind)),
        st.dates(FIRST, LAST),
        st.sampled_from([0, 0, 1, 4, 41]),
        st.sampled_from(GROUPS),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


def _exam(day: date) -> Entry:
    return Entry("Anatomy", Kind.EXAM, day, day, class_name="M1")


# What is said before the first term begins, around its first day.
_EARLY = [_exam(date(2026, 8, 1)), _exam(date(2026, 8, 1)), _exam(date(2026, 8, 15)),
          _exam(date(2026, 9, 5))]  # fmt: skip


@settings(max_examples=60, deadline=None)
@example(_EARLY, ("M1", ""))
@given(_ENTRIES, st.sampled_from(GROUPS))
def test_no_year_passes_a_limit(drawn: list[Entry], group: tuple[str, str]) -> None:
    entries = {uuid.UUID(int=number + 1): entry for number, entry in enumerate(drawn)}
    person = Person(*group)

    _live(person, entries, decide)

    assert _broken(person, entries) == []


def test_utc_is_what_falls_due() -> None:
    assert all(each[2].due_at.tzinfo is UTC for each in _planned(_whole_year()))
