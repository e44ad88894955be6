"""Evenings simulated: random students, supporters, delays, and crashes between any two steps.

After every step the invariants of the state table are asked of the database. Nothing here knows
how the services do it; an expected refusal is an answer, anything else fails.
"""

import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from unittest import mock

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from accounts.services import join_as_student
from officehours import rules
from officehours.models import Assignment, Counter, Load, Shift, Visit
from officehours.queries import line as lines
from officehours.queries import sealed
from officehours.queries.sealed import Claimant
from officehours.services import booking, calling, line, meeting, presence, talks
from officehours.services.booking import Meeting, Slot
from officehours.services.forgetting import forget_visits
from officehours.tasks import tick
from peersupport.core import ids
from peersupport.core.outbox.models import Outgoing
from peersupport.core.states import NotAllowedFrom
from tests.people import cast, hours_of, pair_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MINUTE = timedelta(minutes=1)
_REFUSALS = (
    NotAllowedFrom,
    rules.AlreadyBooked,
    rules.AlreadyTalking,
    rules.AlreadyWaiting,
    rules.BookedFirst,
    rules.EnoughForNow,
    rules.LineClosed,
    rules.NobodySuitable,
    rules.NobodyToCall,
    rules.NotAllowed,
    rules.OutOfTime,
    rules.SlotGone,
    rules.SlotTaken,
    rules.StillBooked,
    rules.WithYourself,
)


class Crash(Exception):
    """The process died in the middle of a transaction."""


def _students(now: datetime) -> list[Person]:
    known = {person.email: person for person in Person.objects.filter(email__startswith="s")}
    addresses = [f"s{n}@school.example" for n in range(8)]
    return [known.get(one) or join_as_student(email=one, now=now) for one in addresses]


class Evening:
    """One evening: a pair with a line, a single supporter, students with and without accounts."""

    def __init__(self, now: datetime, seed: int) -> None:
        self.now, self.dice = now, random.Random(seed)
        people = cast(now)
        self.supporters = [people["priya"], people["sol"], people["marcus"]]
        start = now + 5 * MINUTE
        pair = pair_of(people["priya"], people["sol"], start)
        self.hours = [*pair, hours_of(people["marcus"], start)]
        self.ends = self.hours[0].ends_at
        self.students = _students(now)
        self.devices = [bytes([n]) * 16 for n in range(4)]
        self.refuses = {
            who.pk: self.dice.choice(self.supporters).pk
            for who in self.students
            if self.dice.random() < 0.5
        }
        self.ended: dict[object, datetime] = {}

    def _only(self, person: Person) -> frozenset | None:
        unwanted = self.refuses.get(person.pk)
        if unwanted is None:
            return None
        return frozenset(one.pk for one in self.supporters) - {unwanted}

    def _any(self, *states: str) -> Visit | None:
        found = list(Visit.objects.filter(state__in=states).order_by("pk"))
        return self.dice.choice(found) if found else None

    def book(self) -> None:
        person, hours = self.dice.choice(self.students), self.dice.choice(self.hours)
        if self.refuses.get(person.pk) == hours.supporter_id:
            return
        start = hours.starts_at + self.dice.randrange(4) * 30 * MINUTE
        booking.book(
            person=person,
            slot=Slot(hours.pk, start),
            name="",
            wants_mail=self.dice.random() < 0.3,
            request_key=ids.new_id(),
            now=self.now,
            meeting=Meeting(only=self._only(person)),
        )

    def join(self) -> None:
        person = self.dice.choice(self.students)
        line.join(
            person=person,
            shift=self.dice.choice(self.hours).shift_id,
            name="",
            meeting=Meeting(only=self._only(person)),
            request_key=ids.new_id(),
            now=self.now,
        )

    def join_at_door(self) -> None:
        shift = self.dice.choice(self.hours).shift_id
        line.join_at_door(
            shift=shift,
            code=lines.door_code(shift, self.now),
            device=self.dice.choice(self.devices),
            name="",
            only=None,
            request_key=ids.new_id(),
            now=self.now,
        )

    def student_acts(self) -> None:
        person = self.dice.choice(self.students)
        claim = Claimant(person=person.pk)
        mine = list(sealed.claimed_by(claim, self.now).order_by("pk"))
        if not mine:
            return
        visit = self.dice.choice(mine)
        away = self.dice.random() < 0.5
        acts: list[Callable[[], object]] = [
            lambda: booking.cancel(person=person, visit=visit, now=self.now),
            lambda: booking.arrive(person=person, visit=visit, now=self.now),
            lambda: line.leave(claimant=claim, visit=visit.pk, now=self.now),
            lambda: line.set_away(claimant=claim, visit=visit.pk, is_away=away, now=self.now),
            lambda: line.come_late(claimant=claim, visit=visit.pk, now=self.now),
            lambda: meeting.accept_offer(person=person, visit=visit, now=self.now),
            lambda: meeting.decline_offer(person=person, visit=visit, now=self.now),
        ]
        self.dice.choice(acts)()

    def supporter_acts(self) -> None:
        hours = self.dice.choice(self.hours)
        by, now = hours.supporter, self.now
        visit = self._any(*map(str, rules.VisitState))
        acts: list[Callable[[], object]] = [
            lambda: presence.check_in(assignment=hours, by=by, now=now),
            lambda: presence.check_out(
                assignment=hours, give_up_booked=self.dice.random() < 0.3, by=by, now=now
            ),
            lambda: calling.add(assignment=hours.pk, request_key=ids.new_id(), by=by, now=now),
            lambda: presence.run_late(assignment=hours, minutes=10, by=by, now=now),
        ]
        if visit is not None:
            acts += [
                lambda: talks.arrive(visit=visit, by=by, now=now),
                lambda: talks.miss(visit=visit, by=by, now=now),
                lambda: talks.undo(visit=visit, by=by, now=now),
                lambda: calling.call(visit=visit.pk, by=by, now=now),
                lambda: calling.not_found(visit=visit.pk, by=by, now=now),
                lambda: calling.put_back(visit=visit.pk, by=by, now=now),
                lambda: calling.came_late(visit=visit.pk, by=by, now=now),
                lambda: calling.remove(visit=visit.pk, by=by, now=now),
                lambda: meeting.not_me(visit=visit, by=by, now=now),
            ]
        self.dice.choice(acts)()

    def work(self) -> None:
        """Go on with whatever this supporter has in hand, else call the next."""
        hours = self.dice.choice(self.hours)
        by = hours.supporter
        mine = Visit.objects.filter(assignment=hours)
        talking = mine.filter(state=rules.S.TALKING).first()
        called = mine.filter(state__in=["called", "arrived"]).order_by("state").first()
        if talking is not None:
            talks.finish(visit=talking, by=by, now=self.now)
        elif called is not None:
            talks.start(visit=called, by=by, now=self.now)
        else:
            anyway = self.dice.random() < 0.3
            calling.call_next(assignment=hours.pk, by=by, now=self.now, anyway=anyway)

    def timers(self) -> None:
        with time_machine.travel(self.now, tick=False):
            tick()

    def step(self, number: int) -> None:
        """Do one thing, perhaps dying in the middle of it, and check everything."""
        acts = [
            *(self.book, self.join, self.join, self.join_at_door, self.student_acts),
            *(self.student_acts, self.supporter_acts, self.supporter_acts),
            *(self.work, self.work, self.work, self.timers),
        ]
        act = acts[number % len(acts)]
        try:
            if self.dice.random() < 0.08:
                self._crash_in(act)
            else:
                act()
        except _REFUSALS:
            pass
        self.check()

    def _crash_in(self, act: Callable[[], object]) -> None:
        """Do an act in a process that dies after a guarded write and before the commit."""
        before = list(Visit.objects.order_by("pk").values())

        def die(*args: object, **kwargs: object) -> None:
            raise Crash

        places = [booking, calling, line, meeting, presence, talks]
        with ExitStack() as patches:
            for place in places:
                patches.enter_context(mock.patch.object(place, "touch_public", die))
            try:
                act()
            except Crash:
                after = list(Visit.objects.order_by("pk").values())
                assert after == before, "half of a crashed step was kept"

    def check(self) -> None:
        """Ask the database whether every promise of the table holds."""
        visits = list(Visit.objects.select_related("assignment", "shift"))
        live = [v for v in visits if v.state in rules.LIVE]
        for holder in self.students:
            mine = [v for v in live if self._holds(v, holder)]
            waits = [v for v in mine if v.state in (rules.S.WAITING, rules.S.CALLED)]
            booked = [v for v in mine if v.state in (rules.S.BOOKED, rules.S.ARRIVED)]
            assert len(waits) <= 1, "somebody waits in two places"
            assert len(booked) <= 1, "somebody has two booked times"
        with_them = [v.assignment_id for v in live if v.state in rules.WITH_SUPPORTER]
        assert len(with_them) == len(set(with_them)), "a supporter is in two talks"
        times = [(v.assignment_id, v.starts_at) for v in visits if v.state in rules.HOLDS_TIME]
        times = [one for one in times if one[1] is not None]
        assert len(times) == len(set(times)), "one time was given to two"
        for visit in live:
            self._check_one(visit)
        for visit in visits:
            if visit.state in rules.ENDED:
                assert visit.forget_at <= self.now + rules.REMEMBER, "remembered too long"

    def _holds(self, visit: Visit, person: Person) -> bool:
        holder = sealed.holder_of(visit, self.now)
        return holder is not None and holder.person == person.pk

    def _check_one(self, visit: Visit) -> None:
        assert visit.forget_at <= visit.shift.ends_at + rules.REMEMBER
        if visit.state in (rules.S.WAITING, rules.S.CALLED):
            assert visit.line_rank is not None
        if visit.state == rules.S.WAITING:
            assert visit.assignment_id is None
        if visit.assignment is not None:
            wanted = sealed.wanted_of(visit, self.now)
            assert wanted.allows(visit.assignment.supporter_id), "with somebody unwanted"
            holder = sealed.holder_of(visit, self.now)
            if holder is not None and visit.state in rules.WITH_SUPPORTER:
                assert self.refuses.get(holder.person) != visit.assignment.supporter_id

    def finish(self) -> None:
        """After the hours and their grace everything is ended; a day later nobody is known."""
        self.now = self.ends + rules.LAPSE_GRACE
        self.timers()
        assert not Visit.objects.live().exists(), "somebody was left hanging"
        people = [sealed.visits_of(who.pk, self.now).count() for who in self.students]
        later = self.now + rules.REMEMBER
        for who in self.students:
            assert not sealed.visits_of(who.pk, later).exists()
        with mock.patch("officehours.services.forgetting.daykey.advance"):
            forget_visits(now=later)
        assert not Visit.objects.filter(is_forgotten=False).exists(), "forgetting did not start"
        assert sum(people) >= 0


_PLANS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([0, 0, 1, 2, 3, 6])), min_size=20, max_size=90
)
_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def _play(evening: datetime, seed: int, plan: list[tuple[int, int]]) -> None:
    for model in (Visit, Load, Counter, Assignment, Shift, Outgoing):
        model.objects.all().delete()
    play = Evening(evening, seed)
    for hours in play.hours[:2]:
        presence.check_in(assignment=hours, by=hours.supporter, now=play.now)
    for number, minutes in plan:
        play.now += minutes * MINUTE
        play.step(number)
    play.finish()


# The plan is printed when one fails; making it smaller would take minutes.
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=_QUIET,
)
@given(seed=st.integers(0, 2**32 - 1), plan=_PLANS)
def test_every_evening_keeps_every_promise(
    evening: datetime, seed: int, plan: list[tuple[int, int]]
) -> None:
    _play(evening, seed, plan)


@pytest.mark.soak
@settings(
    max_examples=2000,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=_QUIET,
)
@given(seed=st.integers(0, 2**32 - 1), plan=_PLANS)
def test_thousands_of_evenings_keep_every_promise(
    evening: datetime, seed: int, plan: list[tuple[int, int]]
) -> None:
    _play(evening, seed, plan)


def test_a_broken_promise_is_seen(evening: datetime) -> None:
    """The control: rows that break a rule are caught by the same check."""
    play = Evening(evening, 1)
    one, other = play.hours[0], play.hours[2]
    for hours in (one, other):
        presence.check_in(assignment=hours, by=hours.supporter, now=evening)
    play.refuses = {}
    ana = play.students[0]
    first = line.join(
        person=ana, shift=one.shift_id, name="", request_key=ids.new_id(), now=evening
    )
    play.check()
    Visit.objects.filter(pk=first.pk).update(claim_tag=None)
    line.join(person=ana, shift=other.shift_id, name="", request_key=ids.new_id(), now=evening)
    with pytest.raises(AssertionError, match="two places"):
        play.check()
    Visit.objects.exclude(pk=first.pk).delete()
    Visit.objects.filter(pk=first.pk).update(
        acceptable=sealed.seal_wanted(first.pk, first.key_day, sealed.NOBODY),
        assignment=one,
        state=rules.S.CALLED,
    )
    with pytest.raises(AssertionError, match="unwanted"):
        play.check()
    assert isinstance(one, Assignment)
