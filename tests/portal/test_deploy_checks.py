"""`manage.py check --deploy`: every check of ours speaks when it should, and is silent else."""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role
from accounts.services.factors import mix_factors
from peersupport.core import crypto, daykey
from peersupport.core.actors import SYSTEM
from peersupport.core.datamap.models import ForgettingRun
from peersupport.core.outbox.models import DrainRun
from peersupport.portal import checks
from peersupport.portal.checks import configuration, installed
from peersupport.portal.models import Stamp
from program.models import Coverage
from program.services import add_coverage
from program.services.crisis import check_all
from tests.accounts.factor_steps import give_app
from tests.people import cast, hours_of
from tests.roles import acting_as

GOOD: dict[str, Any] = {
    "SECRET_KEY": "Jw3kT9vQz7XbN1mRy5sLd8hFgC2pEaUo4iVtWq6ZrYx0",
    "DEBUG": False,
    "DEMO": False,
    "ALLOWED_HOSTS": ["peers.school.example"],
    "IS_SECURE": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "TRUSTED_PROXIES": 1,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.school.example",
    "EMAIL_PORT": 587,
    "EMAIL_USE_TLS": True,
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "PLANE": "web",
    "HEARTBEAT_URL": "https://watch.school.example/ping/4f1c",
    "REDIS_URL": "redis://redis:6379/0",
    "OIDC_ISSUER": "https://id.school.example",
    "OIDC_STUDENT_VALUES": {"student"},
    "OIDC_NEVER_VALUES": {"faculty"},
    "STUDENT_DOMAINS": ["school.example"],
    "CRISIS_EXTRA": [("On-call counselor", "212-555-4477")],
}


@pytest.fixture
def good(settings: Any, tmp_path: Path) -> Any:
    """Settings as a real installation has them."""
    for name, value in GOOD.items():
        if name != "DATABASES":
            setattr(settings, name, value)
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "keyring.json").write_text("{}")
    (keys / "keyring.json").chmod(0o600)
    settings.KEYS_DIR, settings.DATA_DIR = keys, tmp_path / "data"
    return settings


def _ids(messages: Any) -> set[str]:
    return {str(message.id) for message in messages}


def _configured() -> set[str]:
    messages = [m for check in configuration.CHECKS for m in check()]
    assert all(m.hint and m.msg.endswith(".") for m in messages)
    return _ids(messages) - ({"peersupport.E009"} if "DATABASE_URL" not in os.environ else set())


def test_a_good_configuration_is_silent(good: Any) -> None:
    assert _configured() == set()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SECRET_KEY": "only-for-checks-0123456789012345678901234567"}, "E001"),
        ({"SECRET_KEY": "x" * 50}, "E001"),
        ({"SECRET_KEY": "Jw3kT9vQz7XbN1mRy5s"}, "E001"),
        ({"DEBUG": True}, "E002"),
        ({"DEMO": True}, "E002"),
        ({"ALLOWED_HOSTS": ["*"]}, "E003"),
        ({"ALLOWED_HOSTS": [".school.example"]}, "E003"),
        ({"ALLOWED_HOSTS": []}, "E003"),
        ({"IS_SECURE": False}, "E004"),
        ({"SESSION_COOKIE_SECURE": False}, "E005"),
        ({"SECURE_HSTS_SECONDS": 60}, "E005"),
        ({"TRUSTED_PROXIES": 0}, "E006"),
        ({"SECURE_PROXY_SSL_HEADER": None}, "W006"),
        ({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, "E007"),
        ({"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 25, "EMAIL_HOST_USER": ""}, "W007"),
        ({"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}, "E008"),
        ({"HEARTBEAT_URL": ""}, "W035"),
        ({"HEARTBEAT_URL": "https://"}, "E035"),
        ({"HEARTBEAT_URL": "https:///ping/4f1c"}, "E035"),
        ({"HEARTBEAT_URL": "https://watch.school.example/ping/{id}"}, "E035"),
        ({"HEARTBEAT_URL": "http://watch.school.example/ping/4f1c"}, "E035"),
        ({"REDIS_URL": ""}, "E010"),
        ({"KEYS_DIR": "/nowhere/at/all"}, "E011"),
        ({"OIDC_ISSUER": "http://127.0.0.1:9000"}, "E014"),
        ({"OIDC_NEVER_VALUES": {"student", "faculty"}}, "E015"),
        ({"STUDENT_DOMAINS": ["school.example", "gmail.com"]}, "E016"),
        ({"CRISIS_EXTRA": [("On-call counselor", "555-0100")]}, "E017"),
        ({"CRISIS_EXTRA": [("On-call counselor", "ask")]}, "E017"),
    ],
    # Not the values: sets are printed in another order by each process.
    ids=lambda one: one if isinstance(one, str) else ",".join(one),
)
def test_each_slip_of_the_configuration_is_said(
    good: Any, changed: dict[str, Any], said: str
) -> None:
    for name, value in changed.items():
        setattr(good, name, value)

    assert _configured() == {f"peersupport.{said}"}


def test_the_care_side_has_a_clock_of_its_own(good: Any) -> None:
    good.HEARTBEAT_URL, good.PLANE = "", "care"
    assert configuration.heartbeat() == []


def test_a_watcher_on_this_machine_may_be_asked_plainly(good: Any) -> None:
    good.HEARTBEAT_URL = "http://127.0.0.1:8010/ping"
    assert configuration.heartbeat() == []


def test_another_database_than_postgresql_is_said(good: Any, monkeypatch: Any) -> None:
    for engine, expected in {"sqlite3": {"peersupport.E009"}, "postgresql": set()}.items():
        place = {"default": {"ENGINE": f"django.db.backends.{engine}"}}
        monkeypatch.setattr(
            configuration, "settings", type("S", (), {"DATABASES": place, "REDIS_URL": "redis:"})
        )
        assert _ids(configuration.stores()) == expected


def test_open_keys_and_keys_that_are_backed_up_are_said(good: Any) -> None:
    (Path(good.KEYS_DIR) / "keyring.json").chmod(0o640)
    assert _configured() == {"peersupport.E012"}
    (Path(good.KEYS_DIR) / "keyring.json").chmod(0o600)
    good.DATA_DIR = Path(good.KEYS_DIR).parent
    assert _configured() == {"peersupport.E013"}


def _installed() -> set[str]:
    messages = [m for check in installed.CHECKS for m in check()]
    assert all(m.hint and m.msg.endswith(".") for m in messages)
    # The server of the tests logs as it likes, and its user is a superuser who takes the roles:
    # tests/process has both in their own right.
    return _ids(messages) - {"peersupport.E021", "peersupport.E031"}


@pytest.fixture
def whole(db: None, evening: datetime) -> dict[str, Person]:
    """An installation in which everything is in place."""
    people = cast(evening)
    give_app(people["ida"], evening)
    _set_stamp()
    ran = {"last_at": evening, "last_good_at": evening}
    with acting_as("worker"):
        DrainRun.objects.update_or_create(pk=1, defaults={"last_at": evening})
        ForgettingRun.objects.update_or_create(pk=1, defaults=ran)
    add_coverage(
        label="On-call counselor",
        phone="212-555-4477",
        weekday=None,
        starts=time(0),
        ends=time(0),
        until=None,
        by=SYSTEM,
        now=evening,
    )
    check_all(checked_by="Ida", checked_on=date(2026, 11, 20), by=SYSTEM, now=evening)
    hours_of(people["sol"], evening + timedelta(hours=1))
    return people


def _set_stamp(**more: Any) -> None:
    values = {"is_demo": False, "keyring": crypto.keyring().fingerprint()}
    values |= {"daykey": daykey.lineage(), **more}
    with acting_as("owner"):
        Stamp.objects.update_or_create(pk=1, defaults=values)


pytest_db = pytest.mark.django_db(transaction=True)


@pytest_db
def test_a_whole_installation_is_silent(whole: dict[str, Person], evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        assert _installed() == set()


@pytest_db
def test_what_lapsed_or_is_missing_is_said(whole: dict[str, Person], evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        _set_stamp(is_demo=True)
        assert _installed() == {"peersupport.E023"}
        _set_stamp(keyring="another")
        assert _installed() == {"peersupport.E024"}
        with acting_as("owner"):
            Stamp.objects.all().delete()
        assert _installed() == {"peersupport.E022"}
        _set_stamp()
        Coverage.objects.all().delete()
        assert _installed() == {"peersupport.W029", "peersupport.E030"}
    with time_machine.travel(evening + timedelta(hours=4), tick=False):
        found = _installed()
        assert {"peersupport.W025", "peersupport.W026", "peersupport.W033"} <= found
        mix_factors(now=evening + timedelta(hours=4))
        assert "peersupport.W033" not in _installed()
    with time_machine.travel(datetime(2027, 12, 1, tzinfo=UTC), tick=False):
        assert "peersupport.W028" in _installed()


@pytest_db
def test_an_administrator_with_a_second_factor_is_asked_for(
    evening: datetime, django_user_model: Any
) -> None:
    with time_machine.travel(evening, tick=False):
        assert "peersupport.E027" in _ids(installed.administrator())
        ida = Person.objects.create_user("ida@school.example", joined=evening.date())
        grant_role(person=ida, role=Role.ADMINISTRATOR, by=SYSTEM, now=evening)
        assert _ids(installed.administrator()) == {"peersupport.W027"}
        give_app(ida, evening)
        assert installed.administrator() == []


def test_a_server_that_logs_values_is_said(monkeypatch: Any) -> None:
    monkeypatch.setattr(installed, "chatty_settings", lambda: ["log_statement=all"])
    assert _ids(installed.server_log()) == {"peersupport.E021"}
    monkeypatch.setattr(installed, "chatty_settings", list)
    assert installed.server_log() == []


@pytest_db
def test_they_run_with_deploy_only_and_stand_without_a_database(monkeypatch: Any) -> None:
    def ours(*, deploy: bool) -> set[str]:
        found = _ids(run_checks(include_deployment_checks=deploy))
        return {each for each in found if each.startswith("peersupport.")}

    assert ours(deploy=False) == set()
    assert ours(deploy=True)

    def fails() -> Any:
        from django.db import OperationalError

        raise OperationalError

    monkeypatch.setattr(installed, "CHECKS", (fails,))
    assert "peersupport.E020" in _ids(checks.found())
