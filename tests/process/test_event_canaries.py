"""A discreet group served for a while, then every store searched: tables, data files, WAL, Redis,
logs, letters. What it is stands where events are planned and nowhere else; who is in it nowhere.

Somebody goes, waits, is offered a place, comes through the door, is written to; somebody for whom
it is not looks for it; it moves to another day and is cancelled; and is forgotten.
"""

import json
import os
import re
import secrets
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.logins import address, name_of
from tests.process.searching import Found, holding, redis_holds, tables, values
from tests.process.searching import files as files_in
from tests.process.spool import mail_server, received
from tests.races.real_server import World, world

pytestmark = pytest.mark.process


def _word(first: str) -> str:
    """Drawn anew, so that no other test in the same cluster writes it into the same WAL."""
    return first + "".join(secrets.choice("bcdfghjklm") for _ in range(10))


_PEOPLE = """
import json
from accounts.models import RosterEntry
from accounts.services import join_as_student
from peersupport.core import clock
from tests.people import sign_in
found = []
for name in NAMES:
    email = name + "@school.example"
    person = join_as_student(email=email, now=clock.now())
    of = "elsewhere" if name == NAMES[-1] else "here"
    entry, _ = RosterEntry.objects.update_or_create(email=email,
        defaults={"person": person, "class_name": of, "standing": "enrolled"})
    found.append([str(person.pk), sign_in(person).cookies["session"].value])
print("PEOPLE" + json.dumps(found))
"""
_EVENTS = """
import json
from datetime import timedelta
from events import keys, rules
from events.models import Invited
from peersupport.core import clock
from tests.events.scene import event
title, words, place, link = SAID
now, made = clock.now(), []
for ahead in (timedelta(hours=20), timedelta(minutes=10)):
    row = event(now, kind=rules.Kind.GROUP, title=title, words=words, place=place, link=link,
        capacity=1, is_sensitive=True, starts_at=now + ahead)
    Invited.objects.create(event=row, class_name="here")
    made.append([str(row.pk), keys.key_of(row, now).door()])
print("EVENTS" + json.dumps(made))
"""
_MOVE = """
from dataclasses import replace
from datetime import timedelta
from accounts.models import Person
from events.models import Event
from events.queries import plans
from events.services import planning
from peersupport.core import clock
row = Event.objects.get(pk="EVENT")
before = plans.read([row])[row.pk]
hosts = frozenset([Person.objects.get(email="marcus@school.example").pk])
after = replace(before, starts_at=before.starts_at + timedelta(days=3),
    ends_at=before.ends_at + timedelta(days=3), hosts=hosts)
planning.change(event=row.pk, facts=after, seen=None,
    by=Person.objects.get(email="cora@school.example"), now=clock.now())
"""
_FORGET = """
from datetime import timedelta
from peersupport.core import clock, daykey
from peersupport.core.datamap.services import forget_everything
later = clock.now() + timedelta(days=9)
assert -1 not in forget_everything(now=later).values()
daykey.advance(later)
"""


@dataclass
class Lived:
    """What was said, who was there, and where."""

    said: list[str] = field(default_factory=lambda: [_word(one) for one in ("Zyx", "Qva", "Wvu")])
    link: str = field(default_factory=lambda: f"https://{_word('kq')}.example/x")
    names: list[str] = field(default_factory=lambda: [_word(one) for one in ("an", "be", "ca")])
    ids: list[str] = field(default_factory=list)
    since: str = ""  # the first file of PostgreSQL's log in which any of it can be

    @property
    def words(self) -> list[str]:
        """What it is."""
        return [*self.said, self.link.split("/")[2]]

    @property
    def addresses(self) -> list[str]:
        """Who they are, by name."""
        return [f"{name}@school" for name in self.names]


def _shell(program: World, piece: str, mark: str = "", side: str = "") -> list[list[str]]:
    out = program.manage("shell", "-v", "0", "-c", piece, side=side)
    found = re.search(rf"{mark}(\[.*)", out) if mark else None
    return json.loads(found[1]) if found else []


def _sql(program: World, statement: str) -> list[Any]:
    url = address(name_of(program.env["DATABASE_URL"]))
    with closing(psycopg2.connect(url)) as link:
        link.autocommit = True
        cursor = link.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _live(program: World, lived: Lived) -> None:
    """Let everything happen."""
    people = _shell(program, _PEOPLE.replace("NAMES", repr(lived.names)), "PEOPLE")
    lived.ids = [pk for pk, _cookie in people]
    ana, ben, cara = (cookie for _pk, cookie in people)
    if "DATABASE_URL" in program.env:
        # What comes from here on lies in other files than the people.
        _sql(program, "CHECKPOINT")
        _sql(program, "SELECT pg_switch_wal()")
        lived.since = _sql(program, "SELECT pg_walfile_name(pg_current_wal_lsn())")[0][0]
    said = repr([*lived.said, lived.link])
    (group, _), (now, door) = _shell(program, _EVENTS.replace("SAID", said), "EVENTS")

    def tap(cookie: str, what: str, status: int = 302, of: str = group) -> str:
        got = program.post(f"/events/{of}/{what}/", cookie, {})
        assert got.status == status, (what, got.status)
        return got.body

    tap(ana, "going")
    tap(ben, "going")
    assert lived.said[0] in program.get(f"/events/{group}/", ben).body
    tap(ana, "not-going")  # Ben is offered the place
    tap(ben, "going")
    assert "You are going" in program.get(f"/events/{group}/", ben).body
    # At the door of the other one.
    tap(ana, "going", of=now)
    tap(ana, f"door/{door}", of=now)
    assert "Good that you are here" in program.get(f"/events/{now}/door/{door}/", ana).body
    assert "Every place is taken" in tap(ben, f"door/{door}", 200, of=now)
    tap("", f"door/{door}", of=now)
    # Somebody for whom it is not, who knows the address.
    for of in (group, now):
        assert program.get(f"/events/{of}/", cara).status == 404
        tap(cara, "going", 404, of=of)
        tap(cara, "not-going", 404, of=of)
    tap(cara, f"door/{door}", 200, of=now)
    # Who plans it: its pages name nobody.
    for page in (f"{now}/day/", f"{now}/day/sign/", f"plan/{group}/"):
        got = program.get(f"/events/{page}", program.coordinator)
        assert (got.status, holding([("", got.body.encode())], lived.names)) == (200, set())
    program.manage("drain_outbox")
    _shell(program, _MOVE.replace("EVENT", group))
    program.manage("drain_outbox")
    page = program.get(f"/events/plan/{group}/cancel/", program.coordinator).body
    mark = re.search(r'name="mark" value="([^"]+)"', page)
    assert mark
    sent = program.post(
        f"/events/plan/{group}/cancel/", program.coordinator, {"mark": mark[1], "sure": "1"}
    )
    assert sent.status == 302
    program.manage("drain_outbox")


@contextmanager
def _group(kind: str, home: Path) -> Iterator[tuple[World, Lived, Path]]:
    spool, lived = home / "spool", Lived()
    with mail_server(spool) as mail:
        more = {"EMAIL_URL": mail}
        if kind == "postgresql":
            more["REDIS_URL"] = os.environ["REDIS_URL"]
        with world(kind, home / "host", people=1, days=1, **more) as program:
            _live(program, lived)
            yield program, lived, spool


def _tables_of(program: World, lived: Lived) -> tuple[set[str], set[str]]:
    """Return in which tables it says what the group is, and in which who was there."""
    found = values(tables(program.env))
    ids = [uuid.UUID(one) for one in lived.ids]
    what, who = holding(found, lived.words), holding(found, lived.addresses, ids)
    return {one.split(".")[0] for one in what}, {one.split(".")[0] for one in who}


def _tables_keep_apart(program: World, lived: Lived) -> None:
    """What it is stands with the events, who somebody is with the accounts; nothing elsewhere."""
    what, who = _tables_of(program, lived)
    assert what == {"events_event"}
    assert "accounts_person" in who
    assert {one for one in who if not one.startswith("accounts_")} == set()


def _keeps_apart(program: World, lived: Lived, home: Path) -> None:
    """The tables, and everything that lies outside of a database."""
    _tables_keep_apart(program, lived)
    elsewhere = [(n, c) for n, c in files_in(home) if "program.sqlite3" not in n]
    if "REDIS_URL" in program.env:
        elsewhere += redis_holds()
    assert any(name.endswith("web.log") for name, _ in elsewhere)
    assert holding(elsewhere, [*lived.words, *lived.addresses]) == set()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_a_group_is_and_who_is_in_it_lie_nowhere_together(kind: str, tmp_path: Path) -> None:
    with _group(kind, tmp_path) as (program, lived, spool):
        letters = received(spool)
        # Two places, a move, an end; an offer that was taken meanwhile is not told any more.
        assert len(letters) >= 4
        assert {one.subject for one in letters} == {"You have a message"}
        assert {to for one in letters for to in one.to} == {
            f"{name}@school.example" for name in lived.names[:2]
        }
        inside = [("letter", form) for one in letters for form in one.forms]
        assert holding(inside, lived.words) == set()

        _keeps_apart(program, lived, tmp_path / "host")
        assert len(tables(program.env)["events_rsvp"]) == 3
        if kind == "postgresql":
            _files_keep_apart(program, lived)

        for side in ("worker", "web"):
            _shell(program, _FORGET, side=side)
        _keeps_apart(program, lived, tmp_path / "host")
        rows = tables(program.env)
        assert rows["events_rsvp"] == []
        assert {row["key"] for row in rows["events_event"]} == {b""}
        if kind == "postgresql":
            _files_keep_apart(program, lived)
        _is_seen_if_it_is_there(program, lived, tmp_path / "host")


def _is_seen_if_it_is_there(program: World, lived: Lived, home: Path) -> None:
    """The control: who was there is written where a careless program might write it."""
    with (home / "web.log").open("a") as log:
        log.write(f"{lived.ids[0]} {lived.addresses[0]}\n")
    with pytest.raises(AssertionError):
        _keeps_apart(program, lived, home)
    plant = "from events.models import Event; Event.objects.update(access={!r})"
    _shell(program, plant.format(lived.ids[0]))
    with pytest.raises(AssertionError):
        _tables_keep_apart(program, lived)
    if "DATABASE_URL" in program.env:
        with pytest.raises(AssertionError):
            _files_keep_apart(program, lived)


_HERE = "SELECT * FROM pg_walfile_name_offset(pg_current_wal_lsn())"
_RELATIONS = """
SELECT pg_relation_filepath(c.oid), coalesce(i.relname, t.relname, c.relname)
FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid
LEFT JOIN pg_class i ON i.oid = x.indrelid LEFT JOIN pg_class t ON t.reltoastrelid = c.oid
WHERE pg_relation_filepath(c.oid) IS NOT NULL
"""


def _in_tables(found: Found, known: dict[str, str], names: set[str]) -> set[str]:
    """Return the tables of those files of PostgreSQL that have been found."""
    paths = {name.partition("/base/")[2] for name in names if "/base/" in name}
    return {known.get(f"base/{re.split(r'[._]', path)[0]}", path) for path in paths}


def _written(found: Found, since: str, until: str, offset: int) -> Found:
    """Return what PostgreSQL wrote to its log since the group was there.

    Not what it keeps to write over later: those are files of before under names to come.
    """
    logs = [(Path(path).name, content) for path, content in found if "/pg_wal/" in path]
    whole = [one for one in logs if since <= one[0] < until]
    return whole + [(name, content[:offset]) for name, content in logs if name == until]


def _files_keep_apart(program: World, lived: Lived) -> None:
    """In PostgreSQL's own files too, rows that are dead included, and in what it wrote to its log
    since: the one who goes is in none of what going writes."""
    _sql(program, "CHECKPOINT")
    data = Path(_sql(program, "SHOW data_directory")[0][0])
    ((until, offset),) = _sql(program, _HERE)
    known: dict[str, str] = dict(_sql(program, _RELATIONS))
    found, ids = files_in(data.parent), [uuid.UUID(one) for one in lived.ids]
    what, who = holding(found, lived.words), holding(found, lived.addresses, ids)
    statistics = {"pg_statistic"}  # a copy of single columns
    assert _in_tables(found, known, what) - statistics == {"events_event"}
    tables_of_who = _in_tables(found, known, who) - statistics
    assert "accounts_person" in tables_of_who
    assert {one for one in tables_of_who if not one.startswith("accounts_")} == set()
    outside = {name for name in what | who if "/base/" not in name and "/pg_wal/" not in name}
    assert outside == set()

    written = _written(found, lived.since, until, int(offset))
    assert holding(written, lived.words), "the search is blind"
    assert holding(written, lived.addresses, ids) == set()
    # They were written, before.
    assert [name for name in who if "/pg_wal/" in name]
