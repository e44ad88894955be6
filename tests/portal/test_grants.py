"""The map of rights is whole and in force, and PostgreSQL itself refuses what is not in it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import Person
from officehours.models import Visit
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from peersupport.core.audit.services import record
from peersupport.core.sides import OWNER, SIDES, role_of
from peersupport.portal.grants import GRANTS, each_right
from peersupport.portal.roles import differences
from program.queries import facts
from tests.accounts.factor_steps import give_app
from tests.people import cast, sign_in
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles"),
]
DENIED = "permission denied for"


def _columns() -> dict[str, set[str]]:
    models: list[Any] = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    return {
        model._meta.db_table: {field.column for field in model._meta.local_fields}
        for model in models
        if model._meta.managed
    }


def _do(statement: str) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _refused(side: str, statement: str) -> None:
    with acting_as(side), pytest.raises(ProgrammingError, match=f"{DENIED}|must be owner"):
        _do(statement)


# -- the map --------------------------------------------------------------------------------------
def test_every_table_is_in_the_map_and_nothing_else() -> None:
    assert GRANTS.keys() == _columns().keys()


def test_every_table_of_the_database_is_in_the_map() -> None:
    assert set(connection.introspection.table_names()) == GRANTS.keys()


def test_the_map_speaks_of_sides_rights_and_columns_that_there_are() -> None:
    columns = _columns()
    for table, side, right, column in each_right():
        assert side in SIDES
        assert right in {"SELECT", "INSERT", "UPDATE", "DELETE"}
        assert column in {"", *columns[table]}, (table, column)


def test_care_has_nothing_of_people_visits_and_what_they_write() -> None:
    tables = {table for table, side, *_ in each_right() if side == "care"}

    assert not {table for table in tables if table.startswith(("accounts_", "account_", "mfa_"))}
    assert not {table for table in tables if table.startswith(("officehours_", "events_"))}
    assert not {table for table in tables if table.startswith("sessions_")}
    # It sends its own messages (core/outbox/kinds.py), and notes no drain of the web side's.
    post = {table for table in tables if table.startswith("outbox_")}
    assert post == {"outbox_outgoing", "outbox_tombstone"}


def test_the_map_is_in_force_and_nobody_has_more() -> None:
    assert differences() == set()


def test_a_right_too_many_or_too_few_is_seen_and_the_next_migrate_mends_it() -> None:
    with acting_as(OWNER):
        _do(f"GRANT DELETE ON audit_entry TO {role_of('web')}")
        _do(f"REVOKE SELECT ON portal_stamp FROM {role_of('care')}")
        _do("GRANT SELECT (email) ON accounts_person TO PUBLIC")
    assert differences() == {
        ("audit_entry", "web", "DELETE", ""),
        ("portal_stamp", "care", "SELECT", ""),
        ("accounts_person", "everybody", "SELECT", "email"),
    }

    with acting_as(OWNER):
        call_command("migrate", verbosity=0)
    assert differences() == set()


@pytest.mark.parametrize("side", SIDES)
def test_a_new_table_gives_nothing_to_anybody(side: str) -> None:
    with acting_as(OWNER):
        _do("CREATE TABLE brand_new (id serial, said text)")

    _refused(side, "SELECT * FROM brand_new")
    _refused(side, "INSERT INTO brand_new (said) VALUES ('x')")
    _refused(side, "SELECT nextval('brand_new_id_seq')")


def test_a_migration_makes_tables_of_the_owners() -> None:
    owners = _do("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [(role_of(OWNER),)]


# -- what PostgreSQL refuses ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "statement"),
    [
        ("worker", "SELECT data FROM mfa_authenticator"),
        ("worker", "SELECT user_id FROM mfa_authenticator"),
        ("worker", "SELECT sealed FROM sessions_row"),
        ("worker", "SELECT owner FROM sessions_row"),
        ("worker", "INSERT INTO sessions_row (key) VALUES ('x')"),
        ("worker", "UPDATE accounts_person SET email = 'x'"),
        ("worker", "UPDATE accounts_rolegrant SET role = 'coordinator'"),
        ("worker", "INSERT INTO accounts_rolegrant (role) VALUES ('coordinator')"),
        ("worker", "DELETE FROM accounts_person"),
        ("worker", "SELECT actor_label FROM audit_entry"),
        ("worker", "UPDATE audit_entry SET note = 'x'"),
        ("web", "UPDATE audit_entry SET note = 'x'"),
        ("web", "DELETE FROM audit_entry"),
        ("web", "TRUNCATE audit_entry"),
        ("web", "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only"),
        ("web", "ALTER TABLE accounts_person ADD COLUMN spied text"),
        ("web", "CREATE TABLE mine (id int)"),
        ("web", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ("web", "DROP TABLE accounts_person"),
        ("web", "DELETE FROM portal_stamp"),
        ("web", "DELETE FROM django_migrations"),
        ("care", "SELECT email FROM accounts_person"),
        ("care", "SELECT id FROM accounts_person"),
        ("care", "SELECT id FROM accounts_rosterentry"),
        ("care", "SELECT id FROM officehours_visit"),
        ("care", "SELECT key FROM sessions_row"),
        ("care", "SELECT id FROM outbox_drainrun"),
        ("web", "DELETE FROM outbox_tombstone"),
        ("care", "UPDATE program_setting SET value = '1'"),
        ("care", "DELETE FROM program_coverage"),
    ],
)
def test_what_is_not_in_the_map_is_refused(side: str, statement: str) -> None:
    _refused(side, statement)


@pytest.mark.parametrize("side", SIDES)
def test_no_side_becomes_another(side: str) -> None:
    """As a real login: `SET ROLE` of the tests themselves is asked of their superuser."""
    asked = "SELECT pg_has_role(%s, %s, 'MEMBER')"
    with connection.cursor() as cursor:
        for other in (OWNER, *SIDES):
            cursor.execute(asked, [role_of(side), role_of(other)])
            assert cursor.fetchone() == (side == other,)


def test_control_each_side_does_what_is_its_own(evening: datetime) -> None:
    people = cast(evening)
    give_app(people["ida"], evening)
    sign_in(people["ana"])
    record(by=SYSTEM, verb="x", thing="x", thing_id="1", now=evening)
    tried: dict[str, list[Callable[[], Any]]] = {
        "web": [Person.objects.first, Entry.objects.first, Visit.objects.count],
        "care": [facts],
        "worker": [
            lambda: _do("SELECT key, expires_at FROM sessions_row"),
            lambda: _do("DELETE FROM audit_entry WHERE at < now() - interval '2 years'"),
            Person.objects.first,
        ],
    }
    for side, does in tried.items():
        for one in does:
            with acting_as(side):
                one()


@pytest.mark.django_db(transaction=True)
@pytest.mark.plane("worker")
def test_a_whole_test_acts_as_another_side() -> None:
    assert _do("SELECT current_user") == [(role_of("worker"),)]
    with acting_as("care"):
        assert _do("SELECT current_user") == [(role_of("care"),)]
    assert _do("SELECT current_user") == [(role_of("worker"),)]
    connection.close()
    assert _do("SELECT current_user") == [(role_of("worker"),)]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_in_a_thread).result() == [(role_of("worker"),)]


def _in_a_thread() -> list[Any]:
    try:
        return _do("SELECT current_user")
    finally:
        connection.close()


def test_every_other_test_acts_as_the_web_side() -> None:
    assert _do("SELECT current_user") == [(role_of("web"),)]
