"""An evening, and the day after, as they may happen: who takes part, time, crashes, retries.

Nothing here knows how the services do it; what may be done is in evening_acts.py, what must hold
in promises.py. The dice belong to the step: a step left out changes nothing for the others, so
that a plan that fails can be made smaller.
"""

import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import time_machine
from django.conf import settings
from django.db import connection
from django.db.models import Model

from accounts.models import Group, Membership, Person
from accounts.rules import Role
from accounts.services import grant_role, join_as_student
from officehours import rules
from officehours.models import (
    Assignment,
    Break,
    Counter,
    Cover,
    Distance,
    Load,
    Shift,
    Visit,
)
from officehours.services import forgetting, presence
from peersupport.core import daykey, keyfiles
from peersupport.core.actors import SYSTEM as THE_SYSTEM
from peersupport.core.outbox.models import Outgoing
from peersupport.core.states import NotAllowedFrom
from program.models import Coverage
from tests.journeys.story import stand_behind
from tests.officehours.evening_plan import Step
from tests.officehours.promises import SYSTEM, Promises
from tests.people import cast, hours_of, pair_of
from tests.roles import acting_as, forget_visits, tick

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ALL_WAYS = ",".join(rules.Way)
_ROWS: list[type[Model]] = [
    *(Visit, Load, Counter, Cover, Break, Distance, Assignment, Shift, Group, Outgoing),
]
REFUSALS = (
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
    rules.NotThisWay,
    rules.OutOfTime,
    rules.Overlaps,
    rules.ShiftFull,
    rules.SlotGone,
    rules.SlotTaken,
    rules.StepsBack,
    rules.StillBooked,
    rules.TooManyShifts,
    rules.Unavailable,
    rules.WithYourself,
)


class Crash(BaseException):
    """The process died. Nothing in the program can catch it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing somebody does: one call of the program, prepared beforehand."""

    by: frozenset[str]
    do: Callable[[], object]
    # Called with what came of it, a result or a refusal, before anything else is done.
    then: Callable[[object], None] | None = None
    is_whole: bool = True  # one transaction: of a crash in it nothing is left


@contextmanager
def _dying(after: int) -> Iterator[None]:
    """Let the process die after so many queries, if it comes so far."""
    left = after

    def watch(execute: Callable[..., Any], *query: Any) -> Any:
        nonlocal left
        found = execute(*query)
        # A transaction that has only begun has done nothing yet.
        left -= not query[0].startswith(("BEGIN", "SAVEPOINT"))
        if left == 0:
            raise Crash
        return found

    with connection.execute_wrapper(watch):
        yield


def everything() -> list[list[dict[str, Any]]]:
    """Return all rows that an evening writes."""
    return [list(model._default_manager.order_by("pk").values()) for model in _ROWS]


class Evening:
    """A pair with a line, a single supporter, late hours, hours tomorrow; students, devices."""

    def __init__(self, now: datetime, seed: int) -> None:
        with acting_as("owner"):
            for model in _ROWS:
                model._default_manager.all().delete()
        _new_day_key(now)
        self.now, self.dice = now, random.Random(seed)
        self.people = cast(now)
        named = (self.people[name] for name in ("priya", "sol", "marcus"))
        self.supporters = [*named, _spare(now)]
        self.students = _students(now)
        self.everybody = [*self.students, *self.supporters]
        self.devices = [bytes([n]) * 16 for n in range(4)]
        self.promises = Promises(self.everybody, self.devices)
        self.crashes = self.refused = self.done = 0
        self._keys = count()
        if not Coverage.objects.exists():
            stand_behind(now)
        self._publish(now)
        self._say_whom()

    def _publish(self, now: datetime) -> None:
        """Make the hours, ending before and after midnight (UTC), where the key day changes."""
        priya, sol, marcus, _ = self.supporters
        start = now + 5 * MINUTE
        pair = pair_of(priya, sol, start)
        single = hours_of(marcus, start, length=90 * MINUTE)
        hours_of(marcus, start + 105 * MINUTE)
        pair_of(priya, sol, start + DAY)
        Shift.objects.filter(pk=pair[0].shift_id).update(ways=ALL_WAYS)
        self.tomorrow = start + DAY
        for hours in (*pair[: self.dice.choice([1, 2, 2])], single):
            presence.check_in(assignment=hours, by=hours.supporter, now=now)

    def _say_whom(self) -> None:
        """Let half of the students rather not see somebody, and one supporter keep a distance."""
        for person in self.students:
            if self.dice.random() < 0.5:
                self.promises.unwanted[person.pk].add(self.dice.choice(self.supporters).pk)
        group = Group.objects.create(name="A class", is_apart=self.dice.random() < 0.5)
        near = self.dice.choice(self.supporters[:3])
        members = [near, *self.dice.sample(self.students, 2)]
        Membership.objects.bulk_create([Membership(person=who, group=group) for who in members])
        if not group.is_apart:
            Distance.objects.create(supporter=near, group=group)
        for person in members[1:]:
            self.promises.unwanted[person.pk].add(near.pk)

    def key(self) -> uuid.UUID:
        """Return a request key of this step's dice, and no other step's."""
        return uuid.UUID(int=self.dice.getrandbits(96) << 32 | next(self._keys))

    def chance(self, share: float) -> bool:
        """Return whether something happens that happens in this share of cases."""
        return self.dice.random() < share

    def only(self, person: Person) -> frozenset[uuid.UUID] | None:
        """Return whom this person says they would meet; None: anybody."""
        unwanted = self.promises.unwanted[person.pk]
        return frozenset(one.pk for one in self.supporters) - unwanted if unwanted else None

    def play(self, steps: Iterable[Step], kinds: list[Callable[["Evening"], Act | None]]) -> None:
        """Do one thing after another, and check everything after each."""
        for step in steps:
            self.now += step.minutes * MINUTE
            self.dice = random.Random(step.seed)
            act = kinds[step.kind % len(kinds)](self)
            if act is not None:
                self.act(act)

    def act(self, act: Act) -> None:
        """Do one thing: perhaps dying in the middle of it, perhaps twice."""
        fate = self.dice.random()
        if fate < 0.12:
            self.crash_in(act)
        else:
            self._finish(act, self._try(act))
            if fate > 0.92:  # the answer was lost on the way: they press again
                number = Visit.objects.count()
                self._try(act)
                self.promises.check(self.now, act.by)
                assert Visit.objects.count() == number, "pressed twice, made twice"

    def _try(self, act: Act) -> object:
        try:
            found = act.do()
            self.done += 1
        except REFUSALS as refusal:
            self.refused += 1
            return refusal
        return found

    def _finish(self, act: Act, found: object) -> None:
        self.promises.check(self.now, act.by)
        if act.then is not None:
            act.then(found)

    def crash_in(self, act: Act) -> None:
        """Do an act in a process that dies after any of its queries, or as it commits."""
        before = everything() if act.is_whole else []
        try:
            with _dying(self.dice.randrange(1, 26)):
                found = self._try(act)
        except Crash:
            self.crashes += 1
            assert not act.is_whole or everything() == before, "half of a crashed step was kept"
            self.promises.check(self.now, act.by)
        else:  # it was done before it came so far
            self._finish(act, found)

    def timers(self) -> None:
        """Run the timers, and ask whether they ended what is due."""
        self.tick()
        self.promises.check(self.now, SYSTEM)
        self.promises.check_settled(self.now)

    def tick(self) -> None:
        """Let the minute's timers run at this evening's time."""
        with time_machine.travel(self.now, tick=False):
            tick()

    def forget(self) -> None:
        """Run the forgetting, and ask whether it forgot what is due."""
        self.promises.check_unreadable(self.now)
        with mock.patch.object(forgetting, "mix_rows"):  # accounts: no part of an evening
            if self.chance(0.3):
                again = Act(SYSTEM, lambda: forget_visits(now=self.now), is_whole=False)
                self.crash_in(again)
            forget_visits(now=self.now)
        self.promises.check(self.now, SYSTEM)
        self.promises.check_forgotten(self.now)

    def sleep(self, until: datetime) -> None:
        """Let time pass in which nobody taps anything: the system alone ends and forgets."""
        for shift in Shift.objects.filter(ends_at__lt=until).order_by("ends_at", "pk"):
            for moment in (shift.ends_at, shift.ends_at + rules.LAPSE_GRACE):
                if self.now < moment < until:
                    self.now = moment
                    self.timers()
        while self.now < until:
            self.now = min(self.now + timedelta(hours=8), until)
            self.timers()
            self.forget()

    def end(self) -> None:
        """Let everything end; a day later nobody is known, a week later no row is left."""
        last = max(self.now, *Shift.objects.values_list("ends_at", flat=True))
        self.sleep(last + rules.LAPSE_GRACE + rules.REMEMBER)
        assert not Visit.objects.live().exists(), "somebody was left hanging"
        assert not Visit.objects.filter(is_forgotten=False).exists(), "somebody is still known"
        self.promises.check_counts()
        self.now = last + rules.LAPSE_GRACE + rules.ROW_KEPT
        forget_visits(now=self.now)
        assert not Visit.objects.exists(), "a row is kept too long"


def _new_day_key(now: datetime) -> None:
    """Begin the ratchet anew: an evening moves it on, and the next one begins where this did."""
    (Path(settings.KEYS_DIR) / keyfiles.DAYKEY).unlink(missing_ok=True)
    daykey.create(now)


def _spare(now: datetime) -> Person:
    """Return a supporter without hours, who may take somebody's."""
    person = join_as_student(email="h0@school.example", now=now)
    grant_role(person=person, role=Role.SUPPORTER, by=THE_SYSTEM, now=now)
    return Person.objects.get(pk=person.pk)


def _students(now: datetime) -> list[Person]:
    known = {person.email: person for person in Person.objects.filter(email__startswith="s")}
    addresses = [f"s{n}@school.example" for n in range(10)]
    return [known.get(one) or join_as_student(email=one, now=now) for one in addresses]
