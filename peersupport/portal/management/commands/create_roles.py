"""`manage.py create_roles`: the roles of PostgreSQL, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection

from peersupport.core.sides import OWNER, ROLES, role_of
from peersupport.portal.roles import NotTheOwner, create_roles

_NEXT = """\
Now make a database user for each side, with a password of its own, in psql:

{users}

Give each process the address of its own user in DATABASE_URL:
  {owner}_login  for `manage.py migrate` and nothing else
  the others     for PLANE=web, PLANE=care and PLANE=worker
Then run `manage.py migrate` as {owner}_login: it makes the tables and gives each side its rights.
deploy/README.md has it step by step."""


class Command(BaseCommand):
    """Make what is missing, and say what comes next."""

    help = "Make PostgreSQL's roles. Run once, as a superuser or as who owns the database."
    requires_system_checks: list[str] = []  # before anything else is there

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the roles. Twice is harmless; so is an older installation."""
        if connection.vendor != "postgresql":
            self.stdout.write("This is SQLite, which has no roles: there is nothing to do.")
            return
        try:
            made = create_roles(DEFAULT_DB_ALIAS)
        except (NotTheOwner, ProgrammingError) as error:
            raise CommandError(
                f"{str(error).splitlines()[0]}. Run this as a superuser of PostgreSQL, or as who "
                "owns the database and may make roles (CREATEROLE)."
            ) from None
        self.stdout.write(f"Made {', '.join(made)}." if made else "The roles are there already.")
        users = "\n".join(
            f"  CREATE ROLE {role_of(side)}_login LOGIN IN ROLE {role_of(side)};"
            f"  \\password {role_of(side)}_login"
            for side in ROLES
        )
        self.stdout.write(_NEXT.format(users=users, owner=role_of(OWNER)))
