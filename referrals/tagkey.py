"""Tags: by which an account finds what it asked for, while it is open, and for a year at most.

The file holds the key of a half-year; `K(n+1) = HMAC-SHA256(K(n), "next-half")`. The current and
the previous one are known. When a half-year begins the file moves on and the older key is
overwritten: tags made under it then mean nothing, in any copy of the database, even to whoever
has this file and the list of every account.

While a tag means something, whoever has this file, the database and the accounts can tell whose
open referrals are whose. /promises/ says so. Each web host has the file, from one copy.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from peersupport.core import keyfiles
from peersupport.core.crypto import derive
from peersupport.core.keyfiles import KeysUnusable

FILE = "tagkey.json"
STUDENT, SUPPORTER = "student", "supporter"
_LOCK = ".tagkey.lock"


def half_of(now: datetime) -> int:
    """Return the number of a half-year: January and July begin one, in UTC."""
    return now.year * 2 + (now.month > 6)


@dataclass(frozen=True, slots=True)
class _State:
    """The key of the oldest half-year that is known. Its repr shows no key."""

    half: int
    key: bytes = field(repr=False)


def _path() -> Path:
    return Path(settings.KEYS_DIR) / FILE


def _encode(state: _State) -> bytes:
    key = base64.b64encode(state.key).decode()
    return json.dumps({"format": 1, "half": state.half, "key": key}).encode()


def create(now: datetime) -> bool:
    """Make the file if there is none. Returns whether this call made it; safe in a race."""
    state = _State(half_of(now) - 1, secrets.token_bytes(32))
    return keyfiles.write_private(_path(), _encode(state), replace=False)


def _read() -> _State:
    raw = keyfiles.read_private(_path())
    try:
        data = json.loads(raw)
        state = _State(int(data["half"]), base64.b64decode(data["key"], validate=True))
        good = data["format"] == 1 and len(state.key) == 32
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise KeysUnusable(f"Key file {FILE} is malformed.")
    return state


def check() -> None:
    """Raise KeysUnusable if the file is missing, malformed or open to others."""
    _read()


def _walk(key: bytes, halves: int) -> bytes:
    for _ in range(halves):
        key = hmac.new(key, b"next-half", hashlib.sha256).digest()
    return key


def _tag(state: _State, half: int, person: UUID, purpose: str) -> bytes:
    key = derive(_walk(state.key, half - state.half), f"tag|{purpose}")
    return hmac.new(key, person.bytes, hashlib.sha256).digest()


def tag_for(person: UUID, now: datetime, purpose: str = STUDENT) -> bytes:
    """Return the tag under which an account's row is written now.

    Raises KeysUnusable if the file is missing, malformed or open to others.
    """
    state = _read()
    return _tag(state, max(half_of(now), state.half), person, purpose)


def tags_for(person: UUID, now: datetime, purpose: str = STUDENT) -> list[bytes]:
    """Return the tags by which an account's rows are found: of this half-year, and the one before.

    Older ones are never returned, whether or not the file has moved on.
    """
    state = _read()
    halves = (half for half in (half_of(now), half_of(now) - 1) if half >= state.half)
    return [_tag(state, half, person, purpose) for half in halves]


@contextmanager
def _locked() -> Iterator[None]:
    with _path().with_name(_LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def advance(now: datetime) -> int:
    """Move the file on to the half-year before this one; return by how many it moved.

    The new file is complete before it takes the name, then the old content is overwritten in its
    own blocks. Never moves back.
    """
    with _locked():
        state = _read()
        halves = half_of(now) - 1 - state.half
        if halves <= 0:
            return 0
        moved = _State(state.half + halves, _walk(state.key, halves))
        with _path().open("r+b") as old:
            keyfiles.write_private(_path(), _encode(moved))
            with suppress(OSError):
                size = os.fstat(old.fileno()).st_size
                old.seek(0)
                old.write(b"\0" * size)
                old.flush()
                os.fsync(old.fileno())
        return halves
