"""The cast of every test, and small ways to set a scene."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Shift
from peersupport.core import ids
from peersupport.portal.cast import ensure_cast


def cast(now: datetime) -> dict[str, Person]:
    """Return everybody, made anew in this test's database."""
    return ensure_cast(now)


def sign_in(person: Person) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(person, backend="accounts.backends.ActivePersonBackend")
    return client


def hours_of(
    supporter: Person, start: datetime, *, length: timedelta = timedelta(hours=2), **more: Any
) -> Assignment:
    """Return published hours; `checked_in_at=` puts the supporter into the room."""
    state = rules.ShiftState.OPEN if more.get("checked_in_at") else rules.ShiftState.PUBLISHED
    shift = Shift.objects.create(
        pk=ids.new_id(),
        local_date=start.date(),
        zone="America/New_York",
        starts_at=start,
        ends_at=start + length,
        place="Room 214",
        minutes=30,
        state=state,
    )
    return Assignment.objects.create(
        shift=shift, supporter=supporter, starts_at=start, ends_at=start + length, **more
    )
