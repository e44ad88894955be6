"""Small ways to set a scene for reminders."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from accounts.models import Person, RoleGrant, RosterEntry
from accounts.rules import Role
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from program.models import Milestone
from reminders.models import Campaign, Said, Tally
from reminders.rules import Verb
from reminders.services import campaigns
from tests.roles import acting_as


def milestone(title: str, first: date, **more: Any) -> Milestone:
    """Return something in the calendar: an exam of one day unless it says otherwise."""
    values = {"kind": "exam", "last_on": first, **more}
    return Milestone.objects.create(title=title, first_on=first, **values)


def campaign(**more: Any) -> Campaign:
    """Return a campaign that is on: three days before exams, at noon."""
    values = {
        "title": "Three days before",
        "kind": "exam",
        "offset": -3,
        "at": time(12),
        "subject": "Before {milestone}",
        "body": "Next: {next_hours}",
        "state": "on",
        **more,
    }
    return Campaign.objects.create(**values)


def switch(one: Campaign, verb: Verb, now: datetime) -> None:
    """Do something with a campaign, as the coordinator would."""
    campaigns.switch(campaign=one.pk, verb=verb, by=SYSTEM, now=now)


def put_in_class(person: Person, class_name: str, rotation: str = "") -> None:
    """Write somebody down on the school's list."""
    RosterEntry.objects.update_or_create(
        person=person,
        defaults={
            "email": person.email,
            "class_name": class_name,
            "rotation": rotation,
            "standing": "enrolled",
        },
    )


def students(number: int, now: datetime, *, first: int = 0) -> list[uuid.UUID]:
    """Return many students at once."""
    people = [
        Person(email=f"s{n}@school.example", joined_on=now.date(), password="!")
        for n in range(first, first + number)
    ]
    Person.objects.bulk_create(people)
    RoleGrant.objects.bulk_create(
        RoleGrant(
            pk=ids.new_id(),
            person=person,
            role=str(Role.STUDENT),
            granted_by="system",
            granted_on=now.date(),
        )
        for person in people
    )
    return [person.pk for person in people]


def ledger() -> dict[tuple[str, str], int]:
    """Return the totals by what became of messages, and why."""
    found: dict[tuple[str, str], int] = {}
    for row in Tally.objects.all():
        key = (row.outcome, row.why)
        found[key] = found.get(key, 0) + row.number
    return found


def marks() -> list[Said]:
    """Return what is remembered of what went, as the worker reads it."""
    with acting_as("worker"):
        return list(Said.objects.order_by("day"))


def sent_to(mails: Iterable[Any], person: Person) -> list[Any]:
    """Return what somebody got."""
    return [mail for mail in mails if mail.to == [person.mail_address]]


DAY = timedelta(days=1)
