"""Starts as one database user or another, each in a real process that loads what is served."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
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


# -- the care side, a program of its own ----------------------------------------------------------


@pytest.fixture
def care(run: Run, tmp_path: Path) -> Run:
    """Run as the care side, on a host of its own, with the keys that belong there."""

    def on_the_host(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        here = {"PLANE": "care", "DATA_DIR": str(tmp_path), "KEYS_DIR": str(tmp_path / "keys")}
        return run("care", *words, **{**here, **env})

    made = on_the_host("init_care_keys")
    assert made.returncode == 0, made.stderr
    return on_the_host


def test_the_care_side_starts_as_its_own_program(care: Run) -> None:
    for words in (WEB, WORKER):
        done = care(*words)
        assert done.returncode == 0, done.stderr


def test_the_care_side_does_not_start_with_a_key_of_the_web_side(
    care: Run, home: Path, tmp_path: Path
) -> None:
    planted = tmp_path / "keys" / "keyring.json"
    planted.write_bytes((home / "keys" / "keyring.json").read_bytes())
    planted.chmod(0o600)

    said = _said(care(*WEB))

    assert "hosts lie here" in said
    assert "keyring.json" in said


@pytest.mark.parametrize("side", ["web", "worker"])
def test_the_web_side_does_not_start_with_a_key_of_the_care_side(
    run: Run, care: Run, home: Path, tmp_path: Path, side: str
) -> None:
    planted = home / "keys" / "care-epochs.json"
    planted.write_bytes((tmp_path / "keys" / "care-epochs.json").read_bytes())
    planted.chmod(0o600)
    try:
        said = _said(run(side, *(WEB if side == "web" else WORKER), PLANE=side))
    finally:
        planted.unlink()

    assert "hosts lie here" in said
    assert "care-epochs.json" in said


def test_the_first_lead_and_another_keyring(care: Run, tmp_path: Path) -> None:
    """The code goes to standard output alone; and the rows tie the keyring to the database."""
    try:
        asked = care("first_lead", "Dee", "dee@school.example")
        assert asked.returncode == 0, asked.stderr
        assert len(asked.stdout.strip()) == 14
        assert asked.stdout.strip() not in asked.stderr
        assert care(*WEB).returncode == 0

        other = str(tmp_path / "other")
        assert care("init_care_keys", KEYS_DIR=other).returncode == 0
        assert "is not the one with which" in _said(care(*WEB, KEYS_DIR=other))
    finally:
        piece = "from referrals.models import Card, Counselor as C; C.objects.all().delete(); "
        piece += "Card.objects.all().delete()"
        assert care("shell", "-v", "0", "-c", piece).returncode == 0


def test_no_lead_from_the_web_side(run: Run) -> None:
    said = run("web", "first_lead", "Mallory", "mallory@school.example").stderr

    assert "care host only" in said


def test_the_care_side_is_served(installed: str, care: Run, tmp_path: Path) -> None:
    """`manage.py serve` with PLANE=care: the desk's door, and nothing of the web side."""
    database, prefix = installed.split()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "KEYS_DIR": str(tmp_path / "keys"),
        "PLANE": "care",
        "PORT": str(port),
        "SECRET_KEY": "x" * 50,
        "PYTHONDONTWRITEBYTECODE": "1",
        "DB_ROLES": prefix,
        "DATABASE_URL": _at(database, f"{prefix}_care_login"),
    }
    command = [sys.executable, "manage.py", "serve"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as it:
        try:
            found = {path: _status(port, path) for path in ("/care/sign-in/", "/", "/hours/")}
        finally:
            it.terminate()
            said = it.communicate(timeout=60)[0].decode()
    assert found == {"/care/sign-in/": 200, "/": 302, "/hours/": 404}, said


def _status(port: int, path: str) -> int:
    """Return the status of a page; wait for a server that is on its way."""
    for _ in range(240):
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as link:
            try:
                link.request("GET", path)
                return link.getresponse().status
            except (OSError, http.client.HTTPException):
                time.sleep(0.25)
    return 0


def test_on_sqlite_there_are_no_roles_and_no_care_side(tmp_path: Path) -> None:
    run = _runner(tmp_path)
    assert run("init_keys").returncode == 0
    assert "SQLite has no roles" in run("migrate").stdout
    assert "there is nothing to do" in run("create_roles").stdout

    assert "The care side needs PostgreSQL" in _said(run(*WEB, PLANE="care"))
    assert run(*WEB).returncode == 0
