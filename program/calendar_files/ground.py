"""What a file is read against, what was read of it, and what makes an entry a wrong one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from program.calendar_rules import LONGEST, Entry

AHEAD = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in one line of the file, or in one event."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Read:
    """A file as read. `past` counts what is over and left out."""

    entries: tuple[Entry, ...]
    wrong: tuple[Wrong, ...] = ()
    unknown: tuple[str, ...] = ()
    past: int = 0


class Refused(Exception):
    """This cell or event says nothing we understand; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file is read against: the day, the zone, and for whom it is if it does not say.

    `classes` and `rotations` are those of the school's list: another name would reach nobody.
    """

    today: date
    zone: ZoneInfo
    class_name: str = ""
    rotation: str = ""
    classes: frozenset[str] = frozenset()
    rotations: frozenset[str] = frozenset()


def mark_of(*parts: str) -> str:
    """Return the key by which a newer file finds the same entry again."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def kept(
    found: list[Entry], wrong: list[Wrong], today: date, unknown: Iterable[str] = (), past: int = 0
) -> Read:
    """Return what was read without what is over; `past` is what was left out before."""
    ahead = tuple(entry for entry in found if entry.last_on >= today)
    return Read(ahead, tuple(wrong), tuple(unknown), past + len(found) - len(ahead))


def title_of(text: str) -> str:
    """Return a title in one line. Raises Refused."""
    plain = " ".join(text.split())
    if not plain:
        raise Refused(_("The title is missing."))
    if len(plain) > 120:
        raise Refused(_("The title is longer than 120 characters."))
    return plain


def checked(entry: Entry, today: date) -> Entry:
    """Return an entry whose days and times are in order. Raises Refused."""
    if entry.last_on < entry.first_on:
        raise Refused(_("It ends before it begins."))
    if entry.last_on - entry.first_on > LONGEST:
        raise Refused(_("It lasts longer than four months."))
    if not today - AHEAD <= entry.first_on <= today + AHEAD:
        raise Refused(_("It is more than two years away."))
    if (entry.starts is None) != (entry.ends is None):
        raise Refused(_("It has a beginning or an end, but not both."))
    same_day = entry.first_on == entry.last_on
    if same_day and entry.starts and entry.ends and entry.ends <= entry.starts:
        raise Refused(_("It ends before it begins."))
    return entry
