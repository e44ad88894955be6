"""A copy of the database joins no visit to a person: by transaction, by row order, by time."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import connection

from accounts.services import join_as_student
from officehours.models import Visit
from officehours.queries import care
from officehours.queries.pages import slot_value
from peersupport.core import ids
from tests.people import cast, hours_of, sign_in
from tests.roles import acting_as

pytestmark = pytest.mark.django_db(transaction=True)
STUDENTS = 16


@acting_as("owner")
def _rows(table: str) -> dict[str, int]:
    """Return every row of a table by its place, with the transaction that wrote it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ctid::text, xmin::text::bigint FROM {table}")
        return dict(cursor.fetchall())


def test_a_booking_writes_no_row_that_knows_a_person(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More talks than is good for one supporter.
    monkeypatch.setattr(care, "closed_to_new", lambda *_, **__: frozenset())
    assert connection.vendor == "postgresql"
    hours = hours_of(
        cast(evening)["priya"], evening + timedelta(minutes=30), length=timedelta(hours=10)
    )
    people = [join_as_student(email=f"s{n}@school.example", now=evening) for n in range(STUDENTS)]
    tables = connection.introspection.table_names()
    clients = [sign_in(person) for person in people]
    order = list(range(STUDENTS))
    random.shuffle(order)
    before = {table: _rows(table) for table in tables}

    with time_machine.travel(evening, tick=False):
        for place, number in enumerate(order):
            answer = clients[number].post(
                "/visits/book/",
                {
                    "slot": slot_value(hours.pk, hours.starts_at + place * timedelta(minutes=30)),
                    "request_key": str(ids.new_id()),
                    "name": "",
                },
            )
            assert answer.status_code == 302

    changed = {table for table in tables if _rows(table) != before[table]}
    assert Visit.objects.count() == STUDENTS
    # The one row beside the visits is shared by everybody and knows nobody.
    assert changed == {"officehours_visit", "program_facts"}


def test_ids_tell_neither_time_nor_order(evening: datetime) -> None:
    made = [ids.new_id().int for _ in range(400)]

    rising = sum(one < two for one, two in pairwise(made))
    assert 140 < rising < 260
