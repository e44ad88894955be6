"""Looking for words in whatever shape they may lie: files, messages, tables."""

import base64
import gzip
import os
import quopri
import re
import sqlite3
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
import redis

from tests.logins import address, name_of

Found = list[tuple[str, bytes]]
_DEEP = 3


def shapes(word: str) -> list[bytes]:
    """Return the bytes a word may lie as: text of one or two bytes a letter, base64, hex."""
    raw = word.encode()
    wide = [word.encode("utf-16-le"), word.encode("utf-16-be")]
    cut = [base64.b64encode(b"\0" * pad + raw)[4:-4] for pad in range(3)]
    hexes = [raw.hex().encode(), raw.hex().upper().encode()]
    return [raw, *wide, *hexes, *[c for c in cut if len(c) >= 6]]


def shapes_of_id(one: uuid.UUID) -> list[bytes]:
    """Return the bytes an identifier may lie as."""
    return [one.bytes, *shapes(str(one)), *shapes(one.hex), base64.b64encode(one.bytes)[:20]]


def files(*roots: Path) -> Found:
    """Return every file below, also unpacked. Other tests' databases may vanish meanwhile."""
    found = []
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder) / name
                try:
                    content = path.read_bytes() if path.is_file() else b""
                except FileNotFoundError:
                    continue
                found.append((str(path), content))
                if content[:2] == b"\x1f\x8b":
                    found.append((f"{path} unpacked", gzip.decompress(content)))
    return found


def redis_holds() -> Found:
    """Return everything in the Redis of this test run: each key, its dump, and its values."""
    broker = redis.Redis.from_url(os.environ["REDIS_URL"])
    return [
        ("redis", value)
        for key in broker.scan_iter()
        for value in (key, broker.dump(key) or b"", *redis_values(broker, key))
    ]


def redis_values(store: Any, key: bytes) -> list[bytes]:
    """Return what lies under a key as it is: a dump of it may be packed."""
    reads: dict[bytes, Callable[[], list[bytes]]] = {
        b"string": lambda: [store.get(key) or b""],
        b"list": lambda: store.lrange(key, 0, -1),
        b"set": lambda: list(store.smembers(key)),
        b"zset": lambda: store.zrange(key, 0, -1),
        b"hash": lambda: [each for pair in store.hgetall(key).items() for each in pair],
    }
    kind: bytes = store.type(key)
    return reads[kind]() if kind in reads else []


def holding(found: Found, words: Iterable[str] = (), ids: Iterable[uuid.UUID] = ()) -> set[str]:
    """Return the names of those in which a word or an identifier lies in any shape."""
    sought = [shape for word in words for shape in shapes(word)]
    sought += [shape for one in ids for shape in shapes_of_id(one)]
    return {name for name, content in found if any(shape in content for shape in sought)}


def unfolded(content: bytes, deep: int = _DEEP) -> Iterator[bytes]:
    """Yield the content and everything that can be decoded or unpacked in it, over and over."""
    yield content
    if deep:
        for inner in _inside(content):
            if inner and inner != content:
                yield from unfolded(inner, deep - 1)


def _inside(content: bytes) -> Iterator[bytes]:
    for bits in (47, -15):  # gzip or zlib, by their heads; and without a head
        with suppress(zlib.error):
            yield zlib.decompressobj(bits).decompress(content, 1_000_000)
    if b"=" in content:
        yield quopri.decodestring(content)
    for run in re.findall(rb"[A-Za-z0-9+/_-]{6,}", content):
        if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", run):
            yield bytes.fromhex(run.decode())
        whole = run + b"=" * (-len(run) % 4)
        with suppress(ValueError):
            yield base64.b64decode(whole, altchars=b"-_" if re.search(rb"[-_]", run) else None)


def deeply(name: str, content: bytes) -> Found:
    """Return a value under its name in every form it unfolds to."""
    return [(name, inner) for inner in unfolded(content)]


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return b"" if value is None else str(value).encode()


def tables(env: dict[str, str]) -> dict[str, list[dict[str, bytes]]]:
    """Return every row of every table of a program, by the variables it runs with."""
    if "DATABASE_URL" in env:
        link: Any = psycopg2.connect(address(name_of(env["DATABASE_URL"])))
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    else:
        link = sqlite3.connect(f"{env['DATA_DIR']}/program.sqlite3")
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    found = {}
    with closing(link):
        cursor = link.cursor()
        cursor.execute(names)
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            found[table] = [
                dict(zip(columns, map(_as_bytes, row), strict=True)) for row in cursor.fetchall()
            ]
    return found


def values(rows: dict[str, list[dict[str, bytes]]]) -> Found:
    """Return every value of some tables under its table's and column's name."""
    return [
        (f"{table}.{column}", value)
        for table, several in rows.items()
        for row in several
        for column, value in row.items()
    ]
