"""What was sent sealed, through everything the care side does with it, then every store searched.

Words, a name and a number must be found nowhere: not in a dump, not in the data files and their
WAL, not in the broker, not in what the process wrote to its log. The search sees what is there:
the same words sealed as nothing are found in every one of the shapes.
"""

import base64
import gzip
import json
import os
import re
import secrets
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from bin.services import postgres_programs
from tests.process.searching import Found, deeply, holding, redis_holds
from tests.process.searching import files as files_in

pytestmark = pytest.mark.process


def _word(first: str) -> str:
    """Drawn anew, so that no other test in the same cluster writes it into the same WAL."""
    return first + "".join(secrets.choice("bcdfghjklm") for _ in range(10))


WORDS, NAME, NUMBER, WHERE, PLAIN = (_word(one) for one in ("Zyx", "Qva", "Wvu", "Kqj", "Xpl"))
CANARIES = [WORDS, NAME, NUMBER, WHERE]
_RUN = """
import json, logging, os
from datetime import timedelta
from pathlib import Path
from django.conf import settings
from django.db import transaction
from peersupport.core import careseal, clock, crypto
from referrals import care_keys
from referrals.content import Attached, Content, Reach
from referrals.models import EmergencyContact, Referral, Routed
from referrals.services import chain, destroying, opening, rehearsing, rotation, sending
from tests.care import care_cast
from tests.referrals.care_host import outside
now = clock.now()
care_keys.create(Path(settings.KEYS_DIR), now)
crypto.forget_keyring()
rotation.publish()
words, name, number, where, plain = json.loads(os.environ["WORDS"])
dee = care_cast(now)["dee"]
said = Content(name=name, words=words, reach=(Reach("phone", number),), times=words,
    attached=(Attached(name, words),), reason=words)
sent = []
for _ in range(3):
    row = outside(now)
    with transaction.atomic():
        sending.insert(row, said)
    opening.read_routing(referral=row, now=now)
    Routed.objects.create(referral=row)
    assert opening.open_case(referral=row, counselor=dee, what="case", now=now).words == words
    sent.append(row)
box = careseal.seal(json.dumps([where, number]).encode())
contact = EmergencyContact.objects.create(referral=sent[0], sealed=box, visit_tag=b"t" * 32,
    until=now + timedelta(hours=1))
assert opening.open_contact(contact=contact, counselor=dee, now=now) == (where, number)
rotation.rotate(now=now, is_early=True)
rehearsing.rehearse(now=now)
destroying.destroy(referral=sent[2].pk, now=now)
chain.seal_chain(now=now)
try:
    held = opening.open_case(referral=sent[1], counselor=dee, what="chart", now=now)
    raise RuntimeError(held.words, held, name)
except RuntimeError:
    logging.getLogger("referrals").exception("it failed: %s", held)
assert not chain.verify(now=now)
dee.card.about = plain
dee.card.save()
print("SEALED" + json.dumps([str(row.pk) for row in sent]))
"""


def _run(tmp_path: Path, piece: str, **more: str) -> tuple[str, str]:
    env = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "PLANE": "web",
        "SECRET_KEY": "x" * 50,
        "PYTHONPATH": os.getcwd(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WORDS": json.dumps([*CANARIES, PLAIN]),
        **more,
    }
    words = ["shell", "-v", "0", "-c", piece] if "\n" in piece else piece.split()
    done = subprocess.run(
        [sys.executable, "manage.py", *words], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def _play(tmp_path: Path, **more: str) -> tuple[list[str], Found]:
    """Return the referrals' keys, and what the process wrote."""
    _run(tmp_path, "init_keys", **more)
    _run(tmp_path, "migrate", **more)
    out, log = _run(tmp_path, _RUN, **more)
    assert "RuntimeError" in log
    said = re.search(r"SEALED(.*)", out)
    assert said
    return json.loads(said[1]), [("log", log.encode()), ("out", out.encode())]


def _unfolded(found: Found) -> Found:
    return [one for name, content in found for one in deeply(name, content)]


def test_the_search_finds_it_in_every_shape() -> None:
    raw = f"before {WORDS} after".encode()
    for content in (
        *(raw, base64.b64encode(raw), raw.hex().encode(), gzip.compress(raw)),
        *(raw.decode().encode("utf-16-le"), raw.decode().encode("utf-16-be")),
        base64.b64encode(gzip.compress(raw)),
    ):
        assert holding(_unfolded([("x", content)]), CANARIES) == {"x"}


def test_sqlite_files_keys_and_log_hold_no_word(tmp_path: Path) -> None:
    keys, wrote = _play(tmp_path)
    found = files_in(tmp_path) + wrote

    assert holding(found, CANARIES) == set()
    assert holding([one for one in found if "sqlite" not in one[0]] + wrote, CANARIES) == set()
    database = [name for name in holding(found, [PLAIN]) if "sqlite" in name]
    assert database  # a word that is not sealed lies there
    assert holding(found, [keys[0].replace("-", "")])


def test_a_dump_data_files_wal_and_broker_hold_no_word(tmp_path: Path) -> None:
    broker = redis.Redis.from_url(os.environ["REDIS_URL"])
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as admin:
        admin.autocommit = True
        cursor = admin.cursor()
        name = f"sealed_{secrets.token_hex(4)}"
        cursor.execute(f"CREATE DATABASE {name}")
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        try:
            more = {"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"]}
            keys, wrote = _play(tmp_path, **more)
            dump = subprocess.run(
                [postgres_programs() / "pg_dump", url], capture_output=True, check=True
            ).stdout
            cursor.execute("CHECKPOINT")
            cursor.execute("SHOW data_directory")
            place = Path(str((cursor.fetchone() or [""])[0]))
            found = files_in(place, tmp_path) + redis_holds() + wrote
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert broker.ping()

    assert holding(found, CANARIES) == set()
    # The dump writes what is sealed as hex: line by line, unfolded as deep as it goes.
    lines = [("dump", line) for line in dump.splitlines()]
    assert holding(_unfolded(lines), CANARIES) == set()
    assert holding(lines, [PLAIN]) == {"dump"}
    assert keys[0].encode() in dump
    # Its content was destroyed, and its wraps: the dump has the outside alone.
    rows = [line for line in dump.splitlines() if keys[2].encode() in line]
    assert len(rows) == len([line for line in rows if len(line) < 400])
    assert any(len(line) > 8000 for line in dump.splitlines() if keys[0].encode() in line)
    data = [(n, c) for n, c in found if "/base/" in n or "pg_wal" in n]
    assert holding(data, [PLAIN])
