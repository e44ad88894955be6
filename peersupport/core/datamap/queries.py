"""Reads of the data map."""

from dataclasses import dataclass
from datetime import datetime

from peersupport.core.datamap.models import ForgettingRun
from peersupport.core.datamap.registry import Keeps, Store, stores


def last_run(now: datetime) -> datetime | None:
    """Return when every store was last forgotten successfully, not later than `now`."""
    row = ForgettingRun.objects.filter(pk=1).first()
    if row is None or row.last_good_at is None:
        return None
    return min(row.last_good_at, now)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the public page: fields that share their whole story, in words."""

    holds: tuple[str, ...]
    about: str
    keyed_to: str
    lives: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One store, as the public page tells it."""

    key: str
    title: str
    lines: tuple[Line, ...]


def _lines(store: Store) -> tuple[Line, ...]:
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for fields in store.models.values():
        for keeps in fields.values():
            story = (str(keeps.about), str(keeps.keyed_to), str(keeps.lives))
            words = grouped.setdefault(story, [])
            if str(keeps.holds) not in words:
                words.append(str(keeps.holds))
    return tuple(Line(tuple(words), *story) for story, words in grouped.items())


def chapters() -> list[Chapter]:
    """Return the whole map in words. No query."""
    told = sorted(stores(), key=lambda store: not store.asked_first)
    return [Chapter(store.key, str(store.title), _lines(store)) for store in told if store.models]


def entries() -> dict[tuple[str, str], Keeps]:
    """Return the map by (model label, field name)."""
    return {
        (model, field): keeps
        for store in stores()
        for model, fields in store.models.items()
        for field, keeps in fields.items()
    }
