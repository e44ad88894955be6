"""Starts as one database user or another, each in a real process that loads what is served."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from peersupport.core.sides import ROLES
from tests.logins import address, own_database

pytestmark = pytest.mark.process
WEB = ("-c", "import peersupport.wsgi")
CELERY = "from peersupport import celery; celery.refuse_unsafe_start()"
WORKER = ("-c", CELERY)
Run = Callable[..., subprocess.CompletedProcess[str]]


def _runner(home: Path, **base: str) -> Run:
    def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = words if words[0] == "-c" else ("manage.py", *words)
        return subprocess.run(
            [sys.executable, *command],
            env={
                "PATH": os.environ["PATH"],
                "DATA_DIR": str(home),
                "PLANE": "web",
                "SECRET_KEY": "x" * 50,
                "PYTHONDONTWRITEBYTECODE": "1",
                **base,
                **env,
            },
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def _said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a place for the keys of the installation below."""
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def installed(home: Path) -> Iterator[str]:
    """Return a database made as deploy/README.md says: roles by a superuser, tables by the owner.

    Under a prefix of its own, whose roles end with it.
    """
    with own_database("users") as name:
        prefix = f"school_{secrets.token_hex(4)}"
        run = _runner(home, DB_ROLES=prefix)
        assert run("init_keys").returncode == 0
        made = run("create_roles", DATABASE_URL=address(name))
        assert made.returncode == 0, made.stderr
        lines = [each.split("  \\")[0] for each in made.stdout.splitlines() if "LOGIN" in each]
        assert len(lines) == 4
        with closing(psycopg2.connect(address(name))) as admin:
            admin.autocommit = True
            cursor = admin.cursor()
            users = [f"{prefix}_{side}_login" for side in ("owner", "web", "care", "worker")]
            for line, user in zip(lines, users, strict=True):
                cursor.execute(line)
                cursor.execute(f"ALTER ROLE {user} PASSWORD 'word'")
            try:
                migrated = run("migrate", DATABASE_URL=_at(name, users[0]))
                assert migrated.returncode == 0, migrated.stderr
                yield f"{name} {prefix}"
            finally:
                for user in users:
                    role = user.removesuffix("_login")
                    cursor.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {user}, {role}")


def _at(database: str, user: str) -> str:
    return address(database, "web").replace(
        f"test_web:{os.environ['TEST_ROLE_PASSWORD']}", f"{user}:word"
    )


@pytest.fixture
def run(home: Path, installed: str) -> Run:
    """Run as a user of that installation, named by its side."""
    database, prefix = installed.split()

    def as_user(side: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        url = _at(database, f"{prefix}_{side}_login") if side else address(database)
        return _runner(home, DB_ROLES=prefix, DATABASE_URL=url)(*words, **env)

    return as_user


def test_each_side_starts_as_its_own_user(run: Run) -> None:
    for done in (run("web", *WEB), run("worker", *WORKER, PLANE="worker")):
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("user", "plane", "says"),
    [
        ("", "web", "is a superuser"),
        ("owner", "web", "may make and change tables"),
        ("worker", "web", "may act as"),
        ("care", "web", "may act as"),
        ("web", "worker", "may act as"),
    ],
)
def test_other_users_are_refused(run: Run, user: str, plane: str, says: str) -> None:
    said = _said(run(user, *(WORKER if plane == "worker" else WEB), PLANE=plane))

    assert says in said
    assert "Refused to start: " in said


def test_celery_is_refused_as_the_web_side(run: Run) -> None:
    assert "PLANE=worker" in _said(run("web", *WORKER))


def test_nobody_but_the_owner_migrates(run: Run) -> None:
    assert "migrates this database" in run("web", "migrate").stderr
    assert run("owner", "migrate").returncode == 0


def test_without_roles_nothing_starts(run: Run) -> None:
    assert "manage.py create_roles" in _said(run("web", *WEB, DB_ROLES="nowhere"))


def test_a_database_that_is_behind_is_not_migrated_but_said(run: Run) -> None:
    piece = "from django.db.migrations.recorder import MigrationRecorder as R\n"
    piece += "from django.db import connection as c\n"
    stamp = "('portal', '0001_stamp')"
    assert run("owner", "shell", "-c", f"{piece}R(c).record_unapplied(*{stamp})").returncode == 0
    try:
        assert "older than the program" in _said(run("web", *WEB))
        assert "older than the program" in _said(run("web", "serve", PORT="8099"))
    finally:
        run("owner", "shell", "-c", f"{piece}R(c).record_applied(*{stamp})")


def test_the_check_says_who_may_do_too_much(run: Run) -> None:
    assert "E031" in run("owner", "check", "--deploy").stderr
    assert "E03" not in run("web", "check", "--deploy").stderr


def test_whoever_owns_the_database_and_makes_roles_will_do(tmp_path: Path) -> None:
    """A hosted PostgreSQL gives nobody a superuser."""
    prefix = f"hosted_{secrets.token_hex(4)}"
    with own_database("hosted") as name, closing(psycopg2.connect(address(name))) as admin:
        admin.autocommit = True
        cursor = admin.cursor()
        cursor.execute(f"CREATE ROLE {prefix} LOGIN CREATEROLE PASSWORD 'word'")
        cursor.execute(f"ALTER DATABASE {name} OWNER TO {prefix}")
        run = _runner(tmp_path, DB_ROLES=prefix, DATABASE_URL=_at(name, prefix))
        try:
            assert run("init_keys").returncode == 0
            made = run("create_roles")
            assert made.returncode == 0, made.stderr
            migrated = run("migrate")
            assert migrated.returncode == 0, migrated.stderr
            assert "may make" in _said(run(*WEB))
        finally:
            cursor.execute(f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
            for role in (*(f"{prefix}_{side}" for side in ROLES), prefix):
                cursor.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_on_sqlite_there_are_no_roles_and_no_care_side(tmp_path: Path) -> None:
    run = _runner(tmp_path)
    assert run("init_keys").returncode == 0
    assert "SQLite has no roles" in run("migrate").stdout
    assert "there is nothing to do" in run("create_roles").stdout

    assert "The care side needs PostgreSQL" in _said(run(*WEB, PLANE="care"))
    assert run(*WEB).returncode == 0
