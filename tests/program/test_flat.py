"""However much a school has written down, its pages ask the database the same few questions."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from accounts.models import Person, RosterEntry
from accounts.rules import Role
from accounts.services.people import grant_role
from peersupport.core.actors import SYSTEM
from peersupport.core.ui.crisis import Line
from program import services
from program.calendar_rules import Entry, Kind
from program.models import Term
from program.queries import coverage
from program.services.crisis import save_line
from program.urls import urlpatterns
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
MOST = 18
TODAY = date(2026, 11, 23)
# Addresses that show something without being told what; the others are asked for below.
PAGES = {
    "index", "history", "first", "succession", "crisis", "crisis-pack", "crisis-add", "poster",
    "cards", "notice", "critical", "close", "talked", "holidays", "milestones",
    "milestones-template", "milestones-file", "terms", "coverage", "pledge",
}  # fmt: skip
ONLY_POST = {"succession-confirm", "milestones-confirm"}
# What sends on at once: whoever is coordinator already has nothing to choose there.
ELSEWHERE = {"first-coordinator"}


def _write(number: int, now: datetime) -> None:
    """Write one more of everything down."""
    day = TODAY + timedelta(days=number)
    person = Person.objects.create_user(f"w{number}@school.example", joined=TODAY)
    grant_role(person=person, role=Role.SUPPORTER, by=SYSTEM, now=now)
    RosterEntry.objects.create(
        email=f"r{number}@school.example", class_name=f"C{number}", phase="M1",
        standing="enrolled", rotation=f"G{number}",
    )  # fmt: skip
    row = services.add_coverage(
        label=f"Line {number}", phone="555-0100", weekday=None, starts=time(0), ends=time(0),
        until=None, by=SYSTEM, now=now,
    )  # fmt: skip
    services.add_away(
        coverage=row.pk, first_on=day, last_on=day, instead="Eli", instead_phone="555-0101",
        by=SYSTEM, now=now,
    )  # fmt: skip
    services.add_holiday(name=f"Day {number}", first_on=day, last_on=day, by=SYSTEM, now=now)
    exam = Entry(f"Exam {number}", Kind.EXAM, day, day, class_name=f"C{number}")
    services.add_milestones(entries=[exam], by=SYSTEM, now=now)
    Term.objects.create(name=f"Term {number}", first_on=day, last_on=day + timedelta(days=90))
    days: Any = {"checked_on": TODAY, "review_on": TODAY + timedelta(days=90)}
    line = Line(
        f"Own line {number}", f"555-02{number:02}", hours="always", is_everywhere=False, **days
    )
    if number < 10:  # as many as a school may have, and a few less
        save_line(line=line, checked_by="Cora", by=SYSTEM, now=now)
    hours_of(person, now + timedelta(days=number % 10, hours=20))


def _addresses() -> dict[str, str]:
    """Return every page without a parameter, and one of each kind with one."""
    found = {}
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        if "<" not in str(pattern.pattern):
            found[str(pattern.name)] = f"/program/{pattern.pattern}"
    assert set(found) == PAGES | ONLY_POST | ELSEWHERE
    shown = {name: address for name, address in found.items() if name in PAGES}
    for key in ("topic-threats", "claim-mspe", "pledge", "talked", "small-school"):
        shown[f"set {key}"] = f"/program/set/{key}/"
    for step in ("school", "confidential", "numbers", "behind", "place", "supporters"):
        shown[f"step {step}"] = f"/program/first/{step}/"
    shown["entry"] = f"/program/coverage/{coverage()[0].pk}/"
    return shown


def _counts(people: dict[str, Person]) -> dict[str, int]:
    cora, priya = sign_in(people["cora"]), sign_in(people["priya"])
    found = {}
    for name, address in _addresses().items():
        client = priya if name == "pledge" else cora
        client.get(address)  # what is asked once for a process is not asked for a page
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(address)
        assert answer.status_code == 200, address
        found[name] = len(asked)
    return found


def test_every_page_asks_the_same_few_questions(evening: datetime) -> None:
    people = cast(evening)
    with time_machine.travel(evening, tick=False):
        services.change_pledge(text="I keep it.", grace=7, by=SYSTEM, now=evening)
        for number in range(2):
            _write(number, evening)
        few = _counts(people)
        for number in range(2, 32):
            _write(number, evening)
        many = _counts(people)

    assert {name: (few[name], count) for name, count in many.items() if count > few[name]} == {}
    assert {name: count for name, count in few.items() if count > MOST} == {}
