"""A thief with a copy of everything but the care host's keys: every store, searched for words."""

import gzip
import os
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

import redis

from bin.services import postgres_programs
from tests.confidence.scene import Scene, texts
from tests.confidence.table import Line, judged
from tests.confidence.world import World
from tests.process.searching import Found, deeply, files, holding, redis_values
from tests.process.spool import received

_STORES = ("dump", "data files", "WAL", "Redis", "web host", "care host", "mail")


def gathered(world: World) -> dict[str, Found]:
    """Return everything that lies anywhere, by store."""
    dump = subprocess.run(
        [postgres_programs() / "pg_dump", world.superuser], capture_output=True, check=True
    ).stdout
    world.sql("CHECKPOINT")
    data = Path(str(world.sql("SHOW data_directory")[0][0]))
    cluster = files(data)
    store = redis.Redis.from_url(world.broker)
    return {
        "dump": [one for line in dump.splitlines() for one in deeply("dump", line)],
        "data files": [(name, content) for name, content in cluster if "/pg_wal/" not in name],
        "WAL": [(name, content) for name, content in cluster if "/pg_wal/" in name],
        "Redis": [
            form
            for key in store.scan_iter()
            for value in (key, store.dump(key) or b"", *redis_values(store, key))
            for form in deeply("redis", value)
        ],
        "web host": files(world.web.home),
        "care host": files(world.care.home),
        "mail": [("mail", form) for each in received(world.spool) for form in each.forms],
    }


def _plant(world: World, word: str) -> None:
    """Let a word lie in clear in every store, once, as a mistake would put it there."""
    world.sql("UPDATE referrals_card SET about = %s WHERE name = 'Fay'", [word])
    redis.Redis.from_url(world.broker).set("planted", gzip.compress(word.encode()))
    (world.web.home / "planted").write_bytes(word.encode("utf-16-le"))
    with (world.care.home / "served.log").open("a") as log:
        log.write(f"it failed: {word}\n")
    letter = EmailMessage()
    letter["To"], letter["From"], letter["Subject"] = "x@mail.example", "y@mail.example", "Planted"
    letter.set_content(f"{word} é")
    host, _, port = world.web.env["EMAIL_URL"].removeprefix("smtp://").partition(":")
    with smtplib.SMTP(host, int(port)) as server:
        server.send_message(letter)


def _take_away(world: World) -> None:
    world.sql("UPDATE referrals_card SET about = '' WHERE name = 'Fay'")
    redis.Redis.from_url(world.broker).delete("planted")
    (world.web.home / "planted").unlink()
    for path in world.spool.glob("*.eml"):
        if b"Planted" in path.read_bytes():
            path.unlink()


def attack(world: World, scene: Scene) -> list[Line]:
    """Search every store for what anybody wrote, plain, packed, encoded or cut."""
    plain = f"Xpl{os.urandom(6).hex()}"
    _plant(world, plain)
    try:
        stores = gathered(world)
    finally:
        _take_away(world)
    broken, seen = [], []
    for name in _STORES:
        broken += [f"{name}: {place}" for place in holding(stores[name], texts(scene))]
        seen += [name] if holding(stores[name], [plain]) else []
    size = sum(len(content) for found in stores.values() for _, content in found) // 1_000_000
    return [
        judged(
            f"Search {size:,} MB for what anybody wrote: a dump of the database, its data files "
            "and its log of changes, Redis, every file and log of both hosts, all mail; as text, "
            "UTF-16, hex, base64 at each offset, gzip",
            sum(len(found) for found in stores.values()),
            broken,
            f"no word of {len(scene.sent)} requests, {scene.attached} added by supporters and "
            f"{len(scene.drafts)} unfinished; a word left in clear was found in "
            f"{len(seen)} of {len(_STORES)} places: {', '.join(seen)}",
            control=len(seen) == len(_STORES),
        )
    ]
