"""The sides of the program as PostgreSQL knows them: one role each, and one that owns the tables.

docs/decisions/0020-database-roles.md. On SQLite there are no roles: whoever reads the file may
do everything, and every answer here is that of a process that may.
"""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

OWNER, WEB, CARE, WORKER = "owner", "web", "care", "worker"
SIDES = (WEB, CARE, WORKER)
ROLES = (OWNER, *SIDES)


def role_of(side: str) -> str:
    """Return the name of the PostgreSQL role of a side, or of the owner."""
    return f"{settings.DB_ROLES}_{side}"


def has_roles(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Return whether this is a PostgreSQL that has all of our roles."""
    if connections[using].vendor != "postgresql":
        return False
    with connections[using].cursor() as cursor:
        names = [role_of(side) for side in ROLES]
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [names])
        return bool(cursor.fetchone() == (len(names),))


def acting_for() -> frozenset[str]:
    """Return the sides whose rights this process has: all of them where there are no roles."""
    if not has_roles():
        return frozenset(SIDES)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT side FROM unnest(%s::text[], %s::text[]) AS known (side, role)"
            " WHERE pg_has_role(current_user, role, 'USAGE')",
            [[*SIDES], [role_of(side) for side in SIDES]],
        )
        return frozenset(side for (side,) in cursor.fetchall())
