"""Deleting one's account: all or nothing, and a search of the database finds nothing after it."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import Person, RoleGrant, RosterEntry
from accounts.registry import Leaver, _leavers, register_leaver
from accounts.rules import Role
from accounts.services import grant_role
from accounts.services.leaving import CannotLeave, delete_account
from officehours import rules
from officehours.models import Assignment, Cover, Rule, Visit
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from peersupport.core.sessions.models import Row
from tests.accounts.test_my_data import _canary, _fill
from tests.people import cast, hours_of, join_line, sign_in
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
SURE = {"is_sure": "on"}


def _values() -> Iterator[tuple[str, Any]]:
    """Return every value of every table of this database, the audit of staff left out."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label == "audit.Entry":
            continue
        for row in model._base_manager.values_list():
            for value in row:
                yield model._meta.label, value


@acting_as("owner")
def _found(person: uuid.UUID, *words: str) -> list[str]:
    """Return where the database still names somebody: by key in any form, or by a word."""
    wanted = [str(person), person.hex, *words]
    wrong = []
    for label, value in _values():
        if isinstance(value, bytes | memoryview):
            raw = bytes(value)
            hit = person.bytes in raw or any(word.encode() in raw for word in wanted)
        else:
            hit = any(word in str(value) for word in wanted)
        if hit:
            wrong.append(f"{label}: {value!r}")
    return wrong


def test_a_search_finds_nothing_afterwards() -> None:
    people = cast(clock.now())
    _fill(people["priya"], 0)
    # The group is the school's and keeps its name.
    words = [_canary(n) for n in range(16) if n not in (11, 13)] + ["priya@school"]
    assert _found(people["priya"].pk, *words)

    answer = sign_in(people["priya"]).post("/accounts/delete/", SURE)

    assert answer.headers["Location"] == "/accounts/deleted/"
    assert _found(people["priya"].pk, *words) == []
    assert Person.objects.filter(email="sol@school.example").exists()


def test_the_file_of_sqlite_holds_nothing_afterwards() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL overwrites at its next vacuum")
    ana = cast(clock.now())["ana"]
    Person.objects.filter(pk=ana.pk).update(called="called-canary-77")
    path = str(connection.settings_dict["NAME"])

    def bare() -> bytes:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(path, "rb") as file:
            return file.read()

    assert b"called-canary-77" in bare()
    delete_account(person=ana, now=clock.now())

    assert b"called-canary-77" not in bare()


def test_every_browser_is_signed_out_at_once() -> None:
    ana = cast(clock.now())["ana"]
    here, there = sign_in(ana), sign_in(ana)

    here.post("/accounts/delete/", SURE)

    assert there.get("/accounts/").status_code == 302
    assert here.get("/accounts/").status_code == 302
    assert here.get("/accounts/deleted/").status_code == 200
    assert Row.objects.count() == 1  # the other one: sealed, and it opens nothing


def test_a_booked_time_is_given_up_like_any_other() -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now + timedelta(hours=1))
    slots = rules.slots(hours.starts_at, hours.ends_at, 30)
    seen = {}
    for name, start in (("ana", slots[0]), ("ben", slots[1])):
        visit = booking.book(
            person=people[name],
            slot=Slot(hours.pk, start),
            name="",
            wants_mail=False,
            request_key=ids.new_id(),
            now=now,
        )
        seen[name] = visit.pk

    sign_in(people["ana"]).post("/accounts/delete/", SURE)
    booking.cancel(person=people["ben"], visit=Visit.objects.get(pk=seen["ben"]), now=now)

    ana, ben = (Visit.objects.get(pk=seen[name]) for name in ("ana", "ben"))
    assert (ana.state, ana.ended_by) == (rules.S.CANCELLED, Visit.EndedBy.STUDENT)
    # Nothing tells the one that went with an account from the one that was cancelled by hand.
    for field in ("state", "ended_by", "came_from", "is_forgotten", "holder_kind", "is_offer"):
        assert getattr(ana, field) == getattr(ben, field), field
    for field in ("holder", "name", "acceptable", "contact", "claim_tag", "log"):
        assert (getattr(ana, field) is None) == (getattr(ben, field) is None), field
    assert not Entry.objects.filter(actor_id=str(people["ana"].pk)).exists()


def test_a_place_in_a_line_is_given_up() -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now - timedelta(minutes=5), checked_in_at=now)
    visit = join_line(people["ana"], hours.shift_id, now)

    delete_account(person=people["ana"], now=now)

    assert Visit.objects.get(pk=visit.pk).state == rules.S.LEFT


def test_a_supporter_with_hours_to_come_is_refused() -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now + timedelta(days=2))
    client = sign_in(people["priya"])

    shown = client.get("/accounts/delete/").content.decode()
    assert "/hours/" in shown
    assert "is_sure" not in shown
    assert client.post("/accounts/delete/", SURE).status_code == 409
    assert Person.objects.filter(pk=people["priya"].pk).exists()
    Assignment.objects.filter(pk=hours.pk).update(is_active=False)

    assert client.post("/accounts/delete/", SURE).status_code == 302
    assert not Person.objects.filter(pk=people["priya"].pk).exists()


def test_weekly_hours_are_ended_first(evening: Any) -> None:
    people = cast(evening)
    rule = Rule.objects.create(
        supporter=people["priya"],
        weekday=0,
        starts=evening.time(),
        ends=evening.time(),
        zone="America/New_York",
        place="Room 214",
        first_on=evening.date(),
    )

    with pytest.raises(CannotLeave):
        delete_account(person=people["priya"], now=evening)
    Rule.objects.filter(pk=rule.pk).update(
        last_on=evening.date() - timedelta(days=1), first_on="2026-01-01"
    )
    delete_account(person=people["priya"], now=evening)


def test_past_hours_with_talks_do_not_hold_a_supporter_back() -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now + timedelta(hours=1))
    visit = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
    )
    Cover.objects.create(assignment=hours, state=rules.CoverState.OPEN)

    delete_account(person=people["priya"], now=now + timedelta(hours=9))

    found = Visit.objects.get(pk=visit.pk)
    assert found.state == rules.S.LAPSED
    assert found.assignment is None
    assert sign_in(people["ana"]).get("/visits/").status_code == 200


def test_the_last_administrator_stays() -> None:
    people = cast(clock.now())
    client = sign_in(people["ida"])

    assert client.post("/accounts/delete/", SURE).status_code == 409
    grant_role(person=people["cora"], role=Role.ADMINISTRATOR, by=SYSTEM, now=clock.now())
    assert client.post("/accounts/delete/", SURE).status_code == 302

    assert Entry.objects.filter(verb="delete account", actor_id=str(people["ida"].pk)).count() == 1
    assert RoleGrant.objects.filter(role="administrator").count() == 1


def test_it_is_all_or_nothing() -> None:
    ana = cast(clock.now())["ana"]

    def fails(person: Person, now: Any) -> None:
        assert person.pk == ana.pk
        raise RuntimeError

    register_leaver("zz last", Leaver(lambda person, now: [], fails))
    try:
        with pytest.raises(RuntimeError):
            delete_account(person=ana, now=clock.now())
    finally:
        _leavers.pop("zz last")

    assert Person.objects.filter(pk=ana.pk).exists()
    assert RoleGrant.objects.filter(person=ana).exists()


def test_nothing_happens_without_the_tick_or_by_looking() -> None:
    ana = cast(clock.now())["ana"]
    client = sign_in(ana)

    assert client.get("/accounts/delete/").status_code == 200
    assert client.post("/accounts/delete/", {}).status_code == 400

    assert Person.objects.filter(pk=ana.pk).exists()


def test_the_line_on_the_schools_list_stays_and_forgets_the_account() -> None:
    ana = cast(clock.now())["ana"]
    RosterEntry.objects.filter(person=ana).delete()
    entry = RosterEntry.objects.create(
        email="ana@school.example", class_name="canary-class", standing="enrolled", person=ana
    )
    client = sign_in(ana)
    told = client.get("/accounts/delete/").content.decode()
    assert "Your line on the list" in told
    goes = told[told.index("What goes") : told.index("What stays")]
    assert "The school&#x27;s list" not in goes
    assert "canary-class" in client.get("/accounts/data/").content.decode()

    client.post("/accounts/delete/", SURE)

    entry.refresh_from_db()
    assert entry.person is None
    assert _found(ana.pk) == []
