"""Races of the line between threads with connections of their own, on the real database.

Each has a control: with the guard taken away the same scene goes wrong, so the test can fail.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.queries.sealed import Claimant
from officehours.services import booking, calling, line, presence, steps
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.states import NotAllowedFrom
from tests.people import cast, hours_of, join_line, pair_of
from tests.races.at_once import at_once, between, meeting, unguarded_writes, without_locks
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MINUTE = timedelta(minutes=1)
_PATIENCE = 30.0  # seconds; only a test that fails waits so long


def _door(shift: Any, number: int, now: datetime) -> Visit:
    from officehours.queries.line import door_code

    return line.join_at_door(
        shift=shift,
        code=door_code(shift, now),
        device=bytes([number]) * 16,
        name="",
        only=None,
        request_key=ids.new_id(),
        now=now,
    )


def _two_call(evening: datetime) -> tuple[list[object], list[Assignment]]:
    people = cast(evening)
    pair = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    for number in range(4):
        _door(pair[0].shift_id, number, evening)
    done = at_once(
        [
            lambda a=a: calling.call_next(assignment=a.pk, by=a.supporter, now=evening)  # type: ignore[misc]
            for a in pair
        ]
    )
    return done, list(pair)


def test_two_supporters_calling_at_once_get_two_people(evening: datetime) -> None:
    done, _ = _two_call(evening)

    called = [one for one in done if isinstance(one, Visit)]
    assert len(called) == 2
    assert len({one.pk for one in called}) == 2
    assert Visit.objects.filter(state=rules.S.CALLED).count() == 2


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: SQLite itself is the guard"
)
def test_control_without_the_guarded_update_both_call_the_same(evening: datetime) -> None:
    with unguarded_writes(steps), meeting(calling, "may_meet"):
        done, _ = _two_call(evening)

    called = [one for one in done if isinstance(one, Visit)]
    assert len({one.pk for one in called}) == 1


def test_one_student_joining_fifty_times_has_one_place(evening: datetime) -> None:
    people = cast(evening)
    lines = [
        hours_of(people[name], evening, checked_in_at=evening).shift_id
        for name in ("priya", "sol", "marcus")
    ]

    done = at_once(
        [
            lambda n=n: join_line(people["ana"], lines[n % 3], evening)  # type: ignore[misc]
            for n in range(50 if connection.vendor == "postgresql" else 20)
        ]
    )

    assert Visit.objects.live().count() == 1
    places = {one.pk for one in done if isinstance(one, Visit)}
    assert len(places) == 1
    assert all(isinstance(one, Visit | rules.AlreadyWaiting) for one in done)


@contextmanager
def _claims_not_unique() -> Iterator[None]:
    """Take away the unique claim and the person's lock, for the length of a control."""
    constraint = next(
        c for c in Visit._meta.constraints if c.name == "officehours_visit_one_live_claim"
    )
    with acting_as("owner"), connection.schema_editor() as editor:
        editor.remove_constraint(Visit, constraint)
    try:
        with without_locks("person"):
            yield
    finally:
        Visit.objects.all().delete()
        with acting_as("owner"), connection.schema_editor() as editor:
            editor.add_constraint(Visit, constraint)


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: SQLite itself is the guard"
)
def test_control_without_lock_and_claim_one_student_has_many_places(evening: datetime) -> None:
    people = cast(evening)
    shift = hours_of(people["priya"], evening, checked_in_at=evening).shift_id
    with _claims_not_unique(), meeting(line, "_waiting_of"):
        at_once([lambda: join_line(people["ana"], shift, evening) for _ in range(2)])
        assert Visit.objects.live().count() > 1


def test_call_against_leave_has_one_outcome(evening: datetime) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    outcomes = set()
    for number in range(8):
        visit = _door(hours.shift_id, number, evening)
        done = at_once(
            [
                lambda: calling.call_next(assignment=hours.pk, by=people["priya"], now=evening),
                lambda v=visit, n=number: line.leave(  # type: ignore[misc]
                    claimant=Claimant(device=bytes([n]) * 16), visit=v.pk, now=evening
                ),
            ]
        )
        state = Visit.objects.get(pk=visit.pk).state
        outcomes.add(state)
        # Whoever leaves is gone in the end or was told; nobody is called who has left.
        left_said = not isinstance(done[1], Exception)
        assert (state == rules.S.LEFT) == left_said
        Visit.objects.filter(pk=visit.pk).update(state=rules.S.LEFT)
    assert outcomes <= {rules.S.LEFT, rules.S.CALLED}


def test_close_against_join_leaves_nobody_in_a_closed_line(evening: datetime) -> None:
    people = cast(evening)
    for _round in range(6):
        hours = hours_of(people["priya"], evening, checked_in_at=evening)
        done = at_once(
            [
                lambda h=hours: presence.check_out(  # type: ignore[misc]
                    assignment=h, give_up_booked=True, by=people["priya"], now=evening
                ),
                *(lambda h=hours, n=n: _door(h.shift_id, n, evening) for n in range(4)),
            ]
        )
        assert done[0] is None
        assert not Visit.objects.filter(shift=hours.shift_id, state=rules.S.WAITING).exists()
        Assignment.objects.filter(pk=hours.pk).update(is_active=False)
        Visit.objects.all().delete()


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: SQLite itself is the guard"
)
def test_control_without_the_line_lock_somebody_is_left_in_a_closed_line(
    evening: datetime,
) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening, checked_in_at=evening)

    def leave() -> object:
        return presence.check_out(
            assignment=hours, give_up_booked=True, by=people["priya"], now=evening
        )

    with without_locks("line"), between(line, "last_rank", leave) as meanwhile:
        at_once([meanwhile, lambda: _door(hours.shift_id, 1, evening)])
    assert Shift.objects.get(pk=hours.shift_id).state == rules.ShiftState.CLOSED
    assert Visit.objects.filter(shift=hours.shift_id, state=rules.S.WAITING).exists()


@dataclass(frozen=True, slots=True)
class _Turns:
    """Lets an arrival happen wholly between the reading and the writing of a displacing."""

    read: Event = field(default_factory=Event)
    arrived: Event = field(default_factory=Event)

    def arrive(self, act: Callable[[], Visit]) -> Visit:
        self.read.wait(_PATIENCE)
        try:
            return act()
        finally:
            self.arrived.set()

    def displace(self, visit: Visit, verb: str, **more: Any) -> Visit:
        """What `take_step` would be without asking again which state the row is in."""
        self.read.set()
        self.arrived.wait(_PATIENCE)
        target = rules.TRANSITIONS.target(visit.state, verb)
        more.pop("now")
        Visit.objects.filter(pk=visit.pk).update(state=target, **more)
        return Visit.objects.get(pk=visit.pk)


def _displace_scene(evening: datetime, turns: _Turns | None = None) -> tuple[Visit, list[object]]:
    people = cast(evening)
    hours = hours_of(people["priya"], evening + 5 * MINUTE, checked_in_at=evening)
    booked = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=evening,
    )
    now = hours.starts_at + rules.GIVEN_ON_AFTER
    _door(hours.shift_id, 1, now)

    def arrive() -> Visit:
        return booking.arrive(person=people["ana"], visit=booked, now=now)

    done = at_once(
        [
            lambda: calling.call_next(assignment=hours.pk, by=people["priya"], now=now),
            arrive if turns is None else lambda: turns.arrive(arrive),
        ]
    )
    booked.refresh_from_db()
    return booked, done


def test_displace_against_arrive_has_one_outcome(evening: datetime) -> None:
    booked, (called, arrived) = _displace_scene(evening)

    if booked.state == rules.S.ARRIVED:
        # They came first: either the call saw it, or it found that somebody was first.
        assert isinstance(called, rules.BookedFirst | NotAllowedFrom | Visit)
    else:
        assert booked.state == rules.S.WAITING
        assert isinstance(called, Visit)
        assert isinstance(arrived, NotAllowedFrom | rules.OutOfTime)
    assert sum(
        Visit.objects.filter(state=state).count() for state in (rules.S.ARRIVED, rules.S.WAITING)
    ) in (1, 2)


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: SQLite itself is the guard"
)
def test_control_without_the_guarded_update_both_displace_and_arrive_win(
    evening: datetime,
) -> None:
    turns = _Turns()
    with mock.patch.object(line, "take_step", turns.displace):
        booked, (called, arrived) = _displace_scene(evening, turns)

    assert isinstance(called, Visit)
    assert isinstance(arrived, Visit)  # told "you are here", and yet their time was given on
    assert booked.state == rules.S.WAITING
