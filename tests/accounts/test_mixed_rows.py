"""The rows of accounts say neither when somebody joined nor when they last signed in."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts.models import CampusLink, Person, Profile, RoleGrant
from accounts.rules import Role
from accounts.services import grant_role, join_as_student
from accounts.services.calendar import new_feed
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from tests.roles import mix_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
CROWD = 60


def _people(now: datetime) -> list[Person]:
    """Return people who joined one after the other, and signed in at different minutes."""
    people = [join_as_student(email=f"s{n}@school.example", now=now) for n in range(CROWD)]
    for person in people:
        new_feed(person=person)
        Profile.objects.create(person=person, shown_name="x")
        CampusLink.objects.create(person=person, mark=person.pk.bytes, said="student")
    for n, person in enumerate(people):
        moment = now + timedelta(minutes=n) if n else None
        Person.objects.filter(pk=person.pk).update(last_login=moment)
    return people


def _place(table: str) -> tuple[list[object], set[object]]:
    """Return whose rows lie one after the other in the file, and which transactions wrote them."""
    whose = "id" if table == "accounts_person" else "person_id"
    place, wrote = ("ctid", "xmin::text") if connection.vendor == "postgresql" else ("rowid", "1")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {whose}, {wrote} FROM {table} ORDER BY {place}")
        rows = cursor.fetchall()
    return [str(row[0]).replace("-", "") for row in rows], {row[1] for row in rows}


@pytest.mark.parametrize(
    "table",
    [
        "accounts_person",
        "accounts_rolegrant",
        "accounts_calendarfeed",
        "accounts_profile",
        "accounts_campuslink",
    ],
)
def test_rows_lie_in_no_order_that_means_anything(evening: datetime, table: str) -> None:
    joined = [person.pk.hex for person in _people(evening)]
    before, _ = _place(table)
    mix_rows()
    after, wrote = _place(table)

    numbers = [joined.index(str(one)) for one in after]
    rising = sum(numbers[n] < numbers[n + 1] for n in range(CROWD - 1))
    assert sorted(map(str, before)) == sorted(map(str, after))
    assert len(wrote) == 1
    assert rising < 45  # of 59; in the order of joining all of them rise
    if connection.vendor == "sqlite":
        assert before == joined  # so it does show before


def test_mixing_changes_nothing_but_too_fine_sign_ins(evening: datetime) -> None:
    people = _people(evening)
    grant_role(person=people[3], role=Role.SUPPORTER, by=SYSTEM, now=evening)
    kept = ("pk", "email", "called", "is_active", "session_epoch", "joined_on")
    before = set(Person.objects.values_list(*kept))
    grants = set(RoleGrant.objects.values_list())

    mix_rows()

    assert set(Person.objects.values_list(*kept)) == before
    assert set(RoleGrant.objects.values_list()) == grants
    month = evening.replace(day=1, hour=0, minute=0)
    assert set(Person.objects.values_list("last_login", flat=True)) == {None, month}


def test_joining_notes_the_month_and_writes_no_audit(evening: datetime) -> None:
    person = join_as_student(email="new@school.example", now=evening)

    assert RoleGrant.objects.get(person=person).granted_on == evening.date().replace(day=1)
    assert not Entry.objects.exists()
    assert person.roles == {"student"}
