"""Where somebody in danger is: how those who keep it and those who pass it on come together.

Office hours keep, with a remote visit, where its student is; referrals hand it to the counselors'
side when a supporter presses "in danger". Neither knows the other: each says here what it can do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk of a supporter that goes on or has just ended, by its reference. Nobody's name."""

    reference: str
    at: datetime
    is_over: bool
    has_contact: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """What is handed over: still sealed to the counselors' side, and the mark of its visit."""

    sealed: bytes = field(repr=False)
    visit_tag: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """What the visit's student is told: when it was handed over, and who opened it when."""

    handed_at: datetime
    opened: tuple[tuple[str, datetime], ...]


Talks = Callable[[UUID, datetime], list[Talk]]
Taking = Callable[[UUID, str, datetime], Handed | None]
Notes = Callable[[bytes, datetime], list[Note]]

_talks: list[Talks] = []
_taking: list[Taking] = []
_notes: list[Notes] = []


def register_visits(talks: Talks, take: Taking) -> None:
    """Say where a supporter's own talks are, and how the contact of one is taken from it."""
    _talks[:], _taking[:] = [talks], [take]


def register_notes(source: Notes) -> None:
    """Say where it is known what was handed over and opened."""
    _notes[:] = [source]


def talks(supporter: UUID, now: datetime) -> list[Talk]:
    """Return a supporter's own talks that go on or have just ended."""
    return [one for source in _talks for one in source(supporter, now)]


def take_contact(supporter: UUID, reference: str, now: datetime) -> Handed | None:
    """Return the contact of one of a supporter's own talks, still sealed; None if there is none.

    What is returned can be opened on the counselors' side alone.
    """
    return next((got for take in _taking if (got := take(supporter, reference, now))), None)


def notes(visit_tag: bytes, now: datetime) -> list[Note]:
    """Return what became of a visit's contact."""
    return [one for source in _notes for one in source(visit_tag, now)]
