"""Numbers that answer now: those of the pack, and the school's own. They need no database.

The school's facts keep them in the database. Whoever reads the facts hands them on to `publish`,
which keeps them in this process and in a small file on this host. So a process that has never
reached the database shows them too, and processes that ask the database nothing follow those
that do: each look costs one `stat`. Where the school has set nothing yet, the environment's
EXTRA_CRISIS_LINES stand. docs/decisions/0018-crisis-lines.md has the reasons.
"""

import json
import logging
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from peersupport.core import clock
from peersupport.core.ui.packs import (
    DEFAULT,
    OWN_NUMBER,
    Line,
    Pack,
    PackUnusable,
    default_pack,
    dialled,
    line_from,
    pack_of,
)

__all__ = ["SETTING", "Kept", "Line", "Numbers", "extra_lines", "numbers", "parse", "publish"]

# The setting that keeps all this in the school's facts.
SETTING = "crisis-lines"
log = logging.getLogger(__name__)
# So long after its day of review a line still stands on every page; then on the page of help
# alone, which says since when nobody has tried it.
GRACE = timedelta(days=30)
_BIGGEST = 200_000
_RACE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Kept:
    """What a school has set: its pack, the emergency number, lines of its own, and since when."""

    pack: str
    emergency: str
    own: tuple[Line, ...]
    changed_at: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """What pages show."""

    pack: Pack
    emergency: str
    own: tuple[Line, ...]

    @property
    def main(self) -> Line | None:
        """The country's own line for crises, which answers day and night."""
        return self.pack.lines[0] if self.pack.lines else None

    @property
    def emergency_href(self) -> str:
        """Return the address a telephone understands."""
        return f"tel:{dialled(self.emergency)}"

    @property
    def talk(self) -> str:
        """Return how to talk to somebody: "Call or text 988"; empty if the pack knows nobody."""
        if self.main is None:
            return ""
        if self.main.number and self.main.text == self.main.number:
            return _("Call or text %s") % self.main.number
        if self.main.number:
            return _("Call %s") % self.main.number
        return _("Text %s") % self.main.text if self.main.text else self.main.host

    @property
    def danger(self) -> str:
        """Return what to do when a life is in danger."""
        return _("In danger of life: call %s.") % self.emergency

    @property
    def always(self) -> str:
        """Return who answers day and night, in one sentence."""
        if self.main is None:
            return _("The numbers above answer now.")
        return _("%s answers day and night.") % self.main.shown


def parse(value: Any) -> Kept | None:
    """Return what a setting or the file says; None if it says nothing that can be used."""
    if not isinstance(value, dict):
        return None
    own = []
    for kept in value["lines"] if isinstance(value.get("lines"), list) else ():
        try:
            own.append(line_from(kept))
        except PackUnusable:
            continue  # one bad line must not take the others away
    pack, emergency = value.get("pack"), value.get("emergency")
    if not isinstance(pack, str) or not isinstance(emergency, str):
        return None
    return Kept(pack, emergency, tuple(own), str(value.get("changed_at") or ""))


class _Memory:
    """What this process knows, and the file it comes from."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.path: Path | None = None
        self.mark: tuple[int, ...] | None = None
        self.kept: Kept | None = None
        self.said: tuple[Any, Kept | None] = (None, None)

    def look(self) -> Kept | None:
        """Return what is known, read anew if the file is another than the one last seen."""
        path = Path(settings.CRISIS_FILE)
        if path != self.path:
            self.path, self.mark, self.kept = path, None, None
        mark = _mark(path)
        if mark != self.mark:
            self.mark = mark
            found = _read(path) if mark else None
            # A file that is gone or broken takes nothing away from what is known.
            self.kept = found or self.kept
        return self.kept

    def parsed(self, value: Any) -> Kept | None:
        """Return `parse(value)`, remembered: the facts are read many times between two changes."""
        if self.said[0] is None or self.said[0] != value:
            self.said = (value, parse(value))
        return self.said[1]


_memory = _Memory()


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(path: Path) -> Kept | None:
    try:
        with path.open(encoding="utf-8") as file:
            return parse(json.loads(file.read(_BIGGEST)))
    except (OSError, ValueError):
        return None


def publish(value: Any) -> None:
    """Keep what the database says in this process, and in the file if it is news there.

    Nothing about who checked a line goes into the file: it holds what every page shows.
    """
    with _memory.lock:
        kept, known = _memory.parsed(value), _memory.look()
        if kept == known:
            return
        if kept and known and known.changed_at > kept.changed_at and _is_young(_memory.mark):
            return  # another process has just written what this one has not read yet
        path = Path(settings.CRISIS_FILE)
        try:
            if kept is None:
                path.unlink(missing_ok=True)
            else:
                _write(path, kept)
        except OSError as error:
            log.warning("The crisis lines could not be written: %s", type(error).__name__)
        _memory.mark, _memory.kept = _mark(path), kept


def _is_young(mark: tuple[int, ...] | None) -> bool:
    # The time of a file is the machine's, which a test's still clock does not move.
    return mark is not None and abs(time.time_ns() - mark[0]) < _RACE_SECONDS * 1_000_000_000


def _write(path: Path, kept: Kept) -> None:
    """Put the file in place whole: a reader finds the old one or the new one."""
    lines = [_plain(line) for line in kept.own]
    said = {"pack": kept.pack, "emergency": kept.emergency, "lines": lines}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({**said, "changed_at": kept.changed_at}, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _plain(line: Line) -> dict[str, Any]:
    words = ("id", "label", "number", "text", "text_words", "web", "hours", "for_whom")
    return {
        **{name: getattr(line, name) for name in (*words, "languages", "is_everywhere")},
        "checked_on": line.checked_on.isoformat() if line.checked_on else None,
        "review_on": line.review_on.isoformat() if line.review_on else None,
    }


def from_environment() -> tuple[Line, ...]:
    """Return the lines of EXTRA_CRISIS_LINES, which stand until the school sets its own."""
    return tuple(
        Line(str(label).strip(), str(number).strip()) for label, number in settings.CRISIS_EXTRA
    )


def numbers() -> Numbers:
    """Return every number, from the memory of this process. Never raises."""
    with _memory.lock:
        kept = _memory.look()
    if kept is None:
        pack = default_pack()
        return Numbers(pack, pack.emergency, from_environment())
    pack_known = pack_of(kept.pack) or _lost(kept)
    return Numbers(pack_known, pack_known.emergency or kept.emergency, kept.own)


def _lost(kept: Kept) -> Pack:
    """Return what stands for a pack whose file is gone: its emergency number is still known."""
    return (kept.emergency and pack_of(OWN_NUMBER)) or pack_of(DEFAULT) or default_pack()


def has_lapsed(line: Line, today: date) -> bool:
    """Return whether nobody has tried a line for so long that it stands on one page only."""
    return line.review_on is not None and line.review_on + GRACE < today


def extra_lines(known: Numbers | None = None) -> list[Line]:
    """Return the school's own lines that stand on every page, in mail and on paper."""
    today = clock.now().date()
    own = [
        line
        for line in (known or numbers()).own
        if line.is_everywhere and not has_lapsed(line, today)
    ]
    return [line for line in own if line.number or line.text]
