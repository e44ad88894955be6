"""Sending in a list of a thousand people beside bare inserts of the same rows.

Runs inside a `manage.py shell` of the program under test, on its own database.
"""

import time as clock_time

from django.db import connection, transaction

from accounts import roster_files
from accounts.models import Person, RosterEntry
from accounts.services import join_as_student, roster
from bench.counting import counted
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM

PEOPLE, WITH_ACCOUNTS = 1000, 300


def _file(site: str) -> bytes:
    rows = "".join(
        f"r{n}@school.example,Student {n},Class {n % 4},M{n % 4 + 1},{site},Team {n % 20}\n"
        for n in range(PEOPLE)
    )
    return ("email,name,class,phase,site,rotation\n" + rows).encode()


def _send_in(content: bytes) -> tuple[float, int]:
    """Return how long the page before and the import took together, and how many queries."""
    with counted(connection) as count:
        began = clock_time.perf_counter()
        seen = roster.plan_list(roster_files.read(content)).mark
        read = roster_files.read(content)
        roster.apply_list(read=read, seen=seen, ends_missing=False, by=SYSTEM, now=clock.now())
        taken = clock_time.perf_counter() - began
    return taken, count[0]


def _bare() -> float:
    """Return how long it takes to insert the same rows one by one in one transaction."""
    rows = list(RosterEntry.objects.filter(email__startswith="r"))
    copies = [
        RosterEntry(
            pk=ids.new_id(),
            email=f"copy-{row.email}",
            called=row.called,
            class_name=row.class_name,
            phase=row.phase,
            site=row.site,
            rotation=row.rotation,
            standing=row.standing,
        )
        for row in rows
    ]
    began = clock_time.perf_counter()
    with transaction.atomic():
        for copy in copies:
            copy.save(force_insert=True)
    taken = clock_time.perf_counter() - began
    RosterEntry.objects.filter(email__startswith="copy-").delete()
    return taken


def main() -> None:
    """Print the lines for this database."""
    now = clock.now()
    for number in range(WITH_ACCOUNTS):
        join_as_student(email=f"r{number}@school.example", now=now)
    first, queries = _send_in(_file("Main"))
    bare = _bare()
    print(f"a list of {PEOPLE}, {WITH_ACCOUNTS} with accounts: {first:.2f} s, {queries} queries; "
          f"the same rows bare: {bare:.2f} s; ratio {first / bare:.1f}")  # fmt: skip
    again, queries = _send_in(_file("Lakeside"))
    print(f"the same list, everybody changed: {again:.2f} s, {queries} queries; "
          f"ratio {again / bare:.1f}")  # fmt: skip
    RosterEntry.objects.filter(email__startswith="r").delete()
    Person.objects.filter(email__startswith="r", email__endswith="@school.example").delete()
