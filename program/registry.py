"""What a school can set, and what apps above add to the pages of its facts.

Every key has plain words, a default and those who may set it: a key that is not here cannot be
set. Lines of the index and what "Close everything now" closes are added by whoever knows.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.rules import Role
from peersupport.core.datamap.registry import Words

Values = Mapping[str, Any]
KEEPERS = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
# Whoever runs the program day by day: they close it and say so, as the student leads do.
RUNNERS = frozenset({Role.COORDINATOR, Role.STUDENT_LEAD})

CONFIDENTIAL, PRIVATE, REPORT = "confidential", "private", "report"
STATUSES: dict[str, Words] = {
    CONFIDENTIAL: _("Confidential"),
    PRIVATE: _("Private with limits"),
    REPORT: _("Must be reported"),
}
TOPICS: dict[str, Words] = {
    "sexual-misconduct": _("sexual misconduct"),
    "child-abuse": _("harm to a child"),
    "threats": _("threats against somebody"),
    "crime": _("hazing or another crime"),
    "discrimination": _("discrimination"),
    "clinical-safety": _("the safety of patients"),
}
CLAIMS: dict[str, Words] = {
    "mspe": _("That you came never stands in your MSPE or your record."),
    "deans": _("No dean ever sees who came."),
    "grades": _("Nobody who grades you learns that you came."),
    "licence": _("Coming here is not something that licensing forms ask about."),
}
# Whether supporters plan workshops for their classmates, and whether somebody looks at them first.
LETTING: dict[str, Words] = {
    "no": _("No: coordinators and student leads plan every event"),
    "draft": _("Yes, as drafts: a coordinator or a student lead publishes them"),
    "publish": _("Yes, and they publish them themselves"),
}
SHIPPED_PLEDGE = (
    "What somebody tells me in a talk stays with me. I write down neither their name nor their "
    "story. I tell another person only where our rules say I must, and I tell them first if I "
    "can. I ask our clinical supervisor when I am unsure, without a name. If I break this, I say "
    "so at once to the person our program names."
)


@dataclass(frozen=True, slots=True)
class Known:
    """One thing a school can set: its words, what holds until it is set, and who may set it."""

    title: Words
    default: Any = None
    roles: frozenset[Role] = KEEPERS


KNOWN: dict[str, Known] = {
    **{f"topic-{name}": Known(words) for name, words in TOPICS.items()},
    **{f"claim-{name}": Known(words) for name, words in CLAIMS.items()},
    "pledge": Known(
        _("The confidentiality pledge"),
        {"text": SHIPPED_PLEDGE, "version": 1, "from_on": None, "grace": 14},
    ),
    "talked": Known(_("Whom to tell if a supporter talked")),
    "small-school": Known(_("One person is coordinator and counselor"), default=False),
    "notice": Known(_("Notice on every page"), roles=KEEPERS | RUNNERS),
    "critical": Known(_("After something terrible"), roles=KEEPERS | RUNNERS),
    "closed": Known(_("Close everything now"), roles=RUNNERS),
    "school": Known(_("The name of the program, and its time zone")),
    "place": Known(_("Where hours usually are")),
    "supporter-events": Known(_("Workshops that supporters plan"), default="no"),
    "handed-over": Known(_("Looked at for the hand-over")),
    "crisis-lines": Known(_("Crisis lines")),
}


def value_of(values: Values, key: str) -> Any:
    """Return what a key is set to, or what holds until it is set."""
    return values.get(key, KNOWN[key].default)


@dataclass(frozen=True, slots=True)
class Line:
    """One fact on the index: its state in words, and whether somebody has to do something."""

    group: Words
    title: Words
    state: Words
    address: str
    is_due: bool = False
    order: int = 100


Lines = Callable[[Values, date], list[Line]]
_lines: dict[str, Lines] = {}


def register_lines(name: str, lines: Lines) -> None:
    """Add lines to the index of the school's facts. Same name: replaced."""
    _lines[name] = lines


def index_lines(values: Values, today: date) -> list[Line]:
    """Return every line of the index, in order."""
    found = [line for lines in _lines.values() for line in lines(values, today)]
    return sorted(found, key=lambda line: line.order)


@dataclass(frozen=True, slots=True)
class Ending:
    """What goes on while everything is closed, unless it is ended with it, one by one.

    `shown` gives the template what lies between two instants. `end` ends those whose tickets come
    back, and returns how many are ended, and how many had changed since and stand as they were.
    """

    template: str
    shown: Callable[[datetime, datetime, Person, datetime], Mapping[str, Any]]
    end: Callable[[Collection[str], Person, datetime], tuple[int, int]]


_endings: dict[str, Ending] = {}


def register_ending(name: str, ending: Ending) -> None:
    """Say what else could be ended when everything closes. Same name: replaced."""
    _endings[name] = ending


def endings() -> list[Ending]:
    """Return everything that goes on unless it is ended."""
    return list(_endings.values())


Closer = Callable[[datetime, datetime, Person, datetime], tuple[int, int]]
_closers: dict[str, Closer] = {}


def register_closer(name: str, closer: Closer) -> None:
    """Say how to close what is planned between two instants. Same name: replaced.

    It tells whoever had a place, and returns how much is closed and how much was left because
    somebody is in it at this moment.
    """
    _closers[name] = closer


def closers() -> list[Closer]:
    """Return everything that can be closed."""
    return list(_closers.values())
