"""The documented configuration passes `manage.py check --deploy` without a word."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.logins import address, as_side, own_database
from tests.process.spool import mail_server

pytestmark = pytest.mark.process
_EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "peersupport.env.example"

# What installing, the first sign-in and the first steps leave behind.
_INSTALL = """
from datetime import time, timedelta
from django.core.management import call_command
from accounts.models import Person
from accounts.services import factors
from peersupport.core import clock
from peersupport.core.actors import SYSTEM
from program.services import add_coverage
from program.services.crisis import check_all
now = clock.now()
call_command("grant_role", "ida@school.example", "administrator")
secret = factors.new_secret()
code = factors.code_at(secret, int(now.timestamp()) // 30)
ida = Person.objects.get()
factors.add_app(person=ida, secret=secret, typed=code, now=now)
check_all(checked_by="Ida", checked_on=(now - timedelta(days=1)).date(), by=SYSTEM, now=now)
always = {"weekday": None, "starts": time(0), "ends": time(0), "until": None}
add_coverage(label="On-call", phone="212-555-4477", **always, by=SYSTEM, now=now)
"""


def _documented(tmp_path: Path) -> dict[str, str]:
    """Return the environment that deploy/ describes, with folders of this test's own."""
    lines = [line.partition("=") for line in _EXAMPLE.read_text().splitlines()]
    env = {name: value for name, _is, value in lines if name and not name.startswith("#")}
    (tmp_path / "data").mkdir()
    return {
        **env,
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path / "data"),
        "KEYS_DIR": str(tmp_path / "keys"),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "REDIS_URL": os.environ["REDIS_URL"],
        "EMAIL_URL": "smtp+tls://us:word@mail.school.example:587",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.mark.skipif("REDIS_URL" not in os.environ, reason="needs PostgreSQL and Redis")
def test_the_documented_configuration_is_clean(tmp_path: Path) -> None:
    with own_database("checked") as name:
        env = {**_documented(tmp_path), "PLANE": "web", "DATABASE_URL": address(name)}

        def run(*words: str, side: str = "") -> str:
            done = subprocess.run(
                [sys.executable, "manage.py", *words],
                env=as_side(env, words, side),
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout + done.stderr

        run("init_keys")
        run("migrate")
        run("shell", "-v", "0", "-c", _INSTALL)
        # The documented one is nobody's here: a round that reaches no mail server is no good one.
        with mail_server(tmp_path / "mail") as here:
            documented = {**env}
            env |= {"EMAIL_URL": here, "HEARTBEAT_URL": ""}
            run("drain_outbox")
            env |= documented
        run("forget")
        run("forget", side="web")
        said = run("check", "--deploy", "--fail-level", "INFO")
        assert "no issues" in said
