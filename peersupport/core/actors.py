"""Who does something: a person, or the program itself."""

from dataclasses import dataclass
from typing import Protocol


class Actor(Protocol):
    """Somebody an act can be recorded under. The label is a role word, never an address."""

    @property
    def actor_id(self) -> str:
        """A stable identifier; empty only for somebody who is nobody, which is refused."""

    @property
    def actor_label(self) -> str:
        """A word such as "coordinator" or "system"."""


@dataclass(frozen=True, slots=True)
class System:
    """The program acting on its own: timers, jobs, first start."""

    actor_id: str = "system"
    actor_label: str = "system"


SYSTEM = System()
