"""Writes of the crisis lines. What a pack fixes is not kept with them, so nothing removes it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from peersupport.core import clock, ids
from peersupport.core.actors import Actor
from peersupport.core.ui.crisis import SETTING
from peersupport.core.ui.packs import Line, Pack, dialled, pack_of
from program.queries.basics import facts
from program.queries.crisis import Lines, Own, crisis_lines
from program.services.facts import touch_public
from program.services.settings import authorize_setting, change_setting_in

MOST = 12
# The bar at the top takes two lines of a phone with this many.
MOST_EVERYWHERE = 2


class FixedLine(Exception):
    """The pack fixes this line, or the emergency number: it cannot be changed or removed."""


class NoSuchLine(Exception):
    """There is no such line any more."""


class TooManyLines(Exception):
    """There are as many lines as pages can show."""


class NotChecked(Exception):
    """The days do not say that somebody has tried the line lately."""


class NoEmergencyNumber(Exception):
    """Without an emergency number no page would say what to do when a life is in danger."""


def _kept(own: Own) -> dict[str, Any]:
    line = own.line
    return {
        **{name: getattr(line, name) for name in ("id", "label", "number", "text", "text_words")},
        **{name: getattr(line, name) for name in ("web", "hours", "for_whom", "languages")},
        "is_everywhere": line.is_everywhere,
        "checked_by": own.checked_by,
        "checked_on": line.checked_on.isoformat() if line.checked_on else None,
        "review_on": line.review_on.isoformat() if line.review_on else None,
    }


def _write(known: Lines, by: Actor, now: datetime) -> None:
    value = {
        "pack": known.pack.key,
        "emergency": known.emergency,
        "lines": [_kept(own) for own in known.own],
        "pack_looked_at": known.pack_looked_at.isoformat() if known.pack_looked_at else None,
        "changed_at": now.isoformat(),
    }
    change_setting_in(key=SETTING, value=value, by=by, now=now)


@transaction.atomic(durable=True)
def _change(change: Callable[[Lines, date], Lines], by: Actor, now: datetime) -> None:
    """Change what stands now. The row of facts is taken first, so of two at once both count."""
    authorize_setting(SETTING, by)
    touch_public()
    known = facts()
    today = clock.local_date(now, known.zone)
    before = crisis_lines(known.values)
    after = change(before, today)
    if after == before and before.is_set:
        return
    _write(after, by, now)


def _refuse_fixed(known: Lines, name: str) -> None:
    if any(line.id == name for line in known.pack.lines):
        raise FixedLine


def _checked(line: Line, today: date) -> None:
    """Raise NotChecked unless somebody tried it within a year and says when it is tried again."""
    tried, review = line.checked_on, line.review_on
    if tried is None or review is None or not (0 <= (today - tried).days <= 366):
        raise NotChecked
    if review <= today or (review - tried).days > 366:
        raise NotChecked


def save_line(*, line: Line, checked_by: str, by: Actor, now: datetime) -> str:
    """Add a line, or change the one with its id; returns the id.

    Raises FixedLine, NoSuchLine, TooManyLines, NotChecked or NotAllowed.
    """
    name = line.id or ids.new_id().hex

    def change(known: Lines, today: date) -> Lines:
        _refuse_fixed(known, name)
        _checked(line, today)
        if line.id and known.of(name) is None:
            raise NoSuchLine
        new = Own(replace(line, id=name), checked_by)
        own = [new if one.line.id == name else one for one in known.own]
        own += [] if line.id else [new]
        shown = [one for one in own if one.line.is_everywhere]
        if len(own) > MOST or (line.is_everywhere and len(shown) > MOST_EVERYWHERE):
            raise TooManyLines
        return replace(known, own=tuple(own))

    _change(change, by, now)
    return name


def remove_line(*, name: str, by: Actor, now: datetime) -> None:
    """Take one of the school's own lines away. Raises FixedLine, NoSuchLine or NotAllowed."""

    def change(known: Lines, today: date) -> Lines:
        _refuse_fixed(known, name)
        if known.of(name) is None:
            raise NoSuchLine
        return replace(known, own=tuple(one for one in known.own if one.line.id != name))

    _change(change, by, now)


def check_line(
    *, name: str, checked_by: str, checked_on: date, review_on: date, by: Actor, now: datetime
) -> None:
    """Note that somebody tried a line and it answered. Raises as `save_line` does."""

    def change(known: Lines, today: date) -> Lines:
        _refuse_fixed(known, name)
        own = known.of(name)
        if own is None:
            raise NoSuchLine
        line = replace(own.line, checked_on=checked_on, review_on=review_on)
        _checked(line, today)
        new = Own(line, checked_by)
        return replace(known, own=tuple(new if one is own else one for one in known.own))

    _change(change, by, now)


def check_all(*, checked_by: str, checked_on: date, by: Actor, now: datetime) -> None:
    """Note that somebody tried every line of the school's own, and looked at what is fixed.

    Each is to be tried again a year later. Raises NotChecked or NotAllowed.
    """

    def change(known: Lines, today: date) -> Lines:
        again = checked_on + timedelta(days=365)
        lines = (replace(one.line, checked_on=checked_on, review_on=again) for one in known.own)
        own = tuple(Own(line, checked_by) for line in lines)
        for one in own:
            _checked(one.line, today)
        return replace(known, own=own, pack_looked_at=checked_on)

    _change(change, by, now)


def choose_pack(*, key: str, emergency: str, by: Actor, now: datetime) -> None:
    """Choose the country; what it fixes stands from now on, and the school's own lines stay.

    An emergency number counts only where the pack leaves it open. Raises NoEmergencyNumber,
    FixedLine (of a number that the pack fixes otherwise), NoSuchLine or NotAllowed.
    """

    def change(known: Lines, today: date) -> Lines:
        pack: Pack | None = pack_of(key)
        if pack is None:
            raise NoSuchLine
        if pack.emergency and emergency and dialled(emergency) != dialled(pack.emergency):
            raise FixedLine
        number = pack.emergency or emergency
        if len(dialled(number)) < 2:
            raise NoEmergencyNumber
        return replace(known, pack=pack, emergency=number, pack_looked_at=today)

    _change(change, by, now)
