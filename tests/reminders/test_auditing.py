"""The audit of campaigns: what is lost comes back, once, and nothing else does."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from peersupport.core.outbox import auditors
from peersupport.core.outbox.models import Outgoing
from reminders.models import Meant, PlanRun
from reminders.rules import Verb
from reminders.services import auditing
from reminders.services.forgetting import forget_said
from tests.people import cast
from tests.reminders.ground import (
    campaign,
    ledger,
    milestone,
    put_in_class,
    sent_to,
    students,
    switch,
)
from tests.roles import acting_as, drain, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
EXAM = date(2026, 11, 27)
DUE = datetime(2026, 11, 24, 17, tzinfo=UTC)  # noon in New York, three days before
HOUR = timedelta(hours=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    found = cast(evening)
    put_in_class(found["ana"], "M1")
    put_in_class(found["ben"], "M1")
    milestone("Anatomy", EXAM, class_name="M1")
    return found


def audit(now: datetime) -> int:
    """Return how many letters the audit put back, as the worker does it."""
    with acting_as("worker"):
        return auditors.audit(now=now)["campaigns"]


def _drain(now: datetime) -> None:
    drain(now=lambda: now)


def lose(**which: Any) -> None:
    """Delete rows of the outbox by hand."""
    with acting_as("worker"):
        assert Outgoing.objects.filter(**which).delete()[0]


def test_a_row_that_is_due_and_was_deleted_comes_back_and_goes_once(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    campaign()
    assert plan_reminders(now=evening).put == 2
    lose(recipient=people["ana"].pk)

    # The control: when it is due, planning alone leaves it lost.
    assert plan_reminders(now=DUE + HOUR).put == 0
    assert audit(DUE + HOUR) == 1
    assert audit(DUE + HOUR) == 0

    _drain(DUE + HOUR)
    assert audit(DUE + 2 * HOUR) == 0
    _drain(DUE + 2 * HOUR)
    assert len(sent_to(mailoutbox, people["ana"])) == 1
    assert len(sent_to(mailoutbox, people["ben"])) == 1
    assert ledger() == {("went", "fine"): 2}


def test_without_its_auditor_it_stays_lost(
    people: dict[str, Person], evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign()
    plan_reminders(now=evening)
    lose()
    monkeypatch.setattr(auditors, "_auditors", {})

    with acting_as("worker"):
        assert auditors.audit(now=DUE + HOUR) == {}
    assert not Outgoing.objects.exists()


def test_while_the_planner_stands_still_the_audit_does_its_work(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    campaign(good_for=3)
    plan_reminders(now=evening - timedelta(days=4))
    assert not Outgoing.objects.exists()
    late = DUE + 3 * HOUR

    assert audit(late) == 2
    _drain(late)
    assert plan_reminders(now=late + HOUR).put == 0
    _drain(late + HOUR)

    assert len(sent_to(mailoutbox, people["ana"])) == 1


def test_what_a_planner_that_goes_has_not_reached_is_left_to_it(
    people: dict[str, Person], evening: datetime
) -> None:
    plan_reminders(now=evening)
    campaign()
    assert audit(evening) == 0, "it was switched on a moment ago"


@pytest.mark.parametrize("good_for", [1, 7])
def test_whoever_joined_after_it_was_planned_is_not_meant(
    people: dict[str, Person], evening: datetime, good_for: int
) -> None:
    campaign(good_for=good_for)
    plan_reminders(now=evening)
    plan_reminders(now=DUE + HOUR)
    put_in_class(people["priya"], "M1")
    lose(recipient=people["ana"].pk)

    assert audit(DUE + 2 * HOUR) == 1
    assert not Outgoing.objects.filter(recipient=people["priya"].pk).exists()


def test_what_is_too_late_stays_lost(people: dict[str, Person], evening: datetime) -> None:
    campaign(good_for=0)
    plan_reminders(now=evening)
    lose()

    assert audit(datetime(2026, 11, 25, 2, 1, tzinfo=UTC)) == 0  # a minute after nine


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.END])
def test_what_was_paused_or_ended_over_its_time_is_not_made_up_for(
    people: dict[str, Person], evening: datetime, verb: Verb
) -> None:
    one = campaign(good_for=7)
    plan_reminders(now=evening)

    switch(one, verb, evening)
    assert audit(DUE + HOUR) == 0
    if verb is Verb.PAUSE:
        switch(one, Verb.RESUME, DUE + HOUR)
        plan_reminders(now=DUE + HOUR)
        assert audit(DUE + HOUR) == 0
    assert not Outgoing.objects.exists()


def test_who_wants_none_any_more_gets_none(people: dict[str, Person], evening: datetime) -> None:
    campaign()
    plan_reminders(now=evening)
    lose()
    Person.objects.filter(pk=people["ana"].pk).update(muted="campaign")
    Person.objects.filter(pk=people["ben"].pk).update(is_silent=True)

    assert audit(DUE) == 0


def test_calls_to_supporters_come_back_only_while_hours_are_missing(
    people: dict[str, Person], evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from program import calendars

    missing: dict[str, Callable[..., int]] = {"test": lambda first, last, now: 3}
    monkeypatch.setattr(calendars, "_missing", missing)
    campaign(audience="supporters", body="{gaps}")
    assert plan_reminders(now=evening).put == 3
    lose(recipient=people["sol"].pk)

    assert audit(DUE) == 1
    lose(recipient=people["sol"].pk)
    missing["test"] = lambda first, last, now: 0
    assert audit(DUE) == 0


def test_a_whole_table_that_was_lost_comes_back(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    """As after restoring all tables but this one; who had theirs already gets no second."""
    campaign()
    plan_reminders(now=evening)
    ben = Outgoing.objects.filter(recipient=people["ben"].pk)
    ben.update(due_at=DUE + 10 * HOUR)
    _drain(DUE)
    lose()

    assert audit(DUE + HOUR) == 1
    _drain(DUE + HOUR)
    assert [len(sent_to(mailoutbox, people[name])) for name in ("ana", "ben")] == [1, 1]


def test_the_marks_name_nobody_and_end_with_the_letter(
    people: dict[str, Person], evening: datetime
) -> None:
    campaign()
    plan_reminders(now=evening)
    with acting_as("worker"):
        kept = Meant.objects.get()
        assert len(kept.marks) == 2 * 8
        assert people["ana"].pk.bytes[:8] not in bytes(kept.marks)
        plan_reminders(now=evening + HOUR)
        assert bytes(Meant.objects.get().marks) == bytes(kept.marks)

        forget_said(now=kept.until - timedelta(seconds=1))
        assert Meant.objects.exists()
        forget_said(now=kept.until)
        assert not Meant.objects.exists()


def test_an_exam_that_moves_takes_its_marks_along(
    people: dict[str, Person], evening: datetime
) -> None:
    from program.models import Milestone

    campaign()
    plan_reminders(now=evening)
    Milestone.objects.update(first_on=EXAM + timedelta(days=9), last_on=EXAM + timedelta(days=9))
    plan_reminders(now=evening + HOUR)

    with acting_as("worker"):
        assert not Meant.objects.exists()
    assert audit(DUE) == 0


def test_queries_do_not_grow_with_people(evening: datetime) -> None:
    campaign(at=time(20))
    milestone("Anatomy", EXAM)
    seen: list[int] = []
    for number in (20, 380):
        students(number, evening, first=sum(seen and [20]))
        plan_reminders(now=evening)
        with acting_as("worker"):
            assert PlanRun.objects.exists()
            with CaptureQueriesContext(connection) as queries:
                found = list(auditing.letters(evening))
        seen.append(len(queries))
    assert len(found) == 400
    assert seen[0] == seen[1] <= 10
