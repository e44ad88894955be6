"""Counting within a window of time, rightly across all workers, and without a trace of whom.

With Redis it counts (INCR is one step there, whoever asks at the same time). Without it the
workers of the one machine share a file of small numbers under a lock: Django's file cache reads,
adds and writes in three steps, so two workers lose counts to each other (measured,
tests/accounts/test_limits.py).

A name is kept as a mark under the key of the day, which is gone a day later: afterwards nobody
can tell, in any copy, whose numbers these were. The file holds no names and no times at all, only
numbers in places that the marks choose; with three places for each name and the smallest of them
counting, two names hardly ever share a count. A new window begins with an empty file.
"""

import fcntl
import hashlib
import hmac
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from peersupport.core import daykey
from peersupport.core.crypto import care_keyring, derive

_PLACES = 1 << 15  # for each of the three
_CELL = struct.Struct("<H")
_HEAD = struct.Struct("<q")
_FULL = 0xFFFF


def count(name: str, *, window: int, now: datetime, add: int = 1) -> int:
    """Count one more in the current window (seconds), and return how many there are now.

    `add=0` only looks.
    """
    number = int(now.timestamp()) // window
    prefix = settings.CACHES["default"].get("KEY_PREFIX", "")
    mark = _mark(f"{window}|{number}|{prefix}|{name}", now)
    if settings.REDIS_URL:
        try:
            return _in_redis(mark, window, add)
        except redis.RedisError:
            pass  # counting on this machine alone is better than not counting
    return _in_file(mark, window, number, add)


def _mark(text: str, now: datetime) -> bytes:
    key = derive(_key_of_the_day(now), "count")
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _key_of_the_day(now: datetime) -> bytes:
    if settings.PLANE == "care":  # which holds no day key, and counts nobody but counselors
        return care_keyring().mac(str(daykey.day_of(now)).encode(), purpose="count-day")
    return daykey.ratchet().at(daykey.day_of(now))


@lru_cache(maxsize=2)
def _redis(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _in_redis(mark: bytes, window: int, add: int) -> int:
    key = f"count:{mark.hex()}"
    if not add:
        return int(_redis(settings.REDIS_URL).get(key) or 0)
    with _redis(settings.REDIS_URL).pipeline(transaction=True) as pipe:
        pipe.incr(key, add)
        pipe.expire(key, window)
        return int(pipe.execute()[0])


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)  # which gives the lock back


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "counters"


def _in_file(mark: bytes, window: int, number: int, add: int) -> int:
    size = _HEAD.size + 3 * _PLACES * _CELL.size
    with _locked(_folder() / str(window)) as handle:
        head = os.pread(handle, _HEAD.size, 0)
        if len(head) < _HEAD.size or _HEAD.unpack(head)[0] != number:
            os.ftruncate(handle, 0)
            os.ftruncate(handle, size)
            os.pwrite(handle, _HEAD.pack(number), 0)
        places = [
            _HEAD.size
            + (n * _PLACES + int.from_bytes(mark[4 * n : 4 * n + 4]) % _PLACES) * _CELL.size
            for n in range(3)
        ]
        before = [_CELL.unpack(os.pread(handle, _CELL.size, at))[0] for at in places]
        total: int = min(min(before) + add, _FULL)
        for at, old in zip(places, before, strict=True):
            if add and old < total:
                os.pwrite(handle, _CELL.pack(total), at)
        return total
