"""Databases of a test's own, and the users with which real processes of the program go there.

bin/services.py makes the users; DATABASE_URL is its superuser.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2

# What `deploy/manage` runs as the owner and as the worker; everything else it runs as PLANE=web.
_OF = {"migrate": "owner", "drain_outbox": "worker", "forget": "worker"}


def address(database: str, side: str = "") -> str:
    """Return the address of a database for a side's user, or for the superuser."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}")
    if side:
        user = f"test_{side}:{os.environ['TEST_ROLE_PASSWORD']}"
        url = url._replace(netloc=f"{user}@{url.hostname}:{url.port}")
    return url.geturl()


def name_of(address: str) -> str:
    """Return which database an address leads to."""
    return urlsplit(address).path.lstrip("/")


@contextmanager
def own_database(kind: str) -> Iterator[str]:
    """Make an empty database in which the owner may make tables, for the length of a block."""
    name = f"{kind}_{secrets.token_hex(6)}"
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as admin:
        admin.autocommit = True
        cursor = admin.cursor()
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"GRANT CREATE ON DATABASE {name} TO peersupport_owner")
        try:
            with closing(psycopg2.connect(address(name))) as link, link, link.cursor() as inside:
                inside.execute("GRANT CREATE ON SCHEMA public TO peersupport_owner")
            yield name
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def as_side(env: dict[str, str], words: tuple[str, ...], side: str = "") -> dict[str, str]:
    """Return the environment in which a command of manage.py runs: its user, and its PLANE.

    Without PostgreSQL it is the one given.
    """
    side = side or _OF.get(words[0], "web")
    if "DATABASE_URL" not in env:
        return env
    plane = {"worker": "worker"}.get(side, "web")
    return {**env, "PLANE": plane, "DATABASE_URL": address(name_of(env["DATABASE_URL"]), side)}
