"""Whose messages are whose, by PostgreSQL itself: no side sees, changes or plants the other's.

Who is written to shows who is not, and so whom a student left out; a word that is taken away, or
marked as said before it is, reaches nobody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from peersupport.core.datamap.services import forget_everything
from peersupport.core.outbox.auditors import Expected, audit, register_auditor
from peersupport.core.outbox.models import Outgoing, Tombstone
from peersupport.core.outbox.services import enqueue, forget_delivered, mark_of
from peersupport.core.sides import OWNER, SIDES, role_of
from peersupport.portal.grants import ROWS
from peersupport.portal.roles import differences
from tests.roles import SUPERUSER, acting_as

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")
pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
KIND = {"web": "word", "worker": "word", "care": "care.check"}
OTHER = {"web": "care.check", "worker": "care.check", "care": "word"}
REFUSED = "violates row-level security policy"


@contextmanager
def _as(settings: Any, side: str) -> Iterator[None]:
    """Act as a process of a side does: with its PLANE, and so its keyring, and its rights."""
    settings.PLANE, before = side, settings.PLANE
    try:
        with acting_as(side):
            yield
    finally:
        settings.PLANE = before


def _queue(settings: Any, side: str, now: datetime, key: str = "k") -> bool:
    with _as(settings, side), transaction.atomic():
        return enqueue(kind=KIND[side], key=key, due_at=now, expires_at=now + DAY, now=now)


def _mark_of(settings: Any, side: str, key: str = "k") -> bytes:
    with _as(settings, side):
        return mark_of(KIND[side], key)


def _do(side: str, statement: str, *values: Any) -> int:
    """Do one statement as a side; return how many rows it had to do with."""
    with acting_as(side), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


_INSERT = (
    "INSERT INTO outbox_outgoing (id, kind, key, ref, due_at, expires_at, state, attempts, error,"
    " message_id) VALUES (gen_random_uuid(), %s, %s, '', now(), now(), 'due', 0, '',"
    " gen_random_uuid())"
)
_STONE = "INSERT INTO outbox_tombstone (key, until) VALUES (%s, now())"


@pytest.fixture
def both(settings: Any, evening: datetime) -> None:
    """One message and one mark of each side."""
    for side in ("web", "care"):
        assert _queue(settings, side, evening)
        with acting_as(side):
            Tombstone.objects.create(key=_mark_of(settings, side, "said"), until=evening + DAY)


@pytest.mark.anydb
def test_the_first_bit_of_a_mark_says_whose_it_is(settings: Any) -> None:
    for number in range(20):
        assert _mark_of(settings, "web", str(number))[0] < 0x80
        assert _mark_of(settings, "worker", str(number))[0] < 0x80
        assert _mark_of(settings, "care", str(number))[0] >= 0x80
    assert len(_mark_of(settings, "care")) == 32


# -- reading and taking away ----------------------------------------------------------------------
_LOOK_AND_CHANGE = [
    "SELECT * FROM outbox_outgoing WHERE kind = %s",
    "SELECT recipient FROM outbox_outgoing WHERE kind LIKE %s || '%%'",
    "UPDATE outbox_outgoing SET state = 'dropped' WHERE kind = %s",
    "UPDATE outbox_outgoing SET recipient = NULL, due_at = now() + interval '9 years'"
    " WHERE kind = %s",
    "DELETE FROM outbox_outgoing WHERE kind = %s",
]


@on_postgresql
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("statement", _LOOK_AND_CHANGE)
def test_no_side_has_to_do_with_the_others_messages(both: None, side: str, statement: str) -> None:
    assert _do(side, statement, OTHER[side]) == 0
    assert _do(side, statement, KIND[side]) == 1


@on_postgresql
@pytest.mark.parametrize("side", SIDES)
def test_nor_with_the_others_marks(both: None, settings: Any, side: str) -> None:
    other = "web" if side == "care" else "care"
    for whose, count in ((other, 0), (side, 1)):
        mark = _mark_of(settings, whose, "said")
        assert _do(side, "SELECT * FROM outbox_tombstone WHERE key = %s", mark) == count
        if side != "web":  # which deletes none at all
            assert _do(side, "DELETE FROM outbox_tombstone WHERE key = %s", mark) == count
    assert _do(SUPERUSER, "SELECT * FROM outbox_tombstone") == (2 if side == "web" else 1)


@on_postgresql
@pytest.mark.parametrize("side", SIDES)
def test_a_whole_table_is_each_sides_own_part(both: None, side: str) -> None:
    assert _do(side, "SELECT * FROM outbox_outgoing") == 1
    assert _do(side, "SELECT * FROM outbox_outgoing FOR UPDATE") == 1
    assert _do(side, "DELETE FROM outbox_outgoing") == 1
    assert _do(SUPERUSER, "SELECT * FROM outbox_outgoing") == 1


# -- planting -------------------------------------------------------------------------------------
@on_postgresql
@pytest.mark.parametrize("side", SIDES)
def test_no_side_writes_in_the_others_name(both: None, settings: Any, side: str) -> None:
    own, others = _mark_of(settings, side, "new"), bytes([_mark_of(settings, side)[0] ^ 0x80]) * 32
    for kind, mark in ((OTHER[side], own), (OTHER[side], others), (KIND[side], others)):
        with pytest.raises(ProgrammingError, match=REFUSED):
            _do(side, _INSERT, kind, mark)
    change = "UPDATE outbox_outgoing SET kind = %s WHERE kind = %s"
    with pytest.raises(ProgrammingError, match=REFUSED):
        _do(side, change, OTHER[side], KIND[side])
    with pytest.raises(ProgrammingError, match=REFUSED):
        _do(side, "UPDATE outbox_outgoing SET key = %s", others)
    assert _do(side, _INSERT, KIND[side], own) == 1


@on_postgresql
@pytest.mark.parametrize("side", ["web", "worker"])
def test_no_planted_mark_silences_the_care_side(
    settings: Any, evening: datetime, side: str
) -> None:
    """Not even by somebody who knows the mark, which takes the care side's keyring."""
    mark = _mark_of(settings, "care", "alarm")
    with pytest.raises(ProgrammingError, match=REFUSED):
        _do(side, _STONE, mark)
    with pytest.raises(ProgrammingError, match=REFUSED):
        _do(side, _INSERT, KIND[side], mark)

    assert _queue(settings, "care", evening, "alarm")


@on_postgresql
def test_control_without_the_rules_each_of_it_can_be_done(
    both: None, settings: Any, evening: datetime
) -> None:
    mark = _mark_of(settings, "care", "alarm")
    with _unguarded():
        assert _do("web", "SELECT recipient FROM outbox_outgoing WHERE kind LIKE 'care.%%'") == 1
        assert _do("web", _INSERT, "care.alarm", b"\xff" * 32) == 1
        assert _do("web", _STONE, mark) == 1
        assert _do("worker", "DELETE FROM outbox_tombstone WHERE key = %s", mark) == 1
        assert _do("web", _STONE, mark) == 1
        assert not _queue(settings, "care", evening, "alarm")  # the alarm is never said
        assert _do("web", "DELETE FROM outbox_outgoing WHERE kind LIKE 'care.%%'") == 2
        assert _do("care", "DELETE FROM outbox_outgoing") == 1


@contextmanager
def _unguarded() -> Iterator[None]:
    """Take the rules away; a migrate puts them in force again."""
    for table in ROWS:
        _do(OWNER, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        with acting_as(OWNER):
            call_command("migrate", verbosity=0)
    assert differences() == set()


# -- in force -------------------------------------------------------------------------------------
@on_postgresql
@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("ALTER TABLE outbox_outgoing DISABLE ROW LEVEL SECURITY", "outbox_outgoing"),
        ("DROP POLICY rows_of_care ON outbox_tombstone", "outbox_tombstone"),
        ("ALTER POLICY rows_of_web ON outbox_outgoing USING (true)", "outbox_outgoing"),
        ("ALTER POLICY rows_of_web ON outbox_outgoing WITH CHECK (true)", "outbox_outgoing"),
        (
            "CREATE POLICY mine ON outbox_outgoing FOR SELECT TO peersupport_web USING (true)",
            "outbox_outgoing",
        ),
        ("CREATE POLICY mine ON outbox_tombstone USING (true)", "outbox_tombstone"),
    ],
)
def test_what_is_not_in_force_is_seen_and_the_next_migrate_mends_it(
    statement: str, table: str
) -> None:
    _do(OWNER, statement)
    try:
        assert {name for name, *_ in differences()} == {table}
    finally:
        with acting_as(OWNER):
            call_command("migrate", verbosity=0)
    assert differences() == set()


@on_postgresql
def test_a_migrate_touches_no_table_that_is_as_it_should_be(both: None) -> None:
    """Changing one waits for whoever uses it: a drain that is going on must not hold a migrate."""
    asked = "SELECT xmin FROM pg_policy ORDER BY oid"
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        cursor.execute(asked)
        before = cursor.fetchall()
    with acting_as(OWNER):
        call_command("migrate", verbosity=0)
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        cursor.execute(asked)
        assert cursor.fetchall() == before
    assert len(before) == len(SIDES) * len(ROWS)


@on_postgresql
@pytest.mark.parametrize("side", SIDES)
def test_the_side_cannot_change_the_rules(side: str) -> None:
    for statement in (
        "ALTER TABLE outbox_outgoing DISABLE ROW LEVEL SECURITY",
        f"DROP POLICY rows_of_{side} ON outbox_outgoing",
        f"CREATE POLICY mine ON outbox_outgoing TO {role_of(side)} USING (true)",
    ):
        with pytest.raises(ProgrammingError, match="must be owner"):
            _do(side, statement)
    with pytest.raises(ProgrammingError, match="would be affected by row-level security"):
        _do(side, "SET LOCAL row_security = off; SELECT * FROM outbox_outgoing")


# -- each side's housekeeping ---------------------------------------------------------------------
@pytest.mark.anydb
def test_each_side_forgets_its_own(both: None, settings: Any, evening: datetime) -> None:
    with acting_as(OWNER):
        Outgoing.objects.update(state="dead", done_at=evening)
    later = evening + 8 * DAY

    with _as(settings, "worker"):
        assert forget_delivered(now=later) == 1
    with acting_as(OWNER):
        assert list(Outgoing.objects.values_list("kind", flat=True)) == ["care.check"]
    with _as(settings, "care"):
        assert forget_everything(now=later)["care-messages"] == 1
    with acting_as(OWNER):
        assert not Outgoing.objects.exists()
        # The marks of what was given up have come; those whose time is over have gone.
        assert {bytes(key) for key in Tombstone.objects.values_list("key", flat=True)} == {
            _mark_of(settings, "web"),
            _mark_of(settings, "care"),
        }


@pytest.mark.anydb
def test_an_audit_puts_back_what_was_never_queued(
    settings: Any, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peersupport.core.outbox.auditors._auditors", {})
    register_auditor("x", lambda now: [Expected("word", "k", now, now + DAY)])
    with _as(settings, "worker"):
        assert audit(now=evening) == {"x": 1}
        assert audit(now=evening) == {"x": 0}
    with acting_as(OWNER):
        assert bytes(Outgoing.objects.get().key) == _mark_of(settings, "web")
