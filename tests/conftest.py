"""The ground every test stands on: throw-away keys and data, a database, a still clock.

The environment is set before Django reads its settings. `make test` starts PostgreSQL and Redis
and names them in DATABASE_URL and REDIS_URL; without them the tests run on SQLite. On PostgreSQL
the owner makes the tables, and every test acts as the web side (tests/roles.py).
"""

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import time_machine

# The tests' day key begins here; every date a test uses lies after it.
EPOCH = datetime(2026, 10, 1, tzinfo=UTC)
_HERE = Path(tempfile.mkdtemp(prefix="peersupport-test-"))
atexit.register(shutil.rmtree, _HERE, ignore_errors=True)
(_HERE / "static").mkdir()
os.environ["DATA_DIR"] = str(_HERE)
os.environ["KEYS_DIR"] = str(_HERE / "keys")
os.environ["PLANE"] = "web"
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
os.environ["STUDENT_DOMAINS"] = "school.example"
os.environ["EXTRA_CRISIS_LINES"] = "On-call counselor|555-0100"
os.environ.pop("DEMO", None)
os.environ.pop("EMAIL_URL", None)
os.environ.pop("PUBLIC_URL", None)


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    """Make the key files once; their day follows the clock the tests use."""
    from django.conf import settings

    from peersupport.core import daykey, keyfiles
    from referrals import care_keys, tagkey

    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    # Under xdist the settings of a worker may name the first process's directory.
    path = Path(settings.KEYS_DIR) / keyfiles.KEYRING
    keyfiles.write_private(path, keyfiles.new_keyring(), replace=False)
    daykey.create(EPOCH)
    tagkey.create(EPOCH)
    care_keys.create(Path(settings.KEYS_DIR), EPOCH)


@pytest.fixture(scope="session", autouse=True)
def _addresses() -> None:
    """Which addresses there are is settled when they are read: before a test plays the demo."""
    from django.conf import settings

    import_module(settings.ROOT_URLCONF)


@pytest.fixture(scope="session", autouse=True)
def _short_connections() -> None:
    """A live server's threads must not hold the test database when it is dropped."""
    from django.db import connections

    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Beside what pytest-django does: end whoever still holds the test database at its end.

    A server's thread may outlive its test for a moment, and PostgreSQL drops nothing in use.
    """
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def _roles_follow_connections() -> None:
    """Connections of threads, and those made anew within a test, have their test's role."""
    from django.db.backends.signals import connection_created

    from tests.roles import on_connect

    connection_created.connect(on_connect)


@pytest.fixture(autouse=True)
def _plane(request: pytest.FixtureRequest, _django_db_marker: None) -> Iterator[None]:
    """Act as the web side, or as the one that the mark `plane` names.

    Set up after the database of this test and taken down before it: emptying it is the owner's.
    """
    from tests.roles import WEB, clear_openings, whole_test_as

    for name in ("transactional_db", "db"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    mark = request.node.get_closest_marker("plane")
    if "_django_db_helper" not in request.fixturenames and not mark:
        yield
        return
    with whole_test_as(mark.args[0] if mark else WEB):
        yield
    clear_openings()


@pytest.fixture(autouse=True)
def _own_kinds() -> Iterator[None]:
    """Kinds of messages, gates and listeners that a test registers end with it."""
    from peersupport.core.outbox import kinds

    found, gates, refused = dict(kinds._kinds), list(kinds._gates), dict(kinds._refused)
    yield
    kinds._kinds.clear()
    kinds._kinds.update(found)
    kinds._gates[:] = gates
    kinds._refused.clear()
    kinds._refused.update(refused)


@pytest.fixture
def keys_dir(settings: "pytest.FixtureRequest", tmp_path: Path) -> Path:
    """A fresh key directory of this test's own, for tests that move the ratchet."""
    from peersupport.core import crypto, daykey, keyfiles
    from referrals import tagkey

    settings.KEYS_DIR = tmp_path / "keys"  # type: ignore[attr-defined]
    path = tmp_path / "keys" / keyfiles.KEYRING
    keyfiles.write_private(path, keyfiles.new_keyring(), replace=False)
    daykey.create(EPOCH)
    tagkey.create(EPOCH)
    crypto.forget_keyring()
    return tmp_path / "keys"


@pytest.fixture(autouse=True)
def _shared_keys_stay(_keys: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that moves the day on asks for `keys_dir`.

    What it moved would be forgotten for every later test of this process, in whatever order.
    """
    from django.conf import settings

    from peersupport.core import keyfiles

    path = Path(settings.KEYS_DIR) / keyfiles.DAYKEY
    before = path.read_bytes()
    yield
    if path.read_bytes() != before:
        path.write_bytes(before)
        pytest.fail("This test moved the day key that all tests share: it needs `keys_dir`.")


@pytest.fixture(autouse=True)
def _plain_stores(settings: "pytest.FixtureRequest") -> None:
    """Static files without a collected manifest; mail kept in memory."""
    settings.STORAGES = {  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _empty_cache(settings: "pytest.FixtureRequest") -> None:
    """Limits counted in one test must not reach the next, nor a test that runs beside it.

    Emptying the cache would empty it for the other processes as well.
    """
    before = settings.CACHES["default"]  # type: ignore[attr-defined]
    settings.CACHES = {"default": {**before, "KEY_PREFIX": uuid.uuid4().hex}}  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _own_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes at different frozen times would begin each other's windows of counting anew.

    A program has one clock: the file holds the current window alone.
    """
    from peersupport.core import counters

    monkeypatch.setattr(counters, "_folder", lambda: _HERE / "counters")


@pytest.fixture
def evening() -> datetime:
    """A quiet Monday evening: 23 November 2026, 5:10pm in New York."""
    return datetime(2026, 11, 23, 22, 10, tzinfo=UTC)


@pytest.fixture
def frozen(evening: datetime) -> Iterator[None]:
    """Let the program's clock stand at that evening, for tests whose words hang on the day."""
    with time_machine.travel(evening, tick=False):
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered(settings: "pytest.FixtureRequest") -> Iterator[None]:
    """What a process or this host remembers of the school's facts must not reach the next test."""
    from program.queries.basics import forget_memory

    forget_memory()
    file = _HERE / f"crisis-{uuid.uuid4().hex}.json"
    settings.CRISIS_FILE = file  # type: ignore[attr-defined]
    yield
    file.unlink(missing_ok=True)
