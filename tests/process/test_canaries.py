"""Canaries through a whole run, then every store searched: data files, WAL, broker, logs, mail.

A name, a chosen name and an address must be found nowhere but where an account is kept, and the
link between a person and a visit nowhere at all.
"""

import json
import os
import re
import secrets
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.logins import address, own_database
from tests.process.searching import files as files_in
from tests.process.searching import holding, redis_holds
from tests.races.real_server import world

pytestmark = pytest.mark.process

# Drawn anew, so that no other test in the same cluster writes it into the same WAL.
CHOSEN = "Zyx" + "".join(secrets.choice("bcdfghjklm") for _ in range(10))
_RUN = """
import json
from datetime import timedelta
from officehours.models import Visit
from officehours.queries.sealed import Log
from officehours.services import booking, talks
from officehours.services.booking import Slot
from peersupport.core import clock, daykey, ids
from peersupport.core.datamap.services import forget_everything
from tests.people import cast, hours_of, sign_in
now = clock.now().replace(second=0, microsecond=0)
people = cast(now)
hours = hours_of(people["priya"], now + timedelta(minutes=10), checked_in_at=now)
ana = people["ana"]
cookie = sign_in(ana).cookies["session"].value
visit = booking.book(person=ana, slot=Slot(hours.pk, hours.starts_at), name="CHOSEN_NAME",
    wants_mail=True, request_key=ids.new_id(), now=now)
talks.start(visit=visit, by=people["priya"], now=hours.starts_at)
talks.finish(visit=visit, by=people["priya"], now=hours.starts_at)
talks.write_log(visit=visit, log=Log("under 15", ("study",), False, "light"),
    by=people["priya"], now=hours.starts_at)
print("CANARY" + json.dumps([str(ana.pk), cookie, str(visit.pk)]))
""".replace("CHOSEN_NAME", CHOSEN)
_LATER = """
from datetime import timedelta
from peersupport.core import clock
from peersupport.core.datamap.services import forget_everything
print(forget_everything(now=clock.now() + timedelta(days=3)))
"""


def _run(tmp_path: Path, piece: str, **more: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "PLANE": "web",
        "SECRET_KEY": "x" * 50,
        "PYTHONPATH": os.getcwd(),
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }
    words = ["shell", "-v", "0", "-c", piece] if "\n" in piece else piece.split()
    done = subprocess.run(
        [sys.executable, "manage.py", *words], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sqlite_files_hold_no_canary_and_no_link(tmp_path: Path) -> None:
    _run(tmp_path, "init_keys")
    _run(tmp_path, "migrate")
    said = re.search(r"CANARY(.*)", _run(tmp_path, _RUN))
    assert said
    person, cookie, visit = json.loads(said[1])
    files = files_in(tmp_path)

    assert any(name.endswith("program.sqlite3") for name, _ in files)
    assert holding(files, [CHOSEN, cookie]) == set()
    # The search sees what is there: the visit's id and the account lie in the database.
    assert holding(files, [visit.replace("-", "")])
    assert holding(files, ["ana@school.example"])

    assert "-1" not in _run(tmp_path, _LATER)
    assert holding(files_in(tmp_path), [CHOSEN, cookie, visit.replace("-", "")]) <= {
        str(tmp_path / "program.sqlite3-wal"),
        str(tmp_path / "program.sqlite3"),
    }
    assert person


def test_postgresql_files_and_wal_hold_no_canary(tmp_path: Path) -> None:
    with (
        own_database("canary") as name,
        closing(psycopg2.connect(os.environ["DATABASE_URL"])) as admin,
    ):
        admin.autocommit = True
        cursor = admin.cursor()
        _run(tmp_path, "init_keys", DATABASE_URL=address(name, "web"))
        _run(tmp_path, "migrate", DATABASE_URL=address(name, "owner"))
        said = re.search(r"CANARY(.*)", _run(tmp_path, _RUN, DATABASE_URL=address(name, "web")))
        assert said
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        place = Path(str((cursor.fetchone() or [""])[0]))
        files = files_in(place, tmp_path)
    _, cookie, visit = json.loads(said[1])

    assert holding(files, [CHOSEN, cookie]) == set()
    # The search sees what is there: the visit's id, as PostgreSQL stores it, in table and WAL.
    stored = bytes.fromhex(visit.replace("-", ""))
    seen = [found for found, content in files if stored in content]
    assert any("pg_wal" in found for found in seen)
    assert any("/base/" in found for found in seen)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_served_booking_leaves_no_canary_in_logs_cache_or_broker(
    kind: str, tmp_path: Path
) -> None:
    more = {"REDIS_URL": os.environ["REDIS_URL"]} if kind == "postgresql" else {}
    with world(kind, tmp_path, people=2, days=1, **more) as program:
        ana = program.students[0]
        asked = program.post("/accounts/sign-in/", "", {"email": "s1@school.example"})
        assert asked.status in (302, 503)  # there is no mail server: a calm page
        booked = program.book(ana, program.slots[0], CHOSEN)
        assert booked.status == 302
        page = program.get(booked.location, ana)
        assert page.status == 200
        visit = booked.location.split("/")[2]
        assert CHOSEN in program.get("/hours/", program.supporter).body
        program.post(f"/hours/talks/{visit}/start/", program.supporter, {})
        program.get(f"/visits/?name={CHOSEN}", ana)
        program.get(f"/nowhere/{CHOSEN}/", ana)
        files = files_in(tmp_path) + (redis_holds() if more else [])

    assert any(name.endswith("web.log") for name, _ in files)
    assert holding(files, [CHOSEN, ana]) == set()
    elsewhere = [(n, c) for n, c in files if "program.sqlite3" not in n]
    assert holding(elsewhere, ["s1@school.example", "s0@school.example"]) == set()
