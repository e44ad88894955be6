"""What waits, until when; and what does not go after all gives its week back, exactly once."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox import kinds, marks
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue, retry_dead
from reminders import limit_rules
from reminders.models import Campaign
from reminders.rules import Verb
from reminders.services import governor, planning
from tests.people import cast
from tests.reminders.ground import campaign, ledger, milestone, put_in_class, switch
from tests.reminders.ground import marks as said
from tests.roles import drain, plan_reminders
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
EXAM = date(2026, 11, 27)
DUE = datetime(2026, 11, 24, 17, tzinfo=UTC)  # a Tuesday at noon
NIGHT = datetime(2026, 11, 24, 4, tzinfo=UTC)  # 11pm on Monday
MORNING = datetime(2026, 11, 24, 13, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 13, tzinfo=UTC)
ANA = "ana@school.example"


@pytest.fixture
def ana(evening: datetime) -> Person:
    found = cast(evening)["ana"]
    put_in_class(found, "M1")
    return found


@pytest.fixture(autouse=True)
def nudge() -> Iterator[str]:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter | None:
        return kinds.Letter(ANA, "s", "t", "<p>t</p>")

    kinds.register(kinds.Kind(name="nudge", asked=False, compose=compose))
    yield "nudge"
    kinds._kinds.pop("nudge")


def _put(person: Person, now: datetime, *, days: float = 1) -> None:
    with transaction.atomic():
        enqueue(
            kind="nudge",
            key=str(uuid.uuid4()),
            due_at=now,
            expires_at=now + timedelta(days=days),
            now=now,
            recipient=person.pk,
        )


def _drain(now: datetime) -> Any:
    return drain(now=lambda: now)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Note when the rules are asked."""
    found: list[datetime] = []
    real = limit_rules.decide

    def decide(known: Any) -> Any:
        found.append(known.now)
        return real(known)

    monkeypatch.setattr(governor, "decide", decide)
    return found


def test_what_waits_for_the_morning_is_asked_once_and_goes_on_the_minute(
    ana: Person, sink: Sink, asked: list[datetime]
) -> None:
    _put(ana, NIGHT)
    for quarter in range(4 * 9):
        _drain(NIGHT + timedelta(minutes=15 * quarter))

    assert asked == [NIGHT]
    assert Outgoing.objects.get().due_at == MORNING
    _drain(MORNING)
    assert sink.accepted == [ANA]
    assert asked == [NIGHT, MORNING]


def test_a_second_one_waits_for_the_next_week(ana: Person, sink: Sink) -> None:
    _put(ana, DUE)
    _drain(DUE)
    _put(ana, DUE, days=9)
    _put(ana, DUE, days=2)
    _drain(DUE)

    assert Outgoing.objects.get().due_at == MONDAY  # and the other is worth nothing by then
    _drain(MONDAY - timedelta(seconds=1))
    assert len(sink.accepted) == 1
    _drain(MONDAY)
    assert len(sink.accepted) == 2
    assert ledger() == {("went", "fine"): 2, ("held", "week"): 1, ("dropped", "week"): 1}


def test_what_nobody_knows_the_end_of_is_asked_again_soon(
    ana: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "verdict", lambda kind, row, now: "hold")
    _put(ana, DUE)
    _drain(DUE)

    assert Outgoing.objects.get().due_at == DUE + timedelta(minutes=15)


def test_an_exam_that_moves_away_sets_free_what_waits_for_it(ana: Person, sink: Sink) -> None:
    exam = milestone("Anatomy", DUE.date(), class_name="M1")
    campaign(kind="exam", offset=0, counts_from="last", good_for=2)
    plan_reminders(now=DUE - timedelta(hours=1))
    _drain(DUE)
    assert Outgoing.objects.get().due_at == datetime(2026, 11, 25, 13, tzinfo=UTC)
    milestone("Other", DUE.date(), class_name="M4")

    type(exam).objects.filter(pk=exam.pk).update(kind="other")
    Campaign.objects.update(kind="")
    planning.ask_held_again(now=DUE + timedelta(hours=1))
    _drain(DUE + timedelta(hours=1))

    assert sink.accepted == [ANA]


def _dies(ana: Person, sink: Sink) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    campaign()
    plan_reminders(now=DUE - timedelta(hours=20))
    sink.refuse[ANA] = "550 5.7.1 not from you"
    assert _drain(DUE).dead == 1
    sink.refuse.clear()


def test_what_dies_gives_its_week_back(ana: Person, sink: Sink) -> None:
    _dies(ana, sink)
    assert said() == []
    assert ledger() == {("went", "fine"): 0, ("dropped", "failed"): 1}

    _put(ana, DUE - timedelta(hours=1))  # the earlier of two that are as useful
    _drain(DUE + timedelta(minutes=1))

    assert sink.accepted == [ANA]
    assert len(said()) == 1


def test_control_without_it_the_week_would_be_used_up(
    ana: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "_unsaid", {})
    _dies(ana, sink)
    _put(ana, DUE - timedelta(hours=1))  # the earlier of two that are as useful
    _drain(DUE + timedelta(minutes=1))

    assert sink.accepted == []


def test_what_is_tried_again_by_hand_is_decided_about_anew(ana: Person, sink: Sink) -> None:
    _dies(ana, sink)
    _put(ana, DUE - timedelta(hours=1))  # the earlier of two that are as useful
    _drain(DUE + timedelta(minutes=1))
    assert retry_dead(names=["campaign"], error="message", by=SYSTEM, now=DUE) == 1

    _drain(DUE + timedelta(minutes=2))

    assert sink.accepted == [ANA]  # the other had the week meanwhile
    assert len(said()) == 1


def test_what_another_gate_drops_gives_its_week_back(
    ana: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = [*kinds._gates, lambda kind, row, now: "drop" if kind.name == "nudge" else "pass"]
    monkeypatch.setattr(kinds, "_gates", gates)
    _put(ana, DUE)

    assert _drain(DUE).dropped == 1
    assert said() == []
    assert ledger() == {("went", "fine"): 0, ("dropped", "changed"): 1}


def test_giving_back_and_dying_are_one(
    ana: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is killed between the two did neither."""
    sink.refuse[ANA] = "550 5.7.1 not from you"
    _put(ana, DUE)

    def killed(row: Outgoing, state: Any, now: datetime) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setitem(kinds._unsaid, "reminders", killed)
        with pytest.raises(SystemExit):
            _drain(DUE)
    assert (Outgoing.objects.get().state, len(said())) == ("due", 1)

    assert _drain(DUE + marks.LEASE + timedelta(seconds=1)).dead == 1
    assert said() == []
    assert ledger() == {("went", "fine"): 0, ("dropped", "failed"): 1}


def test_a_second_try_in_the_night_waits_and_keeps_no_week(ana: Person, sink: Sink) -> None:
    sink.refuse[ANA] = "451 later"
    late = datetime(2026, 11, 25, 1, 59, 50, tzinfo=UTC)  # ten seconds before the quiet hours
    _put(ana, late)
    assert _drain(late).retried == 1
    assert len(said()) == 1
    sink.refuse.clear()

    _drain(late + timedelta(minutes=5))

    assert sink.accepted == []
    assert said() == []
    assert ledger() == {("went", "fine"): 0, ("held", "night"): 1}
    _drain(datetime(2026, 11, 25, 13, tzinfo=UTC))
    assert sink.accepted == [ANA]
    assert ledger() == {("went", "fine"): 1, ("held", "night"): 1}


def test_what_is_taken_back_before_it_went_gives_its_week_back(ana: Person, sink: Sink) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    one = campaign()
    plan_reminders(now=DUE - timedelta(hours=20))
    sink.refuse[ANA] = "451 later"
    _drain(DUE)
    sink.refuse.clear()
    switch(one, Verb.PAUSE, DUE)
    assert (Outgoing.objects.count(), len(said())) == (0, 1)

    plan_reminders(now=DUE)

    assert said() == []


def test_what_went_keeps_its_mark_whatever_is_planned(ana: Person, sink: Sink) -> None:
    _put(ana, DUE)
    _drain(DUE)

    plan_reminders(now=DUE)

    assert len(said()) == 1
