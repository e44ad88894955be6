"""Planning: ahead, for whom it is, once; moved, cancelled, late; flat in queries."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox.models import Outgoing
from program import services as program
from program.queries.milestones import entry_of
from reminders.models import PlanRun
from reminders.rules import Verb
from tests.people import cast
from tests.reminders.ground import campaign, milestone, put_in_class, students, switch
from tests.roles import drain, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
EXAM = date(2026, 11, 27)  # four days after the evening: at noon tomorrow it is three
DUE = datetime(2026, 11, 24, 17)


def _recipients(kind: str = "campaign") -> set[Any]:
    return set(Outgoing.objects.filter(kind=kind).values_list("recipient", flat=True))


def _drain(now: datetime) -> Any:
    return drain(now=lambda: now)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    found = cast(evening)
    put_in_class(found["ana"], "M1")
    put_in_class(found["ben"], "M2")
    return found


def test_a_message_to_everybody_of_the_class_is_put_ahead(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign()
    milestone("Anatomy", EXAM, class_name="M1")

    done = plan_reminders(now=evening)

    assert done.put == 1
    row = Outgoing.objects.get()
    assert (row.kind, row.recipient) == ("campaign", people["ana"].pk)
    assert row.due_at.replace(tzinfo=None) == DUE
    assert PlanRun.objects.get().last_at == evening


def test_planning_twice_is_once(people: dict[str, Person], evening: datetime) -> None:
    campaign()
    milestone("Anatomy", EXAM)

    first = plan_reminders(now=evening)
    again = plan_reminders(now=evening + timedelta(minutes=10))

    assert first.put > 1
    assert again.put == 0
    assert Outgoing.objects.count() == first.put


@pytest.mark.parametrize("state", ["draft", "paused", "ended"])
def test_what_is_not_on_says_nothing(
    people: dict[str, Person], evening: datetime, state: str
) -> None:
    campaign(state=state)
    milestone("Anatomy", EXAM)

    assert plan_reminders(now=evening).put == 0


def test_beyond_the_horizon_nothing_is_written(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign()
    milestone("Anatomy", EXAM + timedelta(days=5))

    assert plan_reminders(now=evening).put == 0


def _move(row: Any, to: date, now: datetime) -> None:
    from dataclasses import replace

    entry = replace(entry_of(row), first_on=to, last_on=to)
    program.change_milestone(milestone=row.pk, entry=entry, by=SYSTEM, now=now)


def test_a_moved_exam_takes_its_message_along(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign()
    exam = milestone("Anatomy", EXAM, class_name="M1")
    plan_reminders(now=evening)

    _move(exam, EXAM + timedelta(days=1), evening)
    done = plan_reminders(now=evening)

    assert (done.taken_back, done.put) == (1, 1)
    assert Outgoing.objects.get().due_at.replace(tzinfo=None) == DUE + timedelta(days=1)


def test_an_exam_that_moves_back_is_said_once(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    campaign()
    exam = milestone("Anatomy", EXAM, class_name="M1")
    for day in (EXAM + timedelta(days=1), EXAM, EXAM):
        _move(exam, day, evening)
        plan_reminders(now=evening)

    due = Outgoing.objects.get().due_at
    _drain(due)
    plan_reminders(now=due)
    _drain(due + timedelta(hours=1))

    assert len(mailoutbox) == 1


def test_said_before_it_moved_is_not_said_again(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    campaign(good_for=7)
    exam = milestone("Anatomy", EXAM, class_name="M1")
    plan_reminders(now=evening)
    due = Outgoing.objects.get().due_at
    _drain(due)

    _move(exam, EXAM + timedelta(days=14), due)
    later = due + timedelta(days=13)
    assert plan_reminders(now=later).put == 1
    _drain(Outgoing.objects.get().due_at)

    assert len(mailoutbox) == 1


def test_a_cancelled_exam_takes_its_message_back(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign()
    exam = milestone("Anatomy", EXAM, class_name="M1")
    plan_reminders(now=evening)

    program.remove_milestone(milestone=exam.pk, by=SYSTEM, now=evening)
    assert plan_reminders(now=evening).taken_back == 1

    assert not Outgoing.objects.exists()


def test_a_pause_takes_it_back_at_once_and_going_on_puts_it_in(
    people: dict[str, Person], evening: datetime
) -> None:
    one = campaign()
    milestone("Anatomy", EXAM, class_name="M1")
    other = campaign(title="Other", offset=-2)
    plan_reminders(now=evening)
    assert Outgoing.objects.count() == 2

    switch(one, Verb.PAUSE, evening)
    assert Outgoing.objects.count() == 1
    switch(one, Verb.RESUME, evening)
    plan_reminders(now=evening)

    assert Outgoing.objects.count() == 2
    switch(other, Verb.END, evening)
    assert Outgoing.objects.count() == 1


def test_whoever_joins_late_gets_what_is_to_come_and_nothing_past(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign(good_for=7)
    campaign(title="After", offset=1, counts_from="last", at=time(9))
    milestone("Anatomy", EXAM, class_name="M1")
    plan_reminders(now=evening)
    after = datetime(2026, 11, 26, 17, tzinfo=evening.tzinfo)
    plan_reminders(now=after)
    before = set(Outgoing.objects.values_list("pk", flat=True))

    put_in_class(people["priya"], "M1")
    plan_reminders(now=after + timedelta(minutes=10))

    new = Outgoing.objects.exclude(pk__in=before)
    assert [(row.recipient, row.due_at.day) for row in new] == [(people["priya"].pk, 28)]


def test_a_planner_that_stood_still_for_days_makes_up_for_what_is_still_good(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign(good_for=3)
    milestone("Anatomy", EXAM, class_name="M1")
    plan_reminders(now=evening - timedelta(days=4))

    done = plan_reminders(now=datetime(2026, 11, 24, 20, tzinfo=evening.tzinfo))

    assert done.put == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"ana"}),
        ({"audience": "cohort", "class_name": "M2"}, {"ben"}),
        ({"audience": "cohort", "rotation": "Surgery B"}, set()),
    ],
)
def test_it_goes_to_whom_it_is_for(
    people: dict[str, Person], evening: datetime, more: dict[str, str], expected: set[str]
) -> None:
    campaign(**more)
    milestone("Anatomy", EXAM, class_name="M1")

    plan_reminders(now=evening)

    assert _recipients() == {people[name].pk for name in expected}


def test_everybody_means_every_student_here(people: dict[str, Person], evening: datetime) -> None:
    """Not staff, nobody on leave, nobody whose account is shut, nobody who wants none."""
    campaign(audience="everybody")
    milestone("Anatomy", EXAM, class_name="M1")
    entry = people["ben"].roster_entry
    entry.standing = "on leave"
    entry.save()
    Person.objects.filter(pk=people["sol"].pk).update(is_active=False)
    Person.objects.filter(pk=people["priya"].pk).update(muted="campaign")
    Person.objects.filter(pk=people["marcus"].pk).update(is_silent=True)

    plan_reminders(now=evening)

    assert _recipients() == {people["ana"].pk}


def test_supporters_are_asked_only_where_hours_are_missing(
    people: dict[str, Person], evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from program import calendars

    missing: dict[str, Callable[..., int]] = {"test": lambda first, last, now: 0}
    monkeypatch.setattr(calendars, "_missing", missing)
    campaign(audience="supporters", offset=-3, body="{gaps}")
    milestone("Anatomy", EXAM, class_name="M1")
    put_in_class(people["sol"], "M1")
    assert plan_reminders(now=evening).put == 0

    missing["test"] = lambda first, last, now: 3
    plan_reminders(now=evening)

    asked = _recipients("staffing")
    assert people["sol"].pk not in asked, "it is his own exam"
    assert people["priya"].pk in asked
    assert people["ana"].pk not in asked


def test_ten_thousand_people_cost_no_more_queries(evening: datetime) -> None:
    few, many = (200, 10_000) if connection.vendor == "postgresql" else (100, 400)
    campaign()
    milestone("Anatomy", EXAM)
    students(few, evening)
    with CaptureQueriesContext(connection) as small:
        assert plan_reminders(now=evening).put == few
    Outgoing.objects.all().delete()
    students(many - few, evening, first=few)

    with CaptureQueriesContext(connection) as large:
        assert plan_reminders(now=evening).put == many

    assert Outgoing.objects.count() == many
    # SQLite takes so many values in one statement and no more.
    batches = 0 if connection.vendor == "postgresql" else many // 100
    assert len(large) <= len(small) + batches
    assert len(small) < 25
    with CaptureQueriesContext(connection) as again:
        assert plan_reminders(now=evening).put == 0
    assert len(again) <= len(large)
