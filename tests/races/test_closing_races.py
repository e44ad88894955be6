"""Lines that close while somebody leaves, is put back, or comes late. Each with a control."""

from collections.abc import Callable
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.db import connection

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.queries.sealed import Claimant
from officehours.services import booking, calling, line, presence, steps, talks
from officehours.services.booking import Slot
from peersupport.core import ids
from tests.people import cast, hours_of, join_line, pair_of
from tests.races.at_once import at_once, without_locks
from tests.races.stage import FREE, GUARDED, Stage
from tests.roles import close_ended

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="one writer at a time: SQLite itself is the guard"
    ),
]


def _leave(row: Assignment, now: datetime) -> Callable[[], object]:
    return lambda: presence.check_out(
        assignment=row, give_up_booked=True, by=row.supporter, now=now
    )


def _both_leave(evening: datetime, patience: float) -> Shift:
    """Two of one shift leave at once, the second once the first has looked who else is there."""
    people, stage = cast(evening), Stage(patience)
    one, other = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    join_line(people["ana"], one.shift_id, evening)
    with stage.in_the_middle(presence, "_close_if_empty"):
        at_once([_leave(one, evening), stage.second(_leave(other, evening))])
    return Shift.objects.get(pk=one.shift_id)


def test_of_two_who_leave_at_once_one_is_the_last(evening: datetime) -> None:
    shift = _both_leave(evening, GUARDED)

    assert shift.state == rules.ShiftState.CLOSED
    assert Visit.objects.get().state == rules.S.CLOSED


def test_control_without_the_locks_somebody_waits_for_nobody(evening: datetime) -> None:
    with without_locks("shift"), without_locks("line"):
        _both_leave(evening, FREE)

    assert Visit.objects.get().state == rules.S.WAITING


def _put_back_while_closing(evening: datetime) -> Visit:
    """Somebody called is put back between the reading and the writing of a closing."""
    people = cast(evening)
    row = hours_of(people["priya"], evening, checked_in_at=evening)
    visit = join_line(people["ana"], row.shift_id, evening)
    calling.call_next(assignment=row.pk, by=people["priya"], now=evening)
    real, stage = steps.take_step, Stage(FREE)

    def put_back() -> object:
        return calling.put_back(visit=visit.pk, by=people["priya"], now=evening)

    def step(seen: Visit, verb: str, **more: object) -> Visit:
        if verb == "close" and not stage.begun.is_set():
            stage.begun.set()
            stage.done.wait(FREE)
        return real(seen, verb, **more)  # type: ignore[arg-type]

    with mock.patch.object(calling, "take_step", step):
        at_once([lambda: close_ended(now=row.ends_at), stage.second(put_back)])
    visit.refresh_from_db()
    return visit


def test_who_is_put_back_into_a_closing_line_is_told(evening: datetime) -> None:
    assert _put_back_while_closing(evening).state == rules.S.CLOSED


def _come_late_while_closing(evening: datetime, patience: float) -> Visit:
    people, stage = cast(evening), Stage(patience)
    row = hours_of(people["priya"], evening + timedelta(minutes=5), checked_in_at=evening)
    visit = booking.book(
        person=people["ana"],
        slot=Slot(row.pk, row.starts_at),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=evening,
    )
    now = row.starts_at + rules.MISS_GRACE
    talks.miss(visit=visit, by=people["priya"], now=now)
    with stage.in_the_middle(line, "still_held"):
        at_once([_late(people["ana"], visit, now), stage.second(_leave(row, now))])
    visit.refresh_from_db()
    return visit


def _late(person: Person, visit: Visit, now: datetime) -> Callable[[], object]:
    claim = Claimant(person=person.pk)
    return lambda: line.come_late(claimant=claim, visit=visit.pk, now=now)


def test_who_comes_late_to_a_closing_line_is_told(evening: datetime) -> None:
    assert _come_late_while_closing(evening, GUARDED).state == rules.S.CLOSED


def test_control_without_the_line_lock_who_comes_late_waits_for_nobody(evening: datetime) -> None:
    with without_locks("line"):
        assert _come_late_while_closing(evening, FREE).state == rules.S.WAITING
