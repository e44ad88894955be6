"""Counselors do anything at all, in any order: only what the table says ever happens.

T9: after every step the tables are asked, not the services.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from peersupport.core.states import NotAllowedFrom
from referrals import permissions, rules
from referrals.models import Counselor, Counter, Exclusion, Referral, Sealed, Taken
from referrals.rules import Kind, Outcome, Refusal
from referrals.services import desk, opening, routing
from tests.care import care_cast, counselor
from tests.referrals.cases import sent, take_back

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
NAMES = st.sampled_from(["dee", "eli", "fay"])
WHICH = st.integers(0, 3)
REFUSED = (NotAllowedFrom, rules.NotAllowed, desk.NoReason)
# Verbs that move nothing are noted as well: they lead where the case already is.
STILL = {"step aside", "confirm"}


class DeskMachine(RuleBasedStateMachine):
    """Four cases, three counselors, one of whom leads; one case leaves out Eli."""

    def __init__(self) -> None:
        super().__init__()
        _clear()
        self.now = START
        self.cast: dict[str, Counselor] = {**care_cast(START), "fay": counselor("Fay", START)}
        self.cases = [
            sent(START),
            sent(START, not_by=(self.cast["eli"].pk,)),
            sent(START, kind=Kind.DANGER),
            sent(START, not_by=tuple(one.pk for one in self.cast.values())),
        ]
        self.before = _rows()
        self.noted = 0
        self.actor = "system"

    def _do(self, which: int, who: str, verb: str, act: Any, **more: Any) -> None:
        row, by = self.cases[which], self.cast[who]
        was = Referral.objects.get(pk=row.pk)
        words = permissions.acts_as(by, was)
        sees = permissions.may_see(by, was)
        self.now += timedelta(minutes=7)
        try:
            act(referral=row.pk, by=by, now=self.now, **more)
        except REFUSED:
            assert Taken.objects.count() == self.noted, "a failure was noted"
            assert _rows() == self.before, "a failure changed something"
            return
        assert sees or verb == "give back", "somebody acted on what they may not see"
        if verb == "transfer" and more["to"] == by.pk:
            self._took_over(row, was, by)
        else:
            self._took_one(row, was, verb, words)

    def _took_over(self, row: Referral, was: Referral, by: Counselor) -> None:
        """A lead who hands it to themselves has it: two steps of the table at once."""
        assert by.role == rules.CareRole.LEAD, "somebody took over who does not lead"
        assert was.state in (rules.S.ACKNOWLEDGED, rules.S.IN_CONTACT)
        assert was.owner_id != by.pk
        now = Referral.objects.get(pk=row.pk)
        assert (now.state, now.owner_id, now.asked_id) == (rules.S.ACKNOWLEDGED, by.pk, None)
        steps = Taken.objects.filter(referral=row, at=self.now).values_list("verb", flat=True)
        assert sorted(steps) == ["acknowledge", "transfer"]
        self.noted += 2
        self.before = _rows()

    def _took_one(self, row: Referral, was: Referral, verb: str, words: frozenset[str]) -> None:
        now = Referral.objects.get(pk=row.pk)
        assert Taken.objects.count() == self.noted + 1, "not exactly one row"
        step = Taken.objects.filter(referral=row).order_by("-at").first()
        assert step is not None
        assert step.to == now.state
        if step.verb in STILL:
            assert now.state == was.state
        else:
            assert rules.TRANSITIONS.target(was.state, step.verb) == now.state
            assert any(rules.TRANSITIONS.allowed(was.state, step.verb, w) for w in words)
        self.noted += 1
        self.before = _rows()

    @rule(which=WHICH, who=NAMES)
    def acknowledge(self, which: int, who: str) -> None:
        """Somebody says that it is theirs."""
        self._do(which, who, "acknowledge", desk.acknowledge)

    @rule(which=WHICH, who=NAMES)
    def contact(self, which: int, who: str) -> None:
        """Somebody has reached the student."""
        self._do(which, who, "contact", desk.contact)

    @rule(which=WHICH, who=NAMES, outcome=st.sampled_from(list(Outcome)))
    def close(self, which: int, who: str, outcome: Outcome) -> None:
        """Somebody ends a case."""
        self._do(which, who, "close", desk.close, outcome=outcome)

    @rule(which=WHICH, who=NAMES)
    def redirect(self, which: int, who: str) -> None:
        """Somebody sends the student elsewhere."""
        self._do(which, who, "redirect", desk.redirect)

    @rule(which=WHICH, who=NAMES, to=NAMES)
    def transfer(self, which: int, who: str, to: str) -> None:
        """Somebody hands it on."""
        self._do(which, who, "transfer", desk.transfer, to=self.cast[to].pk)

    @rule(which=WHICH, who=NAMES)
    def step_aside(self, which: int, who: str) -> None:
        """Somebody has a conflict of interest."""
        self._do(which, who, "step aside", desk.step_aside)

    @rule(which=WHICH, who=NAMES)
    def confirm(self, which: int, who: str) -> None:
        """Somebody confirms danger."""
        self._do(which, who, "confirm", desk.confirm)

    @rule(which=WHICH, who=NAMES, reason=st.sampled_from([*Refusal, "because"]))
    def refuse(self, which: int, who: str, reason: str) -> None:
        """Somebody refuses danger."""
        self._do(which, who, "refuse", desk.refuse, reason=reason)

    @rule(which=WHICH, who=NAMES)
    def give_back(self, which: int, who: str) -> None:
        """Somebody ends a case unread."""
        self._do(which, who, "give back", desk.give_back)

    @rule(which=WHICH, who=NAMES)
    def open_it(self, which: int, who: str) -> None:
        """Somebody opens one: exactly those who may see it can."""
        row, by = self.cases[which], self.cast[who]
        sees = permissions.may_see(by, row)
        try:
            opening.open_case(referral=row, counselor=by, what="case", now=self.now)
        except rules.NotAllowed:
            assert not sees
        else:
            assert sees

    @rule(which=WHICH)
    def take_back_and_settle(self, which: int) -> None:
        """The student takes one back, and the program settles it."""
        row = self.cases[which]
        if Referral.objects.filter(pk=row.pk, withdrawal__isnull=False).exists():
            return
        was = Referral.objects.get(pk=row.pk)
        take_back(row, self.now)
        assert not any(permissions.may_see(one, row) for one in self.cast.values())
        self.now += timedelta(minutes=7)
        settled = desk.settle_withdrawn(now=self.now)
        assert settled == (was.state in rules.LIVE)
        if settled:
            self._took_one(row, was, "withdraw", frozenset({"system"}))

    @rule()
    def route(self) -> None:
        """The program goes round: there is nothing for it to do."""
        routing.route_new(now=self.now)
        assert _rows() == self.before

    @invariant()
    def everything_holds(self) -> None:
        """Ask the tables."""
        ended = 0
        for row in Referral.objects.all():
            out = set(Exclusion.objects.filter(referral=row).values_list("counselor", flat=True))
            assert row.owner_id not in out or row.state in rules.ENDED, "held by one left out"
            assert row.asked_id not in out, "handed to one left out"
            assert not any(
                permissions.may_see(one, row) for one in self.cast.values() if one.pk in out
            )
            if row.state in rules.ENDED:
                ended += 1
                assert row.tag is None
                assert row.ring_at is None
            if row.state in (rules.S.ACKNOWLEDGED, rules.S.IN_CONTACT):
                assert row.ring_at is None, "it rings although somebody has it"
                assert row.contact_by is not None
            if row.state in rules.UNANSWERED:
                assert row.ring_at is not None, "nobody answers, and nothing rings"
            if row.state == rules.S.REFUSED:
                assert not Sealed.objects.filter(referral=row).exists()
            self._is_seen_by_somebody(row)
        for series in ("outcome by term", "urgency by term"):
            counted = Counter.objects.filter(series=series)
            assert sum(one.count for one in counted) == ended

    def _is_seen_by_somebody(self, row: Referral) -> None:
        """Nothing live is lost: a counselor sees it, or the lead that nobody may."""
        if row.state not in rules.LIVE:
            return
        sees = any(permissions.may_see(one, row) for one in self.cast.values())
        listed = permissions.unopenable().filter(pk=row.pk).exists()
        assert sees != listed


def _clear() -> None:
    Exclusion.objects.all().delete()
    Counter.objects.all().delete()
    Referral.objects.all().delete()
    Counselor.objects.all().delete()


def _rows() -> list[Any]:
    return [
        list(Referral.objects.order_by("pk").values()),
        list(Exclusion.objects.order_by("pk").values()),
        list(Counter.objects.order_by("pk").values()),
    ]


def _machine(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_only_the_table_happens() -> None:
    run_state_machine_as_test(DeskMachine, settings=_machine(5, 30))


@pytest.mark.soak
def test_only_the_table_happens_for_long() -> None:
    run_state_machine_as_test(DeskMachine, settings=_machine(300, 60))


def test_control_a_step_outside_the_table_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """If anybody might contact, the machine says so, or the database before it."""
    monkeypatch.setattr(permissions, "may_do", lambda *_: True)

    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(DeskMachine, settings=_machine(300, 50))
