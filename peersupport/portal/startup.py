"""What is refused before the program answers anybody.

Called by the supervisor, by wsgi and by the Celery worker, each for itself: a start that skips
one of them still meets the others.
"""

import contextlib
import ipaddress
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from accounts.models import Person
from peersupport.core import crypto, daykey
from peersupport.core.clock import now as clock_now
from peersupport.core.keyfiles import KeysUnusable
from peersupport.portal import planes, sided_keys
from peersupport.portal.models import Stamp
from program.queries import facts
from referrals import tagkey
from referrals.queries.counselors import fault_of_counselors
from referrals.services import rotation

# PostgreSQL settings that would write what people do, or values of rows, into the server's log.
_QUIET = {
    "log_statement": {"none", "ddl"},
    "log_min_duration_statement": {"-1"},
    "log_min_duration_sample": {"-1"},
    "log_transaction_sample_rate": {"0"},
    "log_duration": {"off"},
    "log_min_error_statement": {"fatal", "panic"},
    "log_error_verbosity": {"terse"},
    "log_parameter_max_length_on_error": {"0"},
    "debug_print_parse": {"off"},
    "debug_print_plan": {"off"},
}


class RefusedToStart(ImproperlyConfigured):
    """The program does not start like this; the text says what to do."""


def make_demo_keys() -> None:
    """Make the demo's key files at its first start. Elsewhere `manage.py init_keys` does."""
    if settings.DEMO:
        crypto.keyring()
        daykey.create(clock_now())
        tagkey.create(clock_now())
        rotation.make_keys(Path(settings.KEYS_DIR), clock_now())


def _check(fault: str) -> None:
    if fault:
        raise RefusedToStart(fault)


def _check_keys() -> None:
    try:
        make_demo_keys()
        sided_keys.check_own()
    except KeysUnusable as error:
        raise RefusedToStart(f"{error} See docs/configuration.md, 'Keys'.") from None


def _tables() -> set[str]:
    return set(connection.introspection.table_names())


def _check_stamp(*, before_migrate: bool) -> None:
    tables = _tables()
    stamp = Stamp.objects.first() if Stamp._meta.db_table in tables else None
    if stamp is None:
        if settings.DEMO and Person._meta.db_table in tables and Person.objects.exists():
            raise RefusedToStart(
                "DEMO=1, but this database has people in it and was not made by the demo."
            )
        if before_migrate:
            return
        raise RefusedToStart("This database was not prepared: run `manage.py migrate` first.")
    if stamp.is_demo != settings.DEMO:
        raise RefusedToStart(
            "This database was made by the demo, where anybody can sign in as anybody: "
            "it must never be used for real."
            if stamp.is_demo
            else "DEMO=1, but this database was not made by the demo."
        )
    if settings.PLANE == "care":
        _check(fault_of_counselors())
        return
    if stamp.keyring != crypto.keyring().fingerprint():
        raise RefusedToStart("The keyring is not the one this database was made with.")
    if stamp.daykey != daykey.lineage():
        raise RefusedToStart("The day key is not the one this database was made with.")


def chatty_settings() -> list[str]:
    """Return the PostgreSQL settings that would log what must not be logged, as "name=value"."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [[*_QUIET]])
        found = [f"{n}={v}" for n, v in cursor.fetchall() if v not in _QUIET[n]]
        # Which libraries are loaded is a superuser's to know; what they can be set to is not.
        cursor.execute("SELECT 1 FROM pg_settings WHERE name LIKE 'auto_explain.%%' LIMIT 1", [])
        if cursor.fetchone():
            found.append("shared_preload_libraries=auto_explain")
    return sorted(found)


def _check_server_log() -> None:
    chatty = chatty_settings()
    if chatty and not settings.DEMO:
        raise RefusedToStart(
            f"PostgreSQL would write private values into its log: {', '.join(chatty)}. "
            "docs/configuration.md, 'Database', has the lines that quiet it."
        )


def check_address(host: str) -> None:
    """Refuse a demo that would answer beyond this machine."""
    if not settings.DEMO:
        return
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise RefusedToStart("The demo answers on 127.0.0.1 only.")


def refuse_unsafe_start(*, before_migrate: bool = False, is_worker: bool = False) -> None:
    """Raise RefusedToStart, with a plain sentence, unless this process may run as configured."""
    _check(planes.fault_of_settings(is_worker=is_worker))
    _check_keys()
    _check(planes.fault_of_database(before_migrate=before_migrate))
    _check_stamp(before_migrate=before_migrate)
    _check(sided_keys.fault_of_place())  # last: of the demo's database the stamp has said more
    _check_server_log()


def recall_facts() -> None:
    """Read the school's facts once, so that pages which ask nothing show its notices too."""
    with contextlib.suppress(DatabaseError):
        facts()


def publish_demo_keys(sender: AppConfig, **_: object) -> None:
    """Let the demo's web side know to whom it seals. Elsewhere `manage.py care_keys publish`."""
    if settings.DEMO:
        make_demo_keys()
        rotation.publish()


def stamp_database(sender: AppConfig, **_: object) -> None:
    """Tie a fresh database to its keys, after the first migrate. Never changes a stamp."""
    if Stamp.objects.exists() or (settings.DEMO and Person.objects.exists()):
        return
    make_demo_keys()
    try:
        row = Stamp(
            pk=1,
            is_demo=settings.DEMO,
            keyring=crypto.keyring().fingerprint(),
            daykey=daykey.lineage(),
        )
    except KeysUnusable:
        return  # no keys yet: the start is refused until init_keys and migrate have run
    Stamp.objects.bulk_create([row], ignore_conflicts=True)
