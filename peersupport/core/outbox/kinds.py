"""Kinds of messages, registered by the apps that know their words."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.functional import Promise

from peersupport.core.outbox.models import ASKED, UNASKED, URGENT, Outgoing, Side, side_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be sent."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: whether it was asked for, and how it is composed at sending.

    `compose` looks at the live thing again and returns None when there is nothing to say any
    more. `keep_row` keeps the delivered row for a week; kinds about visits must not.

    `title` says in plain words what it tells, and `roles` to whom: on the page of preferences
    everybody finds the kinds that can reach them. A kind whose rows name no recipient finds them
    with `whom`, so that the gates can ask after their wishes.

    `is_cheerful` mail (thanks, invitations, good luck) waits while something terrible is mourned.

    `always` is for a word that guards the account itself: no wish and no limit stops it, since
    whoever took the account over could have wished for silence.
    """

    name: str
    asked: bool
    compose: Callable[[Outgoing, datetime], Letter | None]
    keep_row: bool = False
    title: str | Promise = ""
    roles: frozenset[str] = frozenset()
    whom: Callable[[Outgoing, datetime], UUID | None] | None = None
    always: bool = False
    is_cheerful: bool = False

    @property
    def rank(self) -> int:
        """In which order what is due goes: what guards an account or is the care side's first."""
        if self.always or self.side == "care":
            return URGENT
        return ASKED if self.asked else UNASKED

    @property
    def side(self) -> Side:
        """Whose it is: kinds named "care.*" are the care side's, all others the web side's."""
        return side_of(self.name)

    def recipient(self, outgoing: Outgoing, now: datetime) -> UUID | None:
        """Return whom a message goes to; None if nobody can say any more."""
        return self.whom(outgoing, now) if self.whom is not None else outgoing.recipient


@dataclass(frozen=True, slots=True)
class Until:
    """Held until a moment that is known. Before it nothing has to be asked again."""

    moment: datetime


# "hold" is for what nobody can say the end of: it is asked again after a quarter of an hour.
Verdict = Literal["pass", "hold", "drop"] | Until
Gate = Callable[[Kind, Outgoing, datetime], Verdict]


def own_sides() -> frozenset[Side]:
    """Return the sides whose messages this process may send: both only in the demo."""
    if settings.PLANE == "all":
        return frozenset({"web", "care"})
    return frozenset({"care"}) if settings.PLANE == "care" else frozenset({"web"})


Refused = Callable[[str, datetime], None]
Unsaid = Callable[[Outgoing, Outgoing.State, datetime], None]
_refused: dict[Side, Refused] = {}
_unsaid: dict[str, Unsaid] = {}
_kinds: dict[str, Kind] = {}
_gates: list[Gate] = []


def register(kind: Kind) -> None:
    """Make a kind known. Registering the same name again replaces it."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind | None:
    """Return a registered kind."""
    return _kinds.get(name)


def rank_of(name: str) -> int:
    """Return the rank of a kind. One that nobody has registered goes with what is asked for."""
    kind = _kinds.get(name)
    return kind.rank if kind is not None else ASKED


def named() -> list[Kind]:
    """Return every kind that has plain words, in their order."""
    return sorted((kind for kind in _kinds.values() if kind.title), key=lambda k: str(k.title))


def register_gate(gate: Gate, *, first: bool = False) -> None:
    """Add a step that may hold or drop a message at sending (limits, quiet hours).

    `first` is for one that writes down why: it has to be asked before the others.
    """
    _gates.insert(0 if first else len(_gates), gate)


def verdict(kind: Kind, outgoing: Outgoing, now: datetime) -> Verdict:
    """Return what the gates say: the first that does not pass decides."""
    for gate in () if kind.always else _gates:
        said = gate(kind, outgoing, now)
        if said != "pass":
            return said
    return "pass"


def register_refused(side: Side, tell: Refused) -> None:
    """Say who on a side must know that no mail server takes mail for an address any more."""
    _refused[side] = tell


def tell_refused(outgoing: Outgoing, address: str, now: datetime) -> None:
    """Tell whoever keeps the address that it takes no mail. What fails there stops no delivery."""
    tell = _refused.get(side_of(outgoing.kind))
    if tell is None:
        return
    try:
        tell(address, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        _log.exception("an address could not be flagged")


def register_unsaid(name: str, tell: Unsaid) -> None:
    """Say who counts what goes, and must know that something will not go after all."""
    _unsaid[name] = tell


def tell_unsaid(outgoing: Outgoing, state: Outgoing.State, now: datetime) -> None:
    """Tell whoever counts that a message ends without having been said.

    In the transaction that ends it: so it is told once, and not at all if that is undone.
    """
    for name, tell in _unsaid.items():
        try:
            with transaction.atomic():
                tell(outgoing, state, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            _log.exception("%s could not be told of a message that does not go", name)
