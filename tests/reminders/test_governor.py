"""The governor at sending, with the worker's rights: what goes, waits or is not sent, and why."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Person
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox import kinds
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from program import services as program
from program.models import Term
from reminders.limit_rules import Decision, Outcome, Why
from reminders.models import Campaign, Held, Said
from reminders.queries.ground import term_first
from reminders.rules import Ref, State
from reminders.services import forgetting, governor
from tests.people import cast
from tests.reminders.ground import campaign, ledger, marks, milestone, put_in_class
from tests.roles import acting_as, drain, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
EXAM = date(2026, 11, 27)
DUE = datetime(2026, 11, 24, 17, tzinfo=UTC)
_DAY = timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    found = cast(evening)
    put_in_class(found["ana"], "M1")
    return found


@pytest.fixture
def nudge() -> Iterator[str]:
    """Some other kind that nobody asked for, such as a later part of the program may add."""

    def compose(row: Outgoing, now: datetime) -> kinds.Letter | None:
        person = Person.objects.filter(pk=row.recipient or ids.new_id()).first()
        return kinds.Letter(person.email, "s", "t", "<p>t") if person else None

    kinds.register(kinds.Kind(name="nudge", asked=False, compose=compose))
    yield "nudge"
    kinds._kinds.pop("nudge")


def _put(kind: str, person: Person, now: datetime, *, days: float = 1) -> None:
    with transaction.atomic():
        enqueue(
            kind=kind,
            key=str(uuid.uuid4()),
            due_at=now,
            expires_at=now + timedelta(days=days),
            now=now,
            recipient=person.pk,
        )


def _drain(now: datetime) -> Any:
    return drain(now=lambda: now)


def _planned(now: datetime, **more: Any) -> Campaign:
    one = campaign(**more)
    plan_reminders(now=now)
    return one


def test_it_goes_and_the_ledger_says_so(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    exam = milestone("Anatomy", EXAM, class_name="M1")
    _planned(evening)

    _drain(DUE)

    (mail,) = mailoutbox
    assert mail.to == ["ana@school.example"]
    assert mail.subject == "Before Anatomy"
    assert ledger() == {("went", "fine"): 1}
    (said,) = marks()
    assert (said.day, said.milestone) == (DUE.date(), exam.pk)
    assert people["ana"].pk.bytes not in bytes(said.tag)


def test_a_second_one_in_a_week_is_not_sent(
    people: dict[str, Person], evening: datetime, nudge: str, mailoutbox: list[Any]
) -> None:
    _put(nudge, people["ana"], evening)
    _put(nudge, people["ana"], evening, days=8)
    _put(nudge, people["ben"], evening)
    _put(nudge, people["ana"], evening)
    _drain(evening)
    _drain(evening + timedelta(minutes=20))

    assert sorted(mail.to[0] for mail in mailoutbox) == [
        "ana@school.example",
        "ben@school.example",
    ]
    said = ledger()
    assert said.get(("dropped", "week"), 0) + said.get(("held", "week"), 0) == 2

    monday = datetime(2026, 11, 30, 13, tzinfo=UTC)
    _drain(monday)
    assert len(mailoutbox) <= 3


def test_without_the_governor_all_of_them_go(
    people: dict[str, Person],
    evening: datetime,
    nudge: str,
    mailoutbox: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control."""
    gates = [gate for gate in kinds._gates if gate is not governor.governor]
    monkeypatch.setattr(kinds, "_gates", gates)
    for _ in range(3):
        _put(nudge, people["ana"], evening)

    _drain(evening)

    assert len(mailoutbox) == 3


def test_what_was_asked_for_passes_untouched(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    night = datetime(2026, 11, 24, 4, tzinfo=UTC)
    for _ in range(3):
        _put("account-note", people["ana"], night)

    _drain(night)

    assert len(mailoutbox) == 3
    assert ledger() == {}


def test_at_night_it_waits_and_is_counted_once(
    people: dict[str, Person], nudge: str, mailoutbox: list[Any]
) -> None:
    night = datetime(2026, 11, 24, 4, tzinfo=UTC)
    _put(nudge, people["ana"], night)
    for minutes in (0, 16, 32):
        _drain(night + timedelta(minutes=minutes))
    assert mailoutbox == []
    assert ledger() == {("held", "night"): 1}

    _drain(datetime(2026, 11, 24, 13, tzinfo=UTC))

    assert len(mailoutbox) == 1


def test_exam_days_of_their_own_class_are_silent(
    people: dict[str, Person], evening: datetime, nudge: str, mailoutbox: list[Any]
) -> None:
    milestone("Anatomy", evening.date(), class_name="M1")
    _put(nudge, people["ana"], evening, days=0.5)
    _put(nudge, people["ben"], evening, days=0.5)

    _drain(evening)

    assert [mail.to for mail in mailoutbox] == [["ben@school.example"]]
    assert ledger() == {("went", "fine"): 1, ("dropped", "exam"): 1}


@pytest.mark.parametrize("change", [{"muted": "campaign"}, {"is_silent": True}])
def test_who_wants_none_gets_none_although_it_was_planned(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any], change: dict[str, Any]
) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    _planned(evening)
    Person.objects.filter(pk=people["ana"].pk).update(**change)

    _drain(DUE)

    assert mailoutbox == []
    assert ledger() == {("dropped", "unwanted"): 1}


def test_while_something_terrible_is_mourned_campaigns_wait(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    _planned(evening)
    program.change_setting(key="critical", value={"text": "We mourn."}, by=SYSTEM, now=evening)

    _drain(DUE)

    assert mailoutbox == []
    assert ledger() == {("held", "incident"): 1}


@pytest.mark.parametrize("what", ["moved", "gone", "paused", "other class", "late"])
def test_the_live_thing_is_looked_at_again_at_sending(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any], what: str
) -> None:
    exam = milestone("Anatomy", EXAM, class_name="M1")
    one = _planned(evening)
    if what == "moved":
        type(exam).objects.update(first_on=EXAM + _DAY, last_on=EXAM + _DAY)
    elif what == "gone":
        exam.delete()
    elif what == "paused":
        Campaign.objects.update(state=str(State.PAUSED))
    elif what == "other class":
        put_in_class(people["ana"], "M4")
    _drain(DUE + 3 * _DAY if what == "late" else DUE)

    assert mailoutbox == []
    why = "late" if what == "late" else "changed"
    assert ledger() == {("dropped", why): 1}
    assert one.pk


def test_the_more_useful_of_two_in_a_week_goes(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    campaign(priority=2, offset=-3, subject="weaker")
    campaign(priority=4, offset=-2, subject="better")
    plan_reminders(now=evening)

    for hours in range(0, 72, 6):
        _drain(DUE + timedelta(hours=hours))

    assert [mail.subject for mail in mailoutbox] == ["better"]
    assert ledger() == {("went", "fine"): 1, ("dropped", "weaker"): 1}


def test_whoever_wants_no_campaigns_is_asked_for_hours_all_the_same(
    people: dict[str, Person],
    evening: datetime,
    mailoutbox: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A letter that somebody does not want must not displace one that they do."""
    from program import calendars

    monkeypatch.setattr(calendars, "_missing", {"test": lambda first, last, now: 2})
    put_in_class(people["sol"], "M2")
    Person.objects.filter(pk=people["sol"].pk).update(muted="campaign")
    milestone("Anatomy", EXAM, class_name="M1")
    campaign(audience="everybody", priority=5)
    campaign(audience="supporters", priority=2, at=time(10), body="{gaps} before {first_day}")
    plan_reminders(now=evening)

    _drain(DUE)

    (mail,) = [mail for mail in mailoutbox if mail.to == ["sol@school.example"]]
    assert mail.subject == "You have a message"
    assert "2 times before Friday 27 November" in mail.body


def test_a_message_that_is_tried_again_counts_once(
    people: dict[str, Person], evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.mail import EmailMultiAlternatives

    milestone("Anatomy", EXAM, class_name="M1")
    _planned(evening)
    tries: list[str] = []

    def send(self: EmailMultiAlternatives, fail_silently: bool = False) -> int:
        tries.append(str(self.subject))
        if len(tries) == 1:
            raise OSError("broken pipe")
        return 1

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    assert _drain(DUE).retried == 1
    assert _drain(DUE + timedelta(minutes=5)).sent == 1

    assert len(tries) == 2
    assert ledger() == {("went", "fine"): 1}
    assert len(marks()) == 1


def test_two_workers_with_two_messages_let_one_through(
    people: dict[str, Person], evening: datetime, nudge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that nothing was said: the second insert finds the week taken."""
    with acting_as("worker"):
        for number, expected in ((1, "pass"), (2, "drop")):
            row = Outgoing(
                kind=nudge,
                key=bytes([number]) * 32,
                recipient=people["ana"].pk,
                due_at=evening,
                expires_at=evening + _DAY,
            )
            monkeypatch.setattr(
                governor,
                "decide",
                lambda known: Decision(Outcome.WENT, Why.FINE),
            )
            kind = kinds.kind_of(nudge)
            assert kind is not None
            assert governor.governor(kind, row, evening) == expected


def test_marks_outlive_the_message_and_end_a_month_after_the_term(
    people: dict[str, Person], evening: datetime
) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    _planned(evening)
    _drain(DUE)
    assert not Outgoing.objects.exists()
    Term.objects.create(name="Fall", first_on=date(2026, 8, 1), last_on=date(2026, 12, 31))
    Term.objects.create(name="Spring", first_on=date(2027, 1, 1), last_on=date(2027, 6, 30))
    assert term_first(evening) == date(2026, 8, 1)

    with acting_as("worker"):
        # That it went, and for whom it was planned.
        assert forgetting.forget_said(now=datetime(2027, 1, 20, tzinfo=UTC)) == 2
        assert not Said.objects.exists()
        assert not Held.objects.exists()


def test_without_terms_the_last_four_months_count(evening: datetime) -> None:
    assert term_first(evening) == date(2026, 11, 23) - timedelta(days=120)


def test_a_row_of_the_kind_that_says_nothing_is_not_sent(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    _put("campaign", people["ana"], evening)
    Outgoing.objects.update(ref=Ref(uuid.uuid4(), uuid.uuid4(), 0, evening).packed())
    _put("campaign", people["ana"], evening)

    _drain(evening)

    assert mailoutbox == []
    assert ledger() == {("dropped", "changed"): 2}


def test_nothing_unasked_is_about_visits() -> None:
    """Reminders of visits go only to whoever asked; unasked are these alone."""
    unasked = {name for name, kind in kinds._kinds.items() if not kind.asked}

    assert unasked - {"cheer", "plain", "nudge"} == {"campaign", "staffing", "cover-asked"}
    assert not any(kinds._kinds[name].whom for name in unasked if name in kinds._kinds)
