"""Whether a process may start as the database user that it is: as its own side, and no more.

Asked by what the user can do, not by what it is called. `SET ROLE` counts as being able to, so
everything is asked of each role that the user could become.
"""

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

from peersupport.core.sides import OWNER, SIDES, has_roles, role_of

_HOW = "`manage.py create_roles` says how to make a user for each side."
# PostgreSQL's own roles, such as pg_read_all_data, have the numbers that it keeps for itself.
_LAST_BUILT_IN = 16383
_BEYOND = """
WITH become AS (SELECT oid FROM pg_roles WHERE pg_has_role(%(user)s, oid, 'MEMBER')),
ours AS (
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm')
),
whole AS (SELECT unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                              'TRIGGER']) AS right_to),
columns AS (SELECT unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS right_to)
SELECT right_to || ' on ' || relname FROM ours, whole
WHERE NOT has_table_privilege(%(role)s, ours.oid, right_to)
  AND EXISTS (SELECT 1 FROM become WHERE has_table_privilege(become.oid, ours.oid, right_to))
UNION ALL
SELECT right_to || ' on ' || relname || '.' || attname
FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid AND a.attnum > 0 AND NOT attisdropped,
     columns
WHERE NOT has_column_privilege(%(role)s, ours.oid, a.attnum, right_to)
  AND EXISTS (SELECT 1 FROM become
              WHERE has_column_privilege(become.oid, ours.oid, a.attnum, right_to))
ORDER BY 1 LIMIT 3
"""
_OWNS = """
SELECT has_schema_privilege(r.oid, current_schema(), 'CREATE')
    OR has_database_privilege(r.oid, current_database(), 'CREATE')
    OR EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = current_schema() AND c.relowner = r.oid)
FROM pg_roles r WHERE pg_has_role(%s, r.oid, 'MEMBER')
"""


def fault_of_user(plane: str, user: str | None = None) -> str:
    """Return in one sentence why a process of this side must not run as this database user.

    Empty if it may. The user is that of the connection, if not named. Only for PostgreSQL.
    """
    if not has_roles():
        return (
            "PostgreSQL has no roles for the sides of this program yet. Run `manage.py "
            "create_roles` as a superuser of PostgreSQL, then do what it says."
        )
    with connection.cursor() as cursor:
        if user is None:
            cursor.execute("SELECT session_user")
            user = str(cursor.fetchone()[0])
        return _strong(cursor, user) or _other(cursor, plane, user) or _beyond(cursor, plane, user)


def _strong(cursor: CursorWrapper, user: str) -> str:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [user])
    if cursor.fetchone()[0]:
        return f"The database user {user} is a superuser, who may do everything. {_HOW}"
    cursor.execute(
        "SELECT rolname FROM pg_roles WHERE pg_has_role(%s, oid, 'MEMBER') AND (rolsuper"
        " OR rolcreaterole OR rolreplication OR rolbypassrls OR oid <= %s) ORDER BY 1",
        [user, _LAST_BUILT_IN],
    )
    found = ", ".join(name for (name,) in cursor.fetchall())
    if found:
        return (
            f"The database user {user} may make roles, copy the whole database or more: "
            f"{found}. {_HOW}"
        )
    return ""


def _other(cursor: CursorWrapper, plane: str, user: str) -> str:
    cursor.execute(_OWNS, [user])
    if any(owns for (owns,) in cursor.fetchall()):
        return (
            f"The database user {user} may make and change tables, which only the owner may, "
            f"and only to migrate. {_HOW}"
        )
    cursor.execute(
        "SELECT side FROM unnest(%s::text[], %s::text[]) AS known (side, role)"
        " WHERE pg_has_role(%s, role, 'MEMBER')",
        [[OWNER, *SIDES], [role_of(side) for side in (OWNER, *SIDES)], user],
    )
    member = {side for (side,) in cursor.fetchall()}
    if member - {plane}:
        others = ", ".join(sorted(role_of(side) for side in member - {plane}))
        return f"The database user {user} of PLANE={plane} may act as {others}. {_HOW}"
    cursor.execute("SELECT pg_has_role(%s, %s, 'USAGE')", [user, role_of(plane)])
    if not cursor.fetchone()[0]:
        return (
            f"The database user {user} may not act as {role_of(plane)}, which PLANE={plane} "
            f"needs. {_HOW}"
        )
    sees = "SELECT has_table_privilege(%s, to_regclass('django_migrations'), 'SELECT')"
    cursor.execute(sees, [user])
    if cursor.fetchone()[0] is False:  # None: there are no tables yet
        return "Nobody has rights in this database yet. Run `deploy/manage migrate`."
    return ""


def _beyond(cursor: CursorWrapper, plane: str, user: str) -> str:
    cursor.execute(_BEYOND, {"user": user, "role": role_of(plane)})
    found = ", ".join(right for (right,) in cursor.fetchall())
    if found:
        return f"The database user {user} may do more than {role_of(plane)}: {found}. {_HOW}"
    return ""


def is_behind() -> bool:
    """Return whether migrations of this code have not been run. More that have been is no harm."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def fault_of_settings(*, is_worker: bool) -> str:
    """Return why nothing may start with this PLANE and this kind of database; empty if it may."""
    is_postgresql = connection.vendor == "postgresql"
    if settings.DEMO:
        return ""
    if settings.PLANE == "care" and not is_postgresql:
        return "The care side needs PostgreSQL: on SQLite nothing keeps the sides apart."
    if is_worker and is_postgresql and settings.PLANE == "web":
        return "Celery's worker and beat run with PLANE=worker and a database user of their own."
    return ""


def fault_of_database(*, before_migrate: bool) -> str:
    """Return why this process must not start as who it is in PostgreSQL; empty if it may."""
    if settings.DEMO or connection.vendor != "postgresql":
        return ""
    fault = fault_of_user(settings.PLANE)
    if not fault and not before_migrate and is_behind():
        return (
            "The database is older than the program. Run `deploy/manage migrate`: that takes the "
            "owner's database user, which this process is not."
        )
    return fault
