"""When somebody has an exam or another fixed date of their own. Filled by whoever knows.

Milestones, a class calendar, a person's own feed: each registers a source. Office hours ask, and
need not know where an answer comes from.
"""

from collections.abc import Callable
from datetime import datetime

from accounts.models import Person
from program.rules import Span

Source = Callable[[Person, datetime, datetime], list[Span]]
_sources: dict[str, Source] = {}


def register_exams(name: str, source: Source) -> None:
    """Add a source of a person's own exams between two instants. Same name: replaced."""
    _sources[name] = source


def forget_source(name: str) -> None:
    """Take a source away again."""
    _sources.pop(name, None)


def exams_of(person: Person, start: datetime, end: datetime) -> list[Span]:
    """Return this person's exams that touch the stretch, from every source, in order."""
    found = [span for source in _sources.values() for span in source(person, start, end)]
    return sorted(found, key=lambda span: span.start)
