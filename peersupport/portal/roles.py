"""PostgreSQL's roles: making them, and giving each what the map says, after every migrate.

Tables belong to the owner's role, not to whoever ran the migration. The owner migrates; web, care
and worker do the rest, each with the rights of peersupport/portal/grants.py and no others.
"""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.utils import CursorWrapper

from peersupport.core.sides import OWNER, ROLES, SIDES, has_roles, role_of
from peersupport.portal.grants import GRANTS, Right, each_right
from peersupport.portal.row_rules import apply_row_rules, row_rule_differences

# Two hosts that migrate at once would otherwise write the same rows of the catalogs.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('peersupport grants'))"
_OURS = """
SELECT c.relname, c.relkind, pg_has_role(current_user, c.relowner, 'USAGE')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""

_NO_ROLES = {
    "sqlite": "SQLite has no roles: whoever opens the file may do everything.\n",
    "postgresql": "There are no roles yet: run `manage.py create_roles`, or nothing will start.\n",
}
_GIVEN = """
SELECT relname, coalesce(side, 'everybody'), privilege_type, attname FROM (
SELECT c.relname, g.grantee, g.privilege_type, ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) g
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm')
  AND g.grantee <> c.relowner
UNION ALL
SELECT c.relname, g.grantee, g.privilege_type, a.attname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
WHERE n.nspname = current_schema() AND g.grantee <> c.relowner
) given (relname, grantee, privilege_type, attname)
LEFT JOIN pg_roles ON oid = grantee
LEFT JOIN unnest(%s::text[], %s::text[]) AS known (side, role) ON role = rolname
WHERE grantee = 0 OR side IS NOT NULL
"""
# What refuses to change rows that are written once.
_FUNCTIONS = ["audit_entry_refuse", "referrals_opening_refuse"]


class NotTheOwner(ImproperlyConfigured):
    """This database user may not migrate; the text says who does."""


def _quoted(cursor: CursorWrapper, names: Iterable[str]) -> str:
    return ", ".join(cursor.db.ops.quote_name(name) for name in names)


def _may_become_owner(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT pg_has_role(session_user, %s, 'MEMBER')", [role_of(OWNER)])
    return bool(cursor.fetchone()[0])


def _may_open(cursor: CursorWrapper) -> bool:
    """Return whether this user may say who makes tables here: a superuser, or the database's."""
    cursor.execute(
        "SELECT r.rolsuper OR pg_has_role(d.datdba, 'MEMBER') FROM pg_roles r, pg_database d"
        " WHERE r.rolname = current_user AND d.datname = current_database()"
    )
    return bool(cursor.fetchone()[0])


def create_roles(using: str) -> list[str]:
    """Make the roles that are missing, and make ready this database; return those made.

    Idempotent. Needs a superuser, or whoever owns the database and may make roles.
    """
    made = []
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for side in ROLES:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role_of(side)])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {_quoted(cursor, [role_of(side)])} NOLOGIN")
                made.append(role_of(side))
        _join_owner(cursor)
        open_database(cursor)
        hand_over(cursor)
        if any(name in GRANTS for name, _kind, _is_ours in _relations(cursor)):
            apply_grants(cursor)
    return made


def _join_owner(cursor: CursorWrapper) -> None:
    """Let whoever makes the roles hand tables over. Since 16, making a role is not enough."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:
        return
    how = " WITH INHERIT TRUE, SET TRUE" if cursor.connection.server_version >= 160000 else ""
    cursor.execute(f"GRANT {_quoted(cursor, [role_of(OWNER)])} TO CURRENT_USER{how}")


def open_database(cursor: CursorWrapper) -> None:
    """Let the owner make tables here, and nobody else; a new table gives nothing to anybody."""
    cursor.execute("SELECT current_schema(), current_database()")
    schema, database = (_quoted(cursor, [name]) for name in cursor.fetchone())
    owner = _quoted(cursor, [role_of(OWNER)])
    sides = _quoted(cursor, map(role_of, SIDES))
    cursor.execute(
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {sides};"
        f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner};"
        f"GRANT USAGE ON SCHEMA {schema} TO {sides};"
        # A trusted extension is made by whoever may make things in the database.
        f"GRANT CREATE ON DATABASE {database} TO {owner};"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON TABLES FROM PUBLIC, {sides};"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON SEQUENCES FROM PUBLIC, {sides};"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON FUNCTIONS FROM PUBLIC, {sides};"
    )


def _relations(cursor: CursorWrapper) -> list[tuple[str, str, bool]]:
    """Return the name and kind of what is in the schema, and whether we are its owner."""
    cursor.execute(_OURS)
    return list(cursor.fetchall())


def hand_over(cursor: CursorWrapper) -> None:
    """Give the owner what an older installation's only user made."""
    owner = _quoted(cursor, [role_of(OWNER)])
    for name, kind, _is_ours in _relations(cursor):
        if kind in "rp" and name in GRANTS:
            cursor.execute(f"ALTER TABLE {_quoted(cursor, [name])} OWNER TO {owner}")
    cursor.execute("SELECT proname FROM pg_proc WHERE proname = ANY(%s)", [_FUNCTIONS])
    for (name,) in cursor.fetchall():
        cursor.execute(f"ALTER FUNCTION {name}() OWNER TO {owner}")


def apply_grants(cursor: CursorWrapper) -> None:
    """Take every right from every side, then give what the map says, and say whose rows are whose.

    Raises NotTheOwner if a table belongs to somebody whose rights this user has not.
    """
    cursor.execute(_ONE_AT_A_TIME)
    there = _relations(cursor)  # what others keep in the same schema, and is not in the map, stays
    _check_owned([name for name, _kind, is_ours in there if name in GRANTS and not is_ours])
    tables = [name for name, kind, is_ours in there if kind != "S" and is_ours]
    sequences = [name for name, kind, is_ours in there if kind == "S" and is_ours]
    sides = _quoted(cursor, map(role_of, SIDES))
    said = [f"REVOKE ALL ON TABLE {_quoted(cursor, tables)} FROM PUBLIC, {sides}"]
    if sequences:
        said.append(f"REVOKE ALL ON SEQUENCE {_quoted(cursor, sequences)} FROM PUBLIC, {sides}")
    for table in sorted(GRANTS.keys() & set(tables)):
        for side, rights in GRANTS[table].items():
            name, role = _quoted(cursor, [table]), _quoted(cursor, [role_of(side)])
            said.append(f"GRANT {rights} ON TABLE {name} TO {role}")
    cursor.execute(";".join(said))
    apply_row_rules(cursor, tables)


def differences() -> set[Right]:
    """Return what a side, or everybody, may and should not, or may not and should.

    Others that the school's own staff let in, such as a user who makes backups, are theirs.
    """
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_GIVEN, [[*SIDES], [role_of(side) for side in SIDES]])
        given = set(cursor.fetchall()) ^ set(each_right())
        return given | row_rule_differences(cursor)


def _check_owned(foreign: list[str]) -> None:
    if foreign:
        raise NotTheOwner(
            f"{', '.join(foreign[:3])} belongs to another database user, so that nobody's rights "
            "can be set. Run `manage.py create_roles` as a superuser of PostgreSQL."
        )


def become_owner(sender: AppConfig, using: str, **_: Any) -> None:
    """Before a migrate: make tables as the owner's role. Raises NotTheOwner for anybody else.

    The demo has one user for everything, whichever roles there are.
    """
    if settings.DEMO or not has_roles(using):
        return
    with connections[using].cursor() as cursor:
        if not _may_become_owner(cursor):
            raise NotTheOwner(
                f"Only a member of {role_of(OWNER)} migrates this database. "
                "Run `deploy/manage migrate`, or set DATABASE_URL to the owner's."
            )
        if _may_open(cursor):  # a database made since: a new one, or one of the tests
            open_database(cursor)
        cursor.execute(f"SET ROLE {_quoted(cursor, [role_of(OWNER)])}")


def give_rights(
    sender: AppConfig, using: str, verbosity: int = 0, stdout: TextIO = sys.stdout, **_: Any
) -> None:
    """After a migrate, and in the tests after a flush: apply the map."""
    if settings.DEMO:
        return
    if not has_roles(using):
        if verbosity >= 1:
            stdout.write(_NO_ROLES[connections[using].vendor])
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        apply_grants(cursor)
