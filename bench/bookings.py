"""Bookings per second beside the raw driver, and Today as the history grows.

Runs inside a `manage.py shell` of the program under test, on its own database.
"""

import os
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import psycopg2
from django.db import connection

from accounts.models import Person
from accounts.services import join_as_student
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.queries.board import todays_board
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from program.services import touch_public
from tests.people import cast, hours_of

COUNT = 200


def _per_second(act: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        act()
    return count / (time.perf_counter() - began)


def _scene(now: datetime) -> tuple[list[Person], list[Slot]]:
    # Three talks are enough for one supporter in one evening.
    slots: list[Slot] = []
    for number in range(-(-COUNT // 3)):
        supporter = join_as_student(email=f"h{number}@school.example", now=now)
        hours = hours_of(supporter, now + timedelta(hours=1), length=timedelta(minutes=90))
        slots += [Slot(hours.pk, hours.starts_at + n * timedelta(minutes=30)) for n in range(3)]
    crowd = [join_as_student(email=f"b{n}@school.example", now=now) for n in range(COUNT)]
    return crowd, slots


def _raw_insert() -> float:
    """Return how many bare inserts of a booked row, each in its transaction, the driver makes."""
    row: tuple[Any, ...] = Visit.objects.filter(state=rules.S.BOOKED).values_list()[0]
    names = [str(field.column) for field in Visit._meta.concrete_fields]
    is_lite = connection.vendor == "sqlite"
    marks = ", ".join(["?" if is_lite else "%s"] * len(names))
    sql = f"INSERT INTO {Visit._meta.db_table} ({', '.join(names)}) VALUES ({marks})"

    def plain(value: Any) -> Any:
        if isinstance(value, uuid.UUID):
            return value.hex if is_lite else str(value)
        if isinstance(value, memoryview):
            return bytes(value)
        return str(value) if isinstance(value, date) else value

    def fresh(number: int) -> list[Any]:
        new = dict(zip(names, row, strict=True))
        new["id"], new["request_key"], new["claim_tag"] = (
            ids.new_id(),
            ids.new_id(),
            os.urandom(32),
        )
        new["starts_at"] += timedelta(days=99, seconds=number)
        return [plain(new[name]) for name in names]

    rows = iter([fresh(number) for number in range(COUNT)])
    if is_lite:
        raw = connection.connection
        raw.execute("PRAGMA foreign_keys=OFF")

        def insert() -> None:
            raw.execute("BEGIN IMMEDIATE")
            raw.execute(sql, next(rows))
            raw.execute("COMMIT")

        return _per_second(insert, COUNT)
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as link, link.cursor() as bare:

        def insert_and_commit() -> None:
            bare.execute(sql, next(rows))
            link.commit()

        return _per_second(insert_and_commit, COUNT)


def _grow(now: datetime, count: int) -> None:
    marcus = cast(now)["marcus"]
    have = Shift.objects.count()
    shifts = [
        Shift(
            pk=ids.new_id(),
            local_date=now.date(),
            zone="America/New_York",
            starts_at=now - timedelta(hours=n + 2),
            ends_at=now - timedelta(hours=n + 1),
            place="Room",
            minutes=30,
            state=rules.ShiftState.CLOSED,
        )
        for n in range(have, count)
    ]
    Shift.objects.bulk_create(shifts, batch_size=1000)
    Assignment.objects.bulk_create(
        [
            Assignment(shift=s, supporter=marcus, starts_at=s.starts_at, ends_at=s.ends_at)
            for s in shifts
        ],
        batch_size=1000,
    )


def main() -> None:
    """Print both tables for this database."""
    now = clock.now().replace(second=0, microsecond=0)
    crowd, slots = _scene(now)
    pairs = iter(zip(crowd, slots, strict=False))

    def book() -> None:
        person, slot = next(pairs)
        booking.book(
            person=person, slot=slot, name="", wants_mail=False, request_key=ids.new_id(), now=now
        )

    mine = _per_second(book, COUNT)
    raw = _raw_insert()
    print(f"bookings a second, whole service: {mine:.0f}; bare inserts: {raw:.0f}; "
          f"ratio {mine / raw:.2f}")  # fmt: skip
    first = 0.0
    for count in (10, 100, 1000, 10_000):
        _grow(now, count)
        touch_public()

        def build() -> None:
            touch_public()
            todays_board(clock.now())

        taken = 1000 / _per_second(build, 40)
        first = first or taken
        print(f"Today built anew with {count:>6} shifts: {taken:6.1f} ms, {taken / first:.2f} x")
