"""Choices of a column, from an enumeration of the rules."""

from enum import StrEnum

from django.db.models import CheckConstraint, Q


def choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the members as Django wants them."""
    return [(str(item), str(item)) for item in kind]


def one_of(field: str, kind: type[StrEnum], name: str) -> CheckConstraint:
    """Return the constraint that a column holds nothing but members."""
    return CheckConstraint(condition=Q(**{f"{field}__in": [str(i) for i in kind]}), name=name)
