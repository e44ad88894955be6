"""Races between threads with connections of their own, on the real database.

Each has a control: with the guard taken away the same scene goes wrong, so the test can fail.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from accounts.models import Person
from officehours import rules
from officehours.models import Visit
from officehours.services import booking, talks
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.states import NotAllowedFrom
from tests.people import cast, hours_of
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
CROWD = 24


def _at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Run all acts at the same moment, each on its own connection; return results or errors."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _book(person: Person, slot: Slot, now: datetime) -> Visit:
    return booking.book(
        person=person, slot=slot, name="", wants_mail=False, request_key=ids.new_id(), now=now
    )


def _crowd(now: datetime) -> list[Person]:
    from accounts.services import join_as_student

    return [join_as_student(email=f"s{n}@school.example", now=now) for n in range(CROWD)]


def test_many_students_for_one_time_give_it_to_one(evening: datetime) -> None:
    hours = hours_of(cast(evening)["priya"], evening + timedelta(minutes=30))
    slot = Slot(hours.pk, hours.starts_at)

    done = _at_once([lambda p=p: _book(p, slot, evening) for p in _crowd(evening)])  # type: ignore[misc]

    assert sum(isinstance(d, Visit) for d in done) == 1
    assert sum(isinstance(d, rules.SlotTaken) for d in done) == CROWD - 1
    assert Visit.objects.holding_time().count() == 1


def _days(evening: datetime) -> list[Slot]:
    priya = cast(evening)["priya"]
    hours = [hours_of(priya, evening + timedelta(days=n, minutes=30)) for n in range(12)]
    return [Slot(h.pk, h.starts_at) for h in hours]


def test_one_student_booking_many_days_at_once_gets_one(evening: datetime) -> None:
    slots = _days(evening)
    ana = cast(evening)["ana"]

    done = _at_once([lambda s=s: _book(ana, s, evening) for s in slots])  # type: ignore[misc]

    assert sum(isinstance(d, Visit) for d in done) == 1
    assert Visit.objects.live().count() == 1


@contextmanager
def _without(target: str, instead: Any) -> Iterator[None]:
    with mock.patch(target, instead):
        yield


def test_control_without_the_persons_guard_one_student_gets_several(evening: datetime) -> None:
    slots = _days(evening)
    ana = cast(evening)["ana"]

    with _without("officehours.services.booking._lock_and_find", lambda *whom: None):
        _at_once([lambda s=s: _book(ana, s, evening) for s in slots])  # type: ignore[misc]

    assert Visit.objects.live().count() > 1


def test_start_against_cancel_has_one_winner(evening: datetime) -> None:
    people = cast(evening)
    for _round in range(6):
        start = evening + timedelta(hours=3 * _round, minutes=10)
        hours = hours_of(people["priya"], start, checked_in_at=start)
        visit = _book(people["ana"], Slot(hours.pk, start), start - timedelta(minutes=5))

        done = _at_once(
            [
                lambda v=visit, s=start: talks.start(visit=v, by=people["priya"], now=s),  # type: ignore[misc]
                lambda v=visit, s=start: booking.cancel(person=people["ana"], visit=v, now=s),  # type: ignore[misc]
            ]
        )

        assert sum(isinstance(d, Visit) for d in done) == 1
        assert sum(isinstance(d, NotAllowedFrom) for d in done) == 1
        Visit.objects.filter(pk=visit.pk).update(state=rules.S.CANCELLED)


def _unguarded(visit: Visit, verb: str, *, now: datetime, **fields: Any) -> Visit:
    """What `take_step` would be without asking again which state the row is in."""
    target = rules.TRANSITIONS.target(visit.state, verb)
    Visit.objects.filter(pk=visit.pk).update(state=target, changed_at=now, **fields)
    return visit


def test_control_without_the_states_guard_both_start_and_cancel(evening: datetime) -> None:
    if connection.vendor == "sqlite":
        # There the IMMEDIATE transaction alone keeps the two apart: nothing to take away.
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        return
    people = cast(evening)
    hours = hours_of(people["priya"], evening + timedelta(minutes=10), checked_in_at=evening)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)

    both_have_read = Barrier(2, timeout=30)  # seconds; only a test that fails waits so long

    def take(visit: Visit, verb: str, **more: Any) -> Visit:
        both_have_read.wait()
        return _unguarded(visit, verb, **more)

    with (
        _without("officehours.services.talks.take_step", take),
        _without("officehours.services.booking.take_step", take),
    ):
        done = _at_once(
            [
                lambda: talks.start(visit=visit, by=people["priya"], now=hours.starts_at),
                lambda: booking.cancel(person=people["ana"], visit=visit, now=evening),
            ]
        )

    assert sum(isinstance(d, Visit) for d in done) == 2


def test_control_without_the_constraint_one_time_goes_to_many(evening: datetime) -> None:
    hours = hours_of(cast(evening)["priya"], evening + timedelta(minutes=30))
    slot = Slot(hours.pk, hours.starts_at)
    guard = next(c for c in Visit._meta.constraints if c.name == "officehours_visit_one_per_time")
    crowd = _crowd(evening)
    with acting_as("owner"), connection.schema_editor() as editor:
        editor.remove_constraint(Visit, guard)
    try:
        _at_once([lambda p=p: _book(p, slot, evening) for p in crowd])  # type: ignore[misc]
        assert Visit.objects.holding_time().count() > 1
    finally:
        Visit.objects.all().delete()
        with acting_as("owner"), connection.schema_editor() as editor:
            editor.add_constraint(Visit, guard)


def test_cancel_against_book_never_gives_a_time_twice(evening: datetime) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening + timedelta(minutes=30))
    slot = Slot(hours.pk, hours.starts_at)
    visit = _book(people["ana"], slot, evening)

    _at_once(
        [
            lambda: booking.cancel(person=people["ana"], visit=visit, now=evening),
            *[lambda p=p: _book(p, slot, evening) for p in _crowd(evening)[:8]],
        ]
    )

    assert Visit.objects.holding_time().count() <= 1
