"""What stands at the top of every page for a time. Said by an app above, drawn by the base page.

Whoever says it must answer without failing and, as a rule, without asking the database: pages
that must stand when it does not show this too.
"""

from collections.abc import Callable

Source = Callable[[bool], list[str]]
_sources: dict[str, Source] = {}


def register_notices(name: str, source: Source) -> None:
    """Add a source of notices; it is told whether it may ask the database. Same name: replaced."""
    _sources[name] = source


def notices(*, may_ask: bool) -> list[str]:
    """Return every notice that stands now, in plain text."""
    return [text for source in _sources.values() for text in source(may_ask)]
