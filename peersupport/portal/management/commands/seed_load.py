"""`manage.py seed_load --scale N`: large realistic data, in the demo only."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Shift
from peersupport.core import clock, ids
from peersupport.portal.cast import ensure_cast
from program.services import touch_public

STUDENTS, SHIFTS = 160, 100


class Command(BaseCommand):
    """Adds to what is there; every call adds the same amount again."""

    help = "Add N classes of students and N terms of past hours (DEMO=1 only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the scale."""
        parser.add_argument("--scale", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the rows, or refuse outside the demo."""
        if not settings.DEMO:
            raise CommandError("seed_load works with DEMO=1 only.")
        scale, now = int(options["scale"]), clock.now().replace(minute=0, second=0, microsecond=0)
        if not 1 <= scale <= 1000:
            raise CommandError("The scale goes from 1 to 1000.")
        sol, joined = ensure_cast(now)["sol"], now.date().replace(day=1)
        people = [
            Person(email=f"{ids.new_id().hex}@school.example", joined_on=joined)
            for _ in range(scale * STUDENTS)
        ]
        for person in people:
            person.set_unusable_password()
        Person.objects.bulk_create(people, batch_size=500)
        first = Assignment.objects.filter(supporter=sol).order_by("starts_at").first()
        end = min(now, first.starts_at if first else now) - timedelta(hours=2)
        shifts = [_past(end - timedelta(hours=3 * n)) for n in range(scale * SHIFTS)]
        Shift.objects.bulk_create(shifts, batch_size=500)
        Assignment.objects.bulk_create(
            [
                Assignment(shift=s, supporter=sol, starts_at=s.starts_at, ends_at=s.ends_at)
                for s in shifts
            ],
            batch_size=500,
        )
        touch_public()
        self.stdout.write(f"Added {len(people)} students and {len(shifts)} past hours.")


def _past(end: Any) -> Shift:
    start = end - timedelta(hours=2)
    return Shift(
        pk=ids.new_id(),
        local_date=start.date(),
        zone=settings.PROGRAM_ZONE,
        starts_at=start,
        ends_at=end,
        place="Room 214",
        minutes=30,
        state=rules.ShiftState.CLOSED,
    )
