"""The cast of every test, and small ways to set a scene."""

import re
import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.test import Client

from accounts.models import Person, Profile, Tag
from accounts.proving import note_passed
from accounts.rules import sameness
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.services import line
from officehours.services.booking import IN_PERSON, Meeting
from peersupport.core import clock, ids
from peersupport.portal.cast import ensure_cast


def cast(now: datetime) -> dict[str, Person]:
    """Return everybody, made anew in this test's database."""
    return ensure_cast(now)


def sign_in(person: Person, *, passed: bool = True) -> Client:
    """Return a browser in which this person is signed in, and has just proved that it is them.

    `passed=False` leaves out the second factor, and the proof.
    """
    client = Client()
    client.force_login(person, backend="accounts.backends.ActivePersonBackend")
    if passed:
        session = client.session
        note_passed(SimpleNamespace(session=session), person, clock.now())  # type: ignore[arg-type]
        session.save()
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


def pair_of(
    one: Person, other: Person, start: datetime, **more: Any
) -> tuple[Assignment, Assignment]:
    """Return one shift with two supporters in it."""
    first = hours_of(one, start, **more)
    second = Assignment.objects.create(
        shift=first.shift,
        supporter=other,
        starts_at=first.starts_at,
        ends_at=first.ends_at,
        **more,
    )
    return first, second


def join_line(
    person: Person, shift: uuid.UUID, now: datetime, *, meeting: Meeting = IN_PERSON
) -> Visit:
    """Return this person's place in the line of a shift."""
    return line.join(
        person=person, shift=shift, name="", meeting=meeting, request_key=ids.new_id(), now=now
    )


def tag(person: Person, *said: str, **more: Any) -> None:
    """Let a supporter say something of themselves, agreed to although they may be alone."""
    choices = {"use": Tag.Use.SHOWN, "is_consented": True, **more}
    for words in said:
        Tag.objects.create(
            profile=Profile.objects.get(person=person),
            words=words,
            sameness=sameness(words),
            **choices,
        )


def confirm(client: Client, address: str, fields: dict[str, Any], **chosen: str) -> Any:
    """Send a form, look at what would happen, and say yes to it; `chosen` goes along then."""
    shown = client.post(address, fields)
    assert shown.status_code == 200, shown.content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', shown.content.decode())
    assert seen, "nothing was shown"
    return client.post(address, {**fields, **chosen, "seen": seen[1]})
