"""Row-level security of PostgreSQL: which rows of a shared table each side has to do with.

What the map says (`ROWS` of peersupport/portal/grants.py) is put in force after every migrate,
with the grants. The owner, and whoever is a superuser, sees all rows: they migrate and back up.
"""

import re
from collections.abc import Collection, Iterable

from django.db.backends.utils import CursorWrapper

from peersupport.core.sides import SIDES, role_of
from peersupport.portal.grants import ROWS, Right, each_row_rule

_GIVEN = """
SELECT c.relname, coalesce(side, 'everybody'), p.polcmd = '*' AND p.polpermissive,
       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), p.polname
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
  JOIN pg_namespace n ON n.oid = c.relnamespace, unnest(p.polroles) AS named (role)
LEFT JOIN pg_roles ON oid = named.role
LEFT JOIN unnest(%s::text[], %s::text[]) AS known (side, role) ON known.role = rolname
WHERE n.nspname = current_schema() AND (named.role = 0 OR side IS NOT NULL)
"""


def _plain(condition: str | None) -> str:
    """Return a condition as it is compared: PostgreSQL keeps it with casts and brackets."""
    return re.sub(r"::\w+|[()\s]", "", condition or "")


def _given(cursor: CursorWrapper) -> tuple[set[Right], dict[str, set[str]]]:
    """Return the rules in force for our sides and for everybody, and their names by table."""
    cursor.execute(_GIVEN, [[*SIDES], [role_of(side) for side in SIDES]])
    rules: set[Right] = set()
    names: dict[str, set[str]] = {}
    for table, side, is_whole, seen, written, name in cursor.fetchall():
        is_same = is_whole and written in (None, seen)
        rules.add((table, side, "ROWS", _plain(seen) if is_same else f"{seen} / {written}"))
        names.setdefault(table, set()).add(name)
    return rules, names


def _expected() -> set[Right]:
    return {
        (table, side, what, _plain(condition)) for table, side, what, condition in each_row_rule()
    }


def row_rule_differences(cursor: CursorWrapper) -> set[Right]:
    """Return which rules of rows are in force and should not be, or should be and are not."""
    return _given(cursor)[0] ^ _expected()


def apply_row_rules(cursor: CursorWrapper, tables: Collection[str]) -> None:
    """Put the rules in force on those of these tables where they are not.

    A table that is as it should be is left alone: changing it would wait for everybody who is
    using it, and each migrate comes by here.
    """
    given, names = _given(cursor)
    wrong = {table for table, *_ in given ^ _expected()} & set(tables)
    for table in sorted(wrong):
        cursor.execute(";".join(_statements(cursor, table, names.get(table, ()))))


def _statements(cursor: CursorWrapper, table: str, there: Iterable[str]) -> list[str]:
    quote = cursor.db.ops.quote_name
    named = {f"rows_of_{side}": side for side in SIDES}
    drop = sorted({*there, *named})
    said = [f"DROP POLICY IF EXISTS {quote(name)} ON {quote(table)}" for name in drop]
    rules = ROWS.get(table, {})
    if not rules:
        return [*said, f"ALTER TABLE {quote(table)} DISABLE ROW LEVEL SECURITY"]
    said.append(f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY")
    for name, side in named.items():
        if side in rules:
            to = f"ON {quote(table)} TO {quote(role_of(side))}"
            said.append(f"CREATE POLICY {quote(name)} {to} USING ({rules[side]})")
    return said
