"""What the apps above want to be told: that a profile changed, and that somebody leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person
from peersupport.core.datamap.registry import Words


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody cannot leave yet, and where they can change that (the name of an address)."""

    words: Words
    address: str = ""
    link: Words = ""


@dataclass(frozen=True, slots=True)
class Leaver:
    """What an app does when somebody deletes their account.

    `refuses` says what must be settled first. `leave` runs in the transaction that deletes, with
    everything of theirs still there.
    """

    refuses: Callable[[Person, datetime], list[Refusal]]
    leave: Callable[[Person, datetime], None]


_leavers: dict[str, Leaver] = {}
_listeners: dict[str, Callable[[], object]] = {}


def register_leaver(name: str, leaver: Leaver) -> None:
    """Take part when somebody deletes their account. Registering a name again replaces it."""
    _leavers[name] = leaver


def leavers() -> list[Leaver]:
    """Return whoever takes part, in the order of their names."""
    return [leaver for _name, leaver in sorted(_leavers.items())]


def on_profile_change(name: str, listener: Callable[[], object]) -> None:
    """Be told, in the transaction that changes it, that what students see of somebody changed."""
    _listeners[name] = listener


def profile_changed() -> None:
    """Tell whoever wants to know."""
    for listener in _listeners.values():
        listener()
