"""The way from an empty program to its first published hours: a registry of steps.

How far a step is follows from what the database holds, never from a mark of its own: so a step
that lapses (nobody stands behind the supporters any more) comes back by itself. Steps are added
here by whoever knows, as the apps above do when they are ready.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.rules import Role
from peersupport.core.datamap.registry import Words


@dataclass(frozen=True, slots=True)
class Look:
    """What the states of all steps are derived from, read once."""

    values: Mapping[str, Any]
    zone: ZoneInfo
    today: date
    now: datetime


@dataclass(frozen=True, slots=True)
class State:
    """How far a step is, in words."""

    is_done: bool
    words: Words


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: why it is asked, how long it takes, who may do it, and where."""

    name: str
    title: Words
    why: Words
    minutes: int
    roles: frozenset[Role]
    address: Callable[[], str]
    state: Callable[[Look], State]
    order: int = 100


_steps: dict[str, Step] = {}


def register_step(step: Step) -> None:
    """Add a step. Same name: replaced."""
    _steps[step.name] = step


def steps() -> list[Step]:
    """Return every step, in order."""
    return sorted(_steps.values(), key=lambda step: step.order)


@dataclass(frozen=True, slots=True)
class Standing:
    """One step, and how far it is."""

    step: Step
    state: State


@dataclass(frozen=True, slots=True)
class Way:
    """The whole way, as it stands."""

    rows: tuple[Standing, ...]

    @property
    def left(self) -> tuple[Standing, ...]:
        """What is still to do, in order."""
        return tuple(row for row in self.rows if not row.state.is_done)

    @property
    def minutes_left(self) -> int:
        """About how long the rest takes."""
        return sum(row.step.minutes for row in self.left)

    def next_for(self, roles: Iterable[str]) -> Standing | None:
        """Return the first open step that somebody with these roles may do."""
        mine = {str(role) for role in roles}
        found = (row for row in self.left if mine & {str(role) for role in row.step.roles})
        return next(found, None)


def way(look: Look) -> Way:
    """Return how far every step is. Each asks its own few questions: their number is fixed."""
    return Way(tuple(Standing(step, step.state(look)) for step in steps()))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to hand over each May: its state, and where it is settled."""

    name: str
    group: str
    title: str
    state: str
    is_done: bool
    address: str = ""
    link: str = ""
    # Whether somebody can say that they looked and it is still right.
    may_be_confirmed: bool = False


Items = Callable[[Look], list[Item]]
_items: dict[str, Items] = {}


def register_hand_over(name: str, items: Items) -> None:
    """Add things that are handed over. Same name: replaced."""
    _items[name] = items


def hand_over_items(look: Look) -> list[Item]:
    """Return what the apps above hand over."""
    return [item for items in _items.values() for item in items(look)]
