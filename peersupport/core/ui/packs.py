"""Packs of crisis lines, one file for each country: what is fixed there, and what may be added.

A pack is data. Those that ship lie in `crisis_packs/`; a host may have others in `packs/` of its
data directory, but none there can take the place of one that ships. What a pack fixes stands in
its file alone, so nothing a school sets can remove it.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

SHIPPED = Path(__file__).resolve().parent / "crisis_packs"
DEFAULT, OWN_NUMBER = "us", "none"


class PackUnusable(Exception):
    """A file of a pack cannot be used; the text says why."""


def dialled(number: str) -> str:
    """Return what a telephone dials: the figures, with a plus in front if there was one."""
    plus = "+" if number.strip().startswith("+") else ""
    return plus + "".join(c for c in number if c.isascii() and c.isdigit())


@dataclass(frozen=True, slots=True)
class Line:
    """A line that answers: by phone, by text or on the web, as much of it as there is."""

    label: str
    number: str = ""
    text: str = ""
    text_words: str = ""
    web: str = ""
    hours: str = ""
    for_whom: str = ""
    languages: str = ""
    id: str = ""
    # Whether it stands at the top of every page, or on the page of help alone.
    is_everywhere: bool = True
    checked_on: date | None = None
    review_on: date | None = None

    @property
    def tel(self) -> str:
        """Return the address a telephone understands; empty if nobody can be called."""
        return f"tel:{dialled(self.number)}" if self.number else ""

    @property
    def sms(self) -> str:
        """Return the address that begins a text message; empty if none is read."""
        return f"sms:{dialled(self.text)}" if self.text else ""

    @property
    def href(self) -> str:
        """Return the quickest way to this line."""
        return self.tel or self.sms or self.web

    @property
    def shown(self) -> str:
        """Return the number, or what stands for one."""
        return self.number or self.text or self.host

    @property
    def host(self) -> str:
        """Return the web address as people read it."""
        return (urlsplit(self.web).hostname or "").removeprefix("www.")


@dataclass(frozen=True, slots=True)
class Pack:
    """What holds in one country."""

    key: str
    name: str
    # Empty where a school enters its own.
    emergency: str
    lines: tuple[Line, ...]
    offers: tuple[Line, ...]
    checked_on: date | None = None


_WORDS = ("label", "number", "text", "text_words", "web", "hours", "for_whom", "languages", "id")


def line_from(kept: Any) -> Line:
    """Return a line from what a file or the database holds. Raises PackUnusable."""
    if not isinstance(kept, dict) or not all(isinstance(kept.get(w, ""), str) for w in _WORDS):
        raise PackUnusable("a line must be an object of texts")
    words: dict[str, str] = {name: kept.get(name, "").strip() for name in _WORDS}
    if not words["label"] or not (words["number"] or words["text"] or words["web"]):
        raise PackUnusable("a line needs a label, and a number, a text number or a web address")
    if words["web"] and urlsplit(words["web"]).scheme != "https":
        raise PackUnusable(f"{words['label']}: the web address must begin with https://")
    if any(words[way] and len(dialled(words[way])) < 2 for way in ("number", "text")):
        raise PackUnusable(f"{words['label']}: a number has figures")
    return Line(
        **words,
        is_everywhere=bool(kept.get("is_everywhere", True)),
        checked_on=day_from(kept.get("checked_on")),
        review_on=day_from(kept.get("review_on")),
    )


def day_from(kept: Any) -> date | None:
    """Return a day that is kept as text, None where there is none. Raises PackUnusable."""
    try:
        return date.fromisoformat(kept) if kept else None
    except (TypeError, ValueError):
        raise PackUnusable("a day must look like 2026-11-24") from None


def read_pack(path: Path) -> Pack:
    """Return the pack in a file. Raises PackUnusable."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackUnusable(f"it cannot be read ({type(error).__name__})") from None
    if not isinstance(kept, dict) or kept.get("key") != path.stem or not kept.get("name"):
        raise PackUnusable("its key must be the name of the file, and it must have a name")
    pack = Pack(
        str(kept["key"]),
        str(kept["name"]),
        str(kept.get("emergency") or ""),
        tuple(line_from(line) for line in kept.get("lines") or ()),
        tuple(line_from(line) for line in kept.get("offers") or ()),
        day_from(kept.get("checked_on")),
    )
    if pack.emergency and len(dialled(pack.emergency)) < 2:
        raise PackUnusable("the emergency number has figures")
    if not all(line.id for line in (*pack.lines, *pack.offers)):
        raise PackUnusable("every line of a pack has an id")
    return pack


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Pack]:
    return {path.stem: read_pack(path) for path in sorted(SHIPPED.glob("*.json"))}


def added() -> dict[str, Pack | PackUnusable]:
    """Return the packs this host has added, by key; those that cannot be used with the reason."""
    found = sorted((Path(settings.DATA_DIR) / "packs").glob("*.json"))
    return dict(_added(tuple((path, path.stat().st_mtime_ns) for path in found)))


@lru_cache(maxsize=4)
def _added(files: tuple[tuple[Path, int], ...]) -> dict[str, Pack | PackUnusable]:
    found: dict[str, Pack | PackUnusable] = {}
    for path, _changed in files:
        if path.stem in _shipped():
            found[path.stem] = PackUnusable("a pack that ships has this name")
            continue
        try:
            found[path.stem] = read_pack(path)
        except PackUnusable as wrong:
            found[path.stem] = wrong
    return found


def packs() -> list[Pack]:
    """Return every pack that can be used: the default first, the one without a country last."""
    own = [one for one in added().values() if isinstance(one, Pack)]
    known = [*_shipped().values(), *own]
    return sorted(known, key=lambda p: (p.key == OWN_NUMBER, p.key != DEFAULT, p.name))


def pack_of(key: str) -> Pack | None:
    """Return a pack. One that ships is in memory; another is read."""
    if key in _shipped():
        return _shipped()[key]
    return next((one for one in packs() if one.key == key), None)


def default_pack() -> Pack:
    """Return the pack that holds until a school says something else."""
    return _shipped()[DEFAULT]
