"""Which database users a process may start as, asked by what they can do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from peersupport.core.sides import CARE, OWNER, SIDES, WEB, WORKER, role_of
from peersupport.portal import planes
from peersupport.portal.roles import (
    NotTheOwner,
    become_owner,
    create_roles,
    differences,
    give_rights,
)
from tests.roles import SUPERUSER, acting_as

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles"),
]
User = Callable[..., str]


@pytest.fixture
def user() -> User:
    """Make a database user, a member of some sides, which ends with the test."""

    def make(*sides: str, options: str = "", then: str = "") -> str:
        with acting_as(SUPERUSER), connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE somebody LOGIN {options}")
            for side in sides:
                cursor.execute(f"GRANT {role_of(side)} TO somebody")
            if then:
                cursor.execute(then)
        return "somebody"

    return make


@pytest.mark.parametrize("side", SIDES)
def test_a_user_of_its_own_may_start(user: User, side: str) -> None:
    assert planes.fault_of_user(side, user(side)) == ""


@pytest.mark.parametrize(
    ("options", "then", "says"),
    [
        ("SUPERUSER", "", "is a superuser"),
        ("CREATEROLE", "", "may make roles"),
        ("REPLICATION", "", "copy the whole database"),
        ("BYPASSRLS", "", "or more"),
        ("", "GRANT pg_read_all_data TO somebody", "pg_read_all_data"),
        ("", "GRANT pg_execute_server_program TO somebody", "pg_execute_server_program"),
        ("", f"GRANT peersupport_{OWNER} TO somebody", "may make and change tables"),
        ("NOINHERIT", f"GRANT peersupport_{OWNER} TO somebody", "may make and change tables"),
        ("", "GRANT CREATE ON SCHEMA public TO somebody", "may make and change tables"),
        ("", "CREATE TABLE its (id int); ALTER TABLE its OWNER TO somebody", "change tables"),
        ("", f"GRANT peersupport_{CARE} TO somebody", "may act as peersupport_care"),
        ("", f"GRANT peersupport_{WORKER} TO somebody", "may act as peersupport_worker"),
        ("", "GRANT DELETE ON audit_entry TO somebody", "DELETE on audit_entry"),
        ("", "GRANT UPDATE (note) ON audit_entry TO somebody", "UPDATE on audit_entry.note"),
        (
            "",
            "CREATE ROLE other; GRANT TRUNCATE ON audit_entry TO other; GRANT other TO somebody",
            "TRUNCATE on audit_entry",
        ),
    ],
)
def test_whoever_can_do_more_than_the_web_side_is_refused(
    user: User, options: str, then: str, says: str
) -> None:
    fault = planes.fault_of_user(WEB, user(WEB, options=options, then=then))

    assert says in fault
    assert "somebody" in fault
    assert fault.endswith(".")


def test_whoever_is_not_of_the_side_is_refused(user: User) -> None:
    assert "may act as peersupport_web" in planes.fault_of_user(CARE, user(WEB))


def test_whoever_is_of_none_is_refused(user: User) -> None:
    assert "may not act as peersupport_web" in planes.fault_of_user(WEB, user())


def test_a_superuser_who_only_says_to_be_less_is_refused() -> None:
    """The tests connect like that: `SET ROLE` is undone with `RESET ROLE`."""
    assert "is a superuser" in planes.fault_of_user(WEB)


def test_without_roles_the_start_is_refused_and_the_command_named(settings: Any) -> None:
    settings.DB_ROLES = "nowhere"

    assert "manage.py create_roles" in planes.fault_of_database(before_migrate=False)


def test_tables_that_nobody_was_given_are_said(user: User) -> None:
    name = user(WEB, then=f"REVOKE ALL ON django_migrations FROM peersupport_{WEB}")

    assert "Nobody has rights" in planes.fault_of_user(WEB, name)


def test_a_database_older_than_the_program_is_seen_and_a_newer_one_is_not() -> None:
    with acting_as(OWNER):
        MigrationRecorder(connection).record_applied("portal", "9999_of_tomorrow")
    assert not planes.is_behind()

    with acting_as(OWNER):
        MigrationRecorder(connection).record_unapplied("portal", "0001_stamp")
    assert planes.is_behind()


@pytest.mark.parametrize("plane", [WEB, CARE, WORKER])
def test_the_demo_is_asked_nothing(settings: Any, plane: str) -> None:
    settings.DEMO, settings.PLANE, settings.DB_ROLES = True, plane, "nowhere"

    assert planes.fault_of_settings(is_worker=True) == ""
    assert planes.fault_of_database(before_migrate=False) == ""


def test_celery_does_not_run_as_the_web_side(settings: Any) -> None:
    settings.PLANE = WEB
    assert "PLANE=worker" in planes.fault_of_settings(is_worker=True)
    for plane in (WORKER, CARE):  # the care side has a clock of its own
        settings.PLANE = plane
        assert planes.fault_of_settings(is_worker=True) == ""


# -- making roles ---------------------------------------------------------------------------------
def test_making_roles_twice_is_once(settings: Any, capsys: Any) -> None:
    settings.DB_ROLES = "second_school"
    with acting_as(SUPERUSER):
        assert create_roles("default") == [
            f"second_school_{side}" for side in ("owner", "web", "care", "worker")
        ]
        assert create_roles("default") == []
        call_command("create_roles")
    said = capsys.readouterr().out

    assert "are there already" in said
    assert "CREATE ROLE second_school_web_login LOGIN IN ROLE second_school_web" in said


def test_what_others_keep_in_the_schema_is_left_to_them() -> None:
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE backup; CREATE TABLE of_others (id int)")
        cursor.execute("ALTER TABLE of_others OWNER TO backup")
        cursor.execute("GRANT SELECT ON accounts_person TO backup")
    with acting_as(OWNER):
        call_command("migrate", verbosity=0)
        assert differences() == set()
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('backup', 'accounts_person', 'SELECT')")
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'of_others'")
        assert cursor.fetchone() == ("backup",)


def test_a_table_of_ours_that_is_somebody_elses_is_said() -> None:
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE single; ALTER TABLE audit_entry OWNER TO single")
    with acting_as(OWNER), pytest.raises(NotTheOwner, match="audit_entry belongs to another"):
        give_rights(None, using="default")  # type: ignore[arg-type]


def test_making_roles_hands_over_what_the_only_user_had_made() -> None:
    """An installation from before: one user made every table."""
    with acting_as(SUPERUSER), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE single; GRANT ALL ON audit_entry TO PUBLIC")
        cursor.execute("ALTER TABLE audit_entry OWNER TO single")
        create_roles("default")
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'audit_entry'")
        assert cursor.fetchone() == (role_of(OWNER),)
    assert differences() == set()


@pytest.mark.parametrize("side", SIDES)
def test_no_side_makes_roles(side: str, settings: Any) -> None:
    settings.DB_ROLES = "third_school"

    with acting_as(side), pytest.raises(CommandError, match="as a superuser of PostgreSQL"):
        call_command("create_roles")


def test_nobody_but_the_owner_migrates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peersupport.portal.roles._may_become_owner", lambda cursor: False)

    with pytest.raises(NotTheOwner, match="Only a member of peersupport_owner migrates"):
        become_owner(None, using="default")  # type: ignore[arg-type]
