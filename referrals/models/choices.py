"""Words of the rules as choices of a column, and as a constraint on it."""

from collections.abc import Iterable
from enum import StrEnum

from django.db.models import CheckConstraint, Q


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Return every word of an enumeration as a choice."""
    return [(str(word), str(word)) for word in words]


def one_of(column: str, words: Iterable[StrEnum], name: str) -> CheckConstraint:
    """Return the constraint that a column holds one of these words."""
    return CheckConstraint(
        condition=Q(**{f"{column}__in": [str(word) for word in words]}), name=name
    )
