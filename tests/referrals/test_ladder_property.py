"""Ladders of every kind, against counting reading time by what is left of it without the gaps.

Reading hours, the moments at which the clock goes round (or stands for weeks), and what happens
in between are Hypothesis's choice.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from peersupport.core.outbox.models import Outgoing, Tombstone
from program.rules import Window, gaps
from referrals import ladder_rules, rules
from referrals.models import Counselor, Exclusion, Reading, Referral, Ring
from referrals.models.cases import ReferralSet
from referrals.queries import ladder as reads_of
from referrals.rules import DANGER, OLD, TIMERS, Kind, Urgency
from referrals.services.ladder import ring_due
from tests.care import care_cast
from tests.referrals.ladder_scene import (
    NEW_YORK,
    acknowledge,
    hand_on,
    leave_out,
    on_call_line,
    referral,
    take_back,
)
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane("care")]
# A week before the clocks go back, with that night and a month in it; and so in spring.
BEGINS = [datetime(2026, 10, 26, 4, tzinfo=UTC), datetime(2027, 3, 8, 5, tzinfo=UTC)]
EVENTS = ["nothing", "acknowledge", "take back", "leave out", "hand on", "move hours"]
STEP = timedelta(minutes=5)
_EXAMPLES = int(os.environ.get("LADDERS", "60"))


@dataclass(frozen=True)
class Hours:
    """Weekly hours of one counselor; none at all without weekdays."""

    weekdays: frozenset[int]
    starts: time
    length: timedelta

    def windows(self) -> list[Window]:
        """Return them as windows of wall time."""
        return [Window(weekday, self.starts, self.ends) for weekday in self.weekdays]

    @property
    def ends(self) -> time:
        """The end, which may lie on the next day."""
        return (datetime.combine(datetime.min, self.starts) + self.length).time()


_hours = st.builds(
    Hours,
    weekdays=st.frozensets(st.integers(0, 6), max_size=7),
    starts=st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15)),
    # Long enough that every step fits into a month: beyond that the clock on the wall holds.
    length=st.integers(16, 48).map(lambda n: n * timedelta(minutes=15)),
)
# Mostly it goes round every few minutes; sometimes it stands for a weekend, or for weeks.
_ticks = st.lists(
    st.sampled_from([1, 1, 1, 1, 2, 6, 12, 96, 288, 3 * 288, 15 * 288]), min_size=5, max_size=40
)


@dataclass(frozen=True)
class Story:
    """One ladder: who reads, what comes, when the clock goes round, what happens and when."""

    begins: datetime
    offset: int
    urgency: Urgency
    kind: Kind
    dee: Hours
    eli: Hours
    ticks: list[int]
    what: str
    when: int
    out: frozenset[str]
    has_line: bool


_stories = st.builds(
    Story,
    begins=st.sampled_from(BEGINS),
    offset=st.integers(0, 7 * 288),
    urgency=st.sampled_from(list(Urgency)),
    kind=st.sampled_from([Kind.STUDENT, Kind.STUDENT, Kind.DANGER]),
    dee=_hours,
    eli=_hours,
    ticks=_ticks,
    what=st.sampled_from(EVENTS),
    when=st.integers(0, 12),
    out=st.frozensets(st.sampled_from(["dee", "eli"]), max_size=2),
    has_line=st.booleans(),
)


class Ladder:
    """A story as it is played, and what it has promised after every round of the clock."""

    def __init__(self, story: Story, cast: dict[str, Counselor]) -> None:
        self.story, self.cast = story, cast
        self.now = story.begins + story.offset * STEP
        self.is_danger = story.kind == Kind.DANGER
        self.step = DANGER.step if self.is_danger else TIMERS[story.urgency].step
        self.out = {cast[name].pk for name in story.out}
        self.windows = [*story.dee.windows(), *story.eli.windows()]
        self._set_hours(dee=story.dee, eli=story.eli)
        on_call_line("line@oncall.example" if story.has_line else "")
        self.row = referral(
            self.now,
            urgency=str(Urgency.URGENT if self.is_danger else story.urgency),
            kind=str(story.kind),
            out=[cast[name] for name in story.out],
        )
        self._begin_round()
        self.is_over = self.has_moved = False

    def _set_hours(self, **hours: Hours) -> None:
        Reading.objects.all().delete()
        for name, one in hours.items():
            for weekday in one.weekdays:
                Reading.objects.create(
                    card=self.cast[name].card, weekday=weekday, starts=one.starts, ends=one.ends
                )

    def _begin_round(self) -> None:
        assert self.row.ring_at is not None
        self.since = self.row.ring_at

    def passed(self) -> timedelta:
        """Return how much time has passed since the round began, as it counts for this one."""
        whole = self.now - self.since
        if self.is_danger or not self.windows:
            return whole
        closed = gaps(self.windows, self.since, self.now, NEW_YORK)
        return whole - sum((gap.end - gap.start for gap in closed), timedelta())

    def happen(self) -> None:
        """Let happen what the story says."""
        what = self.story.what
        if what == "acknowledge":
            acknowledge(self.row, self.cast["eli"])
            self.is_over = True
        elif what == "take back":
            take_back(self.row, self.now)
            self.is_over = True
        elif what == "leave out":
            Exclusion.objects.filter(counselor=self.cast["eli"].pk).delete()
            leave_out(self.cast["eli"], self.row)
            self.out.add(self.cast["eli"].pk)
        elif what == "hand on":
            hand_on(self.row, self.cast["dee"], self.now)
            self.row.refresh_from_db()
            self._begin_round()
        elif what == "move hours":
            self._set_hours(dee=self.story.eli, eli=self.story.dee)
            self.has_moved = True

    def go_round(self) -> None:
        """Let the clock go round once, and ask whether every promise was kept."""
        before = Ring.objects.count()
        self.row.refresh_from_db()
        was = self.row.ring_at
        ring_due(now=self.now)
        rang = Ring.objects.count() - before
        told = list(Outgoing.objects.values_list("recipient", flat=True))
        Outgoing.objects.all().delete()

        assert rang <= 1, "one rung at a time, however long the clock stood"
        assert bool(told) == bool(rang), "a rung tells somebody, and nobody is told without one"
        assert len(told) == len(set(told)) <= 3, "nobody hears twice of one rung"
        assert not self.out & set(told), "nobody who is left out"
        if self.is_over or was is None or was <= self.now - OLD:
            assert not rang, "nothing after an answer, nothing old, nothing after the last rung"
            return
        self._check_times(rang)

    def _check_times(self, rang: int) -> None:
        if self.now < self.since:
            assert not rang, "nothing before it begins"
            return
        rings = Ring.objects.filter(referral=self.row, round=self.row.round)
        if rang and not self.has_moved:
            assert self.passed() >= (rings.count() - 1) * self.step, "never before it is due"
        if not self.has_moved and not self.out and self._all_read():
            self._check_exact()

    def _all_read(self) -> bool:
        return bool(self.story.dee.weekdays and self.story.eli.weekdays)

    def _check_exact(self) -> None:
        """Where every rung has somebody, exactly the highest one that is due was rung."""
        self.row.refresh_from_db()
        due = min(int(self.passed() / self.step), len(rules.RUNGS) - 1)
        assert self.row.rung == due + 1


_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def _play(story: Story) -> None:
    with acting_as("owner"):  # marks of what was said are nobody else's to take away
        for table in (Referral, Outgoing, Tombstone, Reading, Counselor):
            table.objects.all().delete()
    ladder = Ladder(story, care_cast(story.begins))
    for number, minutes in enumerate(story.ticks):
        if number == story.when:
            ladder.happen()
        ladder.go_round()
        ladder.now += minutes * STEP


@settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=_QUIET)
@given(story=_stories)
def test_every_ladder_keeps_every_promise(care_plane: None, story: Story) -> None:
    event(f"{story.kind} {story.what}")
    _play(story)


def _early(pace: ladder_rules.Pace, at: datetime) -> datetime:
    return at + pace.step / 2


def _one_by_one(waiting: Any, pace: Any, now: datetime) -> tuple[int, datetime]:
    return waiting.rung, pace.stands(waiting.ring_at)


def _nobody_out(keys: Any) -> dict[Any, frozenset[Any]]:
    return {key: frozenset() for key in keys}


BREAKS = {
    "rings early": (ladder_rules.Pace, "after", _early),
    "rings each that was missed": (ladder_rules, "highest_due", _one_by_one),
    "rings what is old": (rules, "OLD", timedelta(days=4000)),
    "tells who is left out": (reads_of, "left_out", _nobody_out),
    "does not ask whether it was taken back": (ReferralSet, "not_withdrawn", lambda rows: rows),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_control_each_fault_is_found(
    care_plane: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(*BREAKS[fault])

    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=_QUIET,
    )
    @given(story=_stories)
    def faulty(story: Story) -> None:
        _play(story)

    with pytest.raises((AssertionError, BaseExceptionGroup)):
        faulty()
