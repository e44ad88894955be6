"""The day key: what is sealed under a day cannot be opened once the ratchet has moved past it.

The file holds the key of its oldest remembered day. `K(d+1) = HMAC-SHA256(K(d), "next-day")`, so
from it every later day follows and no earlier one. 24 hours after a day has ended (in UTC, so
that neither clock changes nor a change of the program's zone matter) the ratchet moves on and
the old content is overwritten. Whatever copies exist of the database, before or after: they hold
sealed bytes whose key no longer exists.

Each host has the file and moves it on by itself; all hosts start from one copy (same `lineage`).
Nothing is cached: a process that kept yesterday's key in memory would break the promise.

What this cannot do: a disk may keep overwritten blocks (journals, flash memory, snapshots of the
key directory). docs/security.md says where to put the directory.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings

from peersupport.core import keyfiles
from peersupport.core.clock import UTC
from peersupport.core.crypto import CannotOpen, derive, open_box, seal_box
from peersupport.core.keyfiles import KeysUnusable

__all__ = [
    "CannotOpen",
    "Forgotten",
    "Ratchet",
    "advance",
    "day_of",
    "gone_at",
    "lineage",
    "oldest_day",
    "open_many",
    "open_sealed",
    "ratchet",
    "seal",
    "seal_many",
    "tags",
]

KEEP = timedelta(hours=24)
_FARTHEST = 4000  # days ahead: beyond this it is a mistake, not a booking


class Forgotten(Exception):
    """The day's key is gone, or must be treated as gone although no job has run yet."""

    def __init__(self) -> None:
        super().__init__("This has been forgotten.")


def day_of(moment: datetime) -> date:
    """Return the key day of an instant: its UTC date."""
    return moment.astimezone(UTC).date()


def gone_at(day: date) -> datetime:
    """Return the instant from which nothing of `day` may be opened: its end plus 24 hours."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + KEEP


def oldest_day(now: datetime) -> date:
    """Return the oldest day that may still be opened at `now`."""
    return day_of(now - KEEP)


@dataclass(frozen=True, slots=True)
class Ratchet:
    """The key of one day, from which every later one follows. Its repr shows no key."""

    day: date
    lineage: str
    key: bytes = field(repr=False)

    def at(self, day: date) -> bytes:
        """Return the key of a day. Raises Forgotten for a day before this one."""
        steps = (day - self.day).days
        if steps < 0:
            raise Forgotten
        if steps > _FARTHEST:
            raise ValueError("A day this far ahead has no key.")
        return _walk(self.key, steps)


def _walk(key: bytes, days: int) -> bytes:
    for _ in range(days):
        key = hmac.new(key, b"next-day", hashlib.sha256).digest()
    return key


def _path() -> Path:
    return Path(settings.KEYS_DIR) / keyfiles.DAYKEY


def _encode(state: Ratchet) -> bytes:
    return json.dumps(
        {
            "format": 1,
            "lineage": state.lineage,
            "day": state.day.isoformat(),
            "key": base64.b64encode(state.key).decode(),
        }
    ).encode()


def create(now: datetime) -> bool:
    """Make the file if there is none. Returns whether this call made it; safe in a race."""
    state = Ratchet(oldest_day(now), secrets.token_hex(16), secrets.token_bytes(32))
    return keyfiles.write_private(_path(), _encode(state), replace=False)


def ratchet() -> Ratchet:
    """Return the ratchet as it is on disk now.

    Raises KeysUnusable if the file is missing, malformed or open to others.
    """
    raw = keyfiles.read_private(_path())
    try:
        data = json.loads(raw)
        key = base64.b64decode(data["key"], validate=True)
        state = Ratchet(date.fromisoformat(data["day"]), str(data["lineage"]), key)
        good = data["format"] == 1 and len(key) == 32
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise KeysUnusable(f"Key file {keyfiles.DAYKEY} is malformed.")
    return state


def lineage() -> str:
    """Return the name of this ratchet, which the database remembers to refuse a wrong one."""
    return ratchet().lineage


def seal(day: date, plain: bytes, *, context: str) -> bytes:
    """Return `plain` sealed under the key of `day`, bound to `context`.

    Raises Forgotten if that day is past.
    """
    return seal_many(day, [plain], context=context)[0]


def seal_many(day: date, plains: Iterable[bytes], *, context: str) -> list[bytes]:
    """Return each of `plains` sealed as `seal` does, with the file read once for all of them."""
    key = derive(ratchet().at(day), "day|seal")
    return [seal_box(key, plain, version=day.toordinal(), context=context) for plain in plains]


def open_sealed(day: date, sealed: bytes, *, context: str, now: datetime) -> bytes:
    """Return what was sealed under `day`.

    Raises Forgotten when the day is over by the clock, whether or not the ratchet has moved;
    CannotOpen when the value is not exactly what was sealed in this place.
    """
    if now >= gone_at(day):
        raise Forgotten
    return open_box(derive(ratchet().at(day), "day|seal"), bytes(sealed), context=context)


def open_many(items: Iterable[tuple[date, bytes, str]], *, now: datetime) -> list[bytes | None]:
    """Return what each of many (day, sealed, context) holds; None where `open_sealed` would raise.

    The file is read once, and the ratchet is walked once, to the farthest of the days.
    """
    asked = list(items)
    keys = _keys_of({day for day, _sealed, _context in asked if now < gone_at(day)})
    found: list[bytes | None] = []
    for day, sealed, context in asked:
        try:
            key = keys.get(day)
            found.append(open_box(key, bytes(sealed), context=context) if key else None)
        except CannotOpen:
            found.append(None)
    return found


def _keys_of(days: Collection[date]) -> dict[date, bytes]:
    """Return the sealing keys of days; those that the ratchet has left behind are not there."""
    state, found = ratchet(), dict[date, bytes]()
    for day in sorted(day for day in days if day >= state.day):
        state = Ratchet(day, state.lineage, state.at(day))
        found[day] = derive(state.key, "day|seal")
    return found


def tags(first: date, last: date, message: bytes, *, purpose: str) -> dict[date, bytes]:
    """Return for each remembered day of the range a 32-byte name of `message` under its key.

    A tag can be looked up while its day is remembered and means nothing afterwards: nobody can
    recompute it, not even with every account's id and the keyring at hand.
    """
    state = ratchet()
    found: dict[date, bytes] = {}
    day = max(first, state.day)
    key = state.at(day) if day <= last else b""
    while day <= last:
        sub = derive(key, f"day|tag|{purpose}")
        found[day] = hmac.new(sub, message, hashlib.sha256).digest()
        key = _walk(key, 1)
        day += timedelta(days=1)
    return found


@contextmanager
def _locked() -> Iterator[None]:
    path = _path().with_name(".daykey.lock")
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def advance(now: datetime) -> int:
    """Move the ratchet to the oldest day that may still be opened; return the days moved.

    The new file is complete before it takes the name, then the old content is overwritten in
    its own blocks. Never moves back: a clock that steps back changes nothing.
    """
    with _locked():
        state = ratchet()
        target = oldest_day(now)
        days = (target - state.day).days
        if days <= 0:
            return 0
        moved = Ratchet(target, state.lineage, _walk(state.key, days))
        keyfiles.overwrite_private(_path(), _encode(moved))
        return days
