"""What PostgreSQL refuses the web side and its worker, whatever code runs there."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
from psycopg2 import errors

from tests.confidence.scene import Scene
from tests.confidence.table import Line, judged
from tests.confidence.world import World
from tests.logins import address

# Who is a counselor, how they sign in, who is left out, what rings: nothing at all.
_CLOSED = (
    *("counselor", "passkey", "recoverycode", "caresession", "asked"),
    *("routed", "exclusion", "taken", "ring", "link"),
)
_READ_ONLY = ("opening", "card", "reading", "timers", "clock", "publishedkey", "counter")
_ADDED_ONLY = ("referral", "sealed", "wrap", "withdrawal", "told", "emergencycontact")
_COLUMN = {"referral": "state", "sealed": "blob", "wrap": "sealed", "withdrawal": "at",
           "told": "word", "emergencycontact": "sealed"}  # fmt: skip
_DEEP = (
    "ALTER TABLE referrals_sealed ADD COLUMN mine text",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TABLE referrals_link",
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER mine BEFORE INSERT ON referrals_link EXECUTE FUNCTION audit_entry_refuse()",
    "GRANT SELECT ON referrals_link TO PUBLIC",
    "ALTER ROLE peersupport_web SUPERUSER",
    "CREATE ROLE mine SUPERUSER",
    *(f"SET ROLE peersupport_{role}" for role in ("owner", "care")),
    "SET SESSION AUTHORIZATION peersupport_care",
    "SET session_replication_role = replica",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY referrals_sealed TO STDOUT",
    "SELECT lo_import('/etc/passwd')",
    "UPDATE audit_entry SET note = ''",
    "DELETE FROM audit_entry WHERE verb = 'grant role'",
    "TRUNCATE audit_entry",
)


def _all_of(table: str) -> Iterator[str]:
    yield f"SELECT * FROM referrals_{table}"
    yield f"SELECT count(*) FROM referrals_{table}"
    yield f"INSERT INTO referrals_{table} DEFAULT VALUES"
    yield from _change(table)


def _change(table: str) -> Iterator[str]:
    yield f"DELETE FROM referrals_{table}"
    yield f"TRUNCATE referrals_{table} CASCADE"


def of_web() -> list[str]:
    """Return every statement that the web side must be refused."""
    found = [one for table in _CLOSED for one in _all_of(table)]
    for table in _READ_ONLY:
        found += [f"INSERT INTO referrals_{table} DEFAULT VALUES", *_change(table)]
    for table in _ADDED_ONLY:
        found += [f"UPDATE referrals_{table} SET {_COLUMN[table]} = NULL", *_change(table)]
    found += [f"SELECT {column} FROM referrals_{table}" for table, column in _COLUMN.items()
              if table in ("sealed", "wrap", "emergencycontact")]  # fmt: skip
    found += ["SELECT count(*) FROM referrals_sealed", "SELECT line_email FROM referrals_timers"]
    found += [
        "UPDATE referrals_counselor SET role = 'lead'",
        "UPDATE referrals_opening SET name = ''",
    ]
    return [*found, *_DEEP]


def of_worker() -> list[str]:
    """Return every statement that the worker must be refused: all of a referral, and more."""
    tables = (*_CLOSED, *_READ_ONLY, *_ADDED_ONLY)
    found = [one for table in tables for one in _all_of(table)]
    found += [f"SELECT {column} FROM referrals_{table}" for table, column in _COLUMN.items()]
    return [*found, "SELECT note FROM audit_entry", *_DEEP]


def accepted(world: World, user: str, statements: list[str]) -> list[str]:
    """Return the statements that PostgreSQL does not refuse for want of a right. None is kept."""
    found = []
    with closing(psycopg2.connect(address(world.database, user))) as link, link.cursor() as cursor:
        for statement in statements:
            try:
                cursor.execute(statement)
            except errors.InsufficientPrivilege:
                continue
            except psycopg2.Error:
                pass  # something else was in the way: the right itself was there
            finally:
                link.rollback()
            found.append(statement)
    return found


def attack(world: World, scene: Scene) -> list[Line]:
    """Let the web side's and the worker's database users try everything that is not theirs."""
    lines = []
    for user, name, statements in (
        ("web", "the web side's database user", of_web()),
        ("worker", "the worker's database user", of_worker()),
    ):
        got = accepted(world, user, statements)
        without = accepted(world, "", [one for one in statements if "PROGRAM" not in one])
        lines.append(
            judged(
                f"Statements of SQL as {name}: read sealed content and keys, counselors, "
                "passkeys, sessions, who is left out; change or delete a request; make or "
                "change tables, become another user",
                len(statements),
                got,
                f"PostgreSQL refused each one; its superuser may do {len(without)}",
                control=len(without) >= len(statements) - 2,
            )
        )
    return lines
