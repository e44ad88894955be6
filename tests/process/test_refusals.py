"""Starts that are refused, each in a real process that loads what gunicorn would serve."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
Run = Callable[..., subprocess.CompletedProcess[str]]
LOAD = "import peersupport.wsgi"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a piece of Python, or a command of manage.py, under exactly the given environment."""
    base = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "PLANE": "web",
        "SECRET_KEY": "x" * 50,
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def runner(*words: str, **env: str | None) -> subprocess.CompletedProcess[str]:
        merged = {k: v for k, v in {**base, **env}.items() if v is not None}
        command = ["manage.py", *words] if words else ["-c", LOAD]
        return subprocess.run(
            [sys.executable, *command],
            env=merged,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return runner


def _prepared(run: Run) -> None:
    assert run("init_keys").returncode == 0
    assert run("migrate").returncode == 0


def test_a_whole_configuration_starts(run: Run) -> None:
    _prepared(run)

    done = run()

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"PLANE": None}, "PLANE is not set"),
        ({"PLANE": "all"}, "for the demo only"),
        ({"PLANE": "moon"}, "PLANE must be one of"),
        ({"PASSKEYS": "0", "AUTHENTICATOR_APPS": "0"}, "staff need a second factor"),
        ({"ADMIT": "everybody"}, "ADMIT must be made of"),
        ({"ADMIT": "affiliation"}, "OIDC_ISSUER is not set"),
        ({"OIDC_ISSUER": "https://id.example"}, "needs OIDC_CLIENT_ID"),
        (
            {"OIDC_ISSUER": "http://id.example", "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b"},
            "must begin with https://",
        ),
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "too short"),
        ({"DEMO": "maybe"}, "DEMO must be 1 or 0"),
        ({"DEMO": "1", "EMAIL_URL": "smtp://127.0.0.1"}, "unset one of them"),
        ({"PUBLIC_URL": "http://peers.example"}, "https://"),
        ({"PORT": "99999"}, "PORT"),
        ({"DATABASE_URL": "mysql://a:b@127.0.0.1/x"}, "PostgreSQL or SQLite"),
    ],
    ids=str,
)
def test_slips_of_the_environment_are_refused(
    run: Run, env: dict[str, str | None], says: str
) -> None:
    done = run(**env)

    assert done.returncode != 0
    assert says in done.stderr


def test_missing_keys_are_refused(run: Run) -> None:
    done = run()

    assert done.returncode != 0
    assert "keyring.json cannot be read" in done.stderr


def test_keys_open_to_others_are_refused(run: Run, tmp_path: Path) -> None:
    _prepared(run)
    (tmp_path / "keys" / "daykey.json").chmod(0o644)

    assert "can be read by others" in run().stderr


@pytest.mark.parametrize("name", ["keyring.json", "daykey.json"])
def test_foreign_keys_are_refused(run: Run, tmp_path: Path, name: str) -> None:
    _prepared(run)
    other = tmp_path / "other"
    run("init_keys", KEYS_DIR=str(other))
    (other / name).replace(tmp_path / "keys" / name)

    done = run()

    assert done.returncode != 0
    assert "not the one this database was made with" in done.stderr


def test_malformed_keys_are_refused(run: Run, tmp_path: Path) -> None:
    _prepared(run)
    (tmp_path / "keys" / "keyring.json").write_text("{}")

    assert "malformed" in run().stderr


def test_the_demo_and_the_real_refuse_each_others_database(run: Run) -> None:
    _prepared(run)
    assert "was not made by the demo" in run(DEMO="1", PLANE=None).stderr


def test_the_real_refuses_the_demos_database(run: Run) -> None:
    assert run("migrate", DEMO="1", PLANE=None).returncode == 0

    assert "made by the demo" in run().stderr


def test_a_chatty_postgresql_is_refused(run: Run) -> None:
    url = os.environ["DATABASE_URL"]
    chatty = f"{url}?options=-c%20log_error_verbosity%3Dverbose%20-c%20log_statement%3Dall"
    done = run("shell", "-c", _CHATTY, DATABASE_URL=chatty)

    assert "log_statement=all" in done.stdout, done.stderr
    quiet = run("shell", "-c", _CHATTY, DATABASE_URL=url)
    assert "found []" in quiet.stdout, quiet.stderr


_CHATTY = (
    "from peersupport.portal.startup import chatty_settings; print('found', chatty_settings())"
)


def test_a_fresh_checkout_can_check_its_migrations(run: Run, tmp_path: Path) -> None:
    """Looking at the code needs no installation, and makes neither keys nor a database."""
    done = run("makemigrations", "--check", "--dry-run", PLANE=None, SECRET_KEY=None)

    assert done.returncode == 0, done.stderr
    assert "No changes detected" in done.stdout
    # Django's own check of the cache makes its folder, empty.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "words", [["migrate"], ["shell", "-c", "1"], ["serve"], ["forget"]], ids=str
)
def test_a_command_without_a_configuration_says_so_in_one_sentence(
    run: Run, words: list[str]
) -> None:
    done = run(*words, PLANE=None, SECRET_KEY=None)

    assert done.returncode != 0
    assert "PLANE is not set" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["care-root.key", "care-epochs.json", "care.key"])
def test_a_web_host_with_a_key_that_opens_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    _prepared(run)
    assert not (tmp_path / "keys" / name).exists()
    (tmp_path / "keys" / name).touch(mode=0o600)

    assert f"{name}. Move them there and delete them here." in run().stderr
