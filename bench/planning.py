"""Publishing a term of forty supporters beside bare inserts, and one plan as hours pile up.

Runs inside a `manage.py shell` of the program under test, on its own database.
"""

import time as clock_time
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role, join_as_student
from bench.counting import counted
from officehours import rules
from officehours.models import Assignment, Rule, Shift
from officehours.queries import planning as reads
from officehours.services import hours
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM
from program import services as program
from program.queries import facts

SUPPORTERS, WEEKS = 40, 16


def _supporters(now: datetime) -> list[Person]:
    found = []
    for number in range(SUPPORTERS):
        person = join_as_student(email=f"t{number}@school.example", now=now)
        grant_role(person=person, role=Role.SUPPORTER, by=SYSTEM, now=now)
        found.append(Person.objects.get(pk=person.pk))
    return found


def _publish(crew: list[Person], now: datetime) -> list[Rule]:
    today = clock.local_date(now, facts().zone)
    made = []
    for number, person in enumerate(crew):
        rule, _ = hours.publish_weekly(
            supporter=person,
            first_on=today + timedelta(days=1 + number % 5),
            last_on=None,
            starts=time(17),
            ends=time(19),
            place="Room 214",
            minutes=30,
            request_key=ids.new_id(),
            by=person,
            now=now,
        )
        made.append(rule)
    return made


def _bare(shifts: list[Shift]) -> float:
    """Return how long it takes to insert the same rows, each pair in a transaction of its own."""
    began = clock_time.perf_counter()
    for shift in shifts:
        with transaction.atomic():
            row: dict[str, Any] = {"starts_at": shift.starts_at, "ends_at": shift.ends_at}
            copy = Shift(
                pk=ids.new_id(),
                local_date=shift.local_date,
                zone=shift.zone,
                place=shift.place,
                minutes=shift.minutes,
                state=rules.ShiftState.CANCELLED,
                **row,
            )
            copy.save(force_insert=True)
            supporter = shift.assignments.all()[0].supporter_id
            Assignment(shift=copy, supporter_id=supporter, is_active=False, **row).save(
                force_insert=True
            )
    return clock_time.perf_counter() - began


def main() -> None:
    """Print the table for this database."""
    now = clock.now().replace(second=0, microsecond=0)
    midnight = time(0)
    program.add_coverage(
        label="Line",
        phone="555-0100",
        weekday=None,
        starts=midnight,
        ends=midnight,
        until=None,
        by=SYSTEM,
        now=now,
    )
    crew = _supporters(now)
    began = clock_time.perf_counter()
    made = _publish(crew, now)
    for week in range(1, WEEKS - 1):
        later = now + timedelta(weeks=week)
        for rule in made:
            hours.extend_horizon(rule=rule, now=later)
    whole = clock_time.perf_counter() - began
    keys = [rule.pk for rule in made]
    shifts = list(Shift.objects.filter(rule__in=keys).prefetch_related("assignments"))
    bare = _bare(shifts)
    print(f"a term of {SUPPORTERS} supporters: {len(shifts)} shifts, {whole:.1f} s; the same rows "
          f"bare: {bare:.1f} s; ratio {whole / bare:.1f}")  # fmt: skip
    for week in (0, WEEKS - 3):
        later = now + timedelta(weeks=week)
        wanted = reads.hours_of_rule(made[0])
        with counted(connection) as count:
            began = clock_time.perf_counter()
            for _ in range(20):
                reads.weekly_plan(wanted, supporter=crew[0].pk, now=later, rule=made[0])
        taken = (clock_time.perf_counter() - began) / 20 * 1000
        print(f"a preview in week {week + 1:>2}: {taken:.1f} ms, {count[0] // 20} queries")
