"""The school's crisis lines: as they stand, who tried them, and what is due for review."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from peersupport.core import words
from peersupport.core.ui.crisis import SETTING, Numbers, from_environment, has_lapsed, parse
from peersupport.core.ui.packs import OWN_NUMBER, Line, Pack, default_pack, pack_of
from program.registry import Values, value_of

# From so many days before its day of review a line is named as due.
SOON = timedelta(days=14)
# What a pack says is looked at once a year as well.
PACK_HOLDS = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Own:
    """One of the school's own lines, and who tried it."""

    line: Line
    checked_by: str = ""

    def is_due(self, today: date) -> bool:
        """Return whether somebody should try it (again)."""
        return self.line.review_on is None or self.line.review_on < today + SOON

    def is_over(self, today: date) -> bool:
        """Return whether its day of review is over, or was never named."""
        return self.line.review_on is None or self.line.review_on < today

    def state(self, today: date) -> str:
        """Return in words who tried it when, and what follows."""
        line = self.line
        if line.checked_on is None or line.review_on is None:
            return _("Nobody has said that they tried it.")
        said = {"who": self.checked_by, "day": words.dated(line.checked_on)}
        tried = _("Tried by %(who)s, %(day)s.") % said
        review = words.dated(line.review_on)
        if has_lapsed(line, today):
            gone = _("Its review was due on %s: it stands on Help now alone, as not tried since.")
            return f"{tried} {gone % review}"
        if self.is_over(today):
            return f"{tried} {_('Its review was due on %s.') % review}"
        return f"{tried} {_('To be tried again by %s.') % review}"


@dataclass(frozen=True, slots=True)
class Lines:
    """Everything that answers now at this school."""

    pack: Pack
    emergency: str
    own: tuple[Own, ...]
    # False until the school has said something: then the installation's own lines stand.
    is_set: bool
    pack_looked_at: date | None

    def of(self, name: str) -> Own | None:
        """Return one of the school's own lines."""
        return next((one for one in self.own if one.line.id == name), None)

    def numbers(self) -> Numbers:
        """Return what pages show."""
        return Numbers(self.pack, self.emergency, tuple(one.line for one in self.own))


def installed() -> tuple[Own, ...]:
    """Return the installation's own lines, each with a name that stays the same."""
    found = []
    for line in from_environment():
        name = uuid5(NAMESPACE_URL, f"{line.label}|{line.number}").hex
        found.append(Own(Line(line.label, line.number, id=name)))
    return tuple(found)


def crisis_lines(values: Values) -> Lines:
    """Return the lines as the school has set them, else as it was installed."""
    value: Any = value_of(values, SETTING)
    kept = parse(value)
    if kept is None:
        pack = default_pack()
        return Lines(pack, pack.emergency, installed(), False, pack.checked_on)
    pack = pack_of(kept.pack) or pack_of(OWN_NUMBER) or default_pack()
    whom = _checked_by(value)
    own = tuple(Own(line, whom.get(line.id, "")) for line in kept.own)
    looked = value.get("pack_looked_at")
    day = date.fromisoformat(looked) if looked else pack.checked_on
    return Lines(pack, pack.emergency or kept.emergency, own, True, day)


def _checked_by(value: Mapping[str, Any]) -> dict[str, str]:
    return {str(one.get("id")): str(one.get("checked_by", "")) for one in value["lines"]}


def pack_is_due(known: Lines, today: date) -> bool:
    """Return whether it is a year since somebody looked at what the pack says."""
    return known.pack_looked_at is not None and known.pack_looked_at + PACK_HOLDS < today


@dataclass(frozen=True, slots=True)
class Tried:
    """When every number was last tried, and by whom; the day of the one tried longest ago."""

    on: date
    who: str
    holds: bool


def tried(known: Lines, today: date) -> Tried | None:
    """Return who tried the school's own numbers; None if there is one that nobody tried.

    A school without lines of its own has looked at what is fixed instead.
    """
    if not known.is_set:
        return None
    days = [one.line.checked_on for one in known.own]
    if not days:
        looked = known.pack_looked_at
        return Tried(looked, "", not pack_is_due(known, today)) if looked else None
    first = min(known.own, key=lambda one: one.line.checked_on or date.min)
    if first.line.checked_on is None:
        return None
    holds = not any(one.is_over(today) for one in known.own)
    return Tried(first.line.checked_on, first.checked_by, holds)


def earliest_due(known: Lines, today: date) -> Own | None:
    """Return the line whose review comes first, if one is due."""
    due = [one for one in known.own if one.line.review_on and one.is_due(today)]
    return min(due, key=lambda one: one.line.review_on or today, default=None)
