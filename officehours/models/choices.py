"""Choices of a column, from an enumeration of the rules."""

from enum import StrEnum


def choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the members as Django wants them."""
    return [(str(item), str(item)) for item in kind]
