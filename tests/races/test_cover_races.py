"""Cover, cancelling, booking and the horizon at the same moment. Each with a control."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role, join_as_student
from officehours import rules
from officehours.models import Assignment, Cover, Rule, Shift, Visit
from officehours.services import booking, cover, hours, pairs, planning
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from tests.journeys.story import stand_behind
from tests.people import cast, hours_of
from tests.races.at_once import at_once, without_locks
from tests.races.stage import FREE, GUARDED, Stage
from tests.roles import extend_horizon

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
CROWD = 6
DAY = timedelta(days=1)


def _supporters(now: datetime, count: int = CROWD) -> list[Person]:
    found = []
    for number in range(count):
        person = join_as_student(email=f"h{number}@school.example", now=now)
        grant_role(person=person, role=Role.SUPPORTER, by=SYSTEM, now=now)
        found.append(Person.objects.get(pk=person.pk))
    return found


def _asked(person: Person, start: datetime) -> tuple[Assignment, Cover]:
    row = hours_of(person, start)
    cover.ask(assignment=row.pk, by=person, now=start - DAY)
    return row, Cover.objects.get(assignment=row)


def _active(row: Assignment) -> int:
    return Assignment.objects.filter(shift=row.shift_id, is_active=True).count()


def _is_lite() -> bool:
    """Tell whether the IMMEDIATE transaction alone keeps writers apart: nothing to take away."""
    if connection.vendor != "sqlite":
        return False
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    return True


def test_many_take_the_same_hours_and_one_has_them(evening: datetime) -> None:
    stand_behind(evening)
    row, asked = _asked(cast(evening)["priya"], evening + DAY)
    crowd = _supporters(evening)

    done = at_once(
        [lambda p=p: cover.take(cover=asked.pk, by=p, now=evening) for p in crowd]  # type: ignore[misc]
    )

    assert sum(isinstance(d, int) for d in done) == 1, done
    assert _active(row) == 1


def _take_and_cancel(
    row: Assignment, asked: Cover, taker: Person, now: datetime, patience: float
) -> None:
    cora, stage = cast(now)["cora"], Stage(patience)
    with stage.in_the_middle(cover, "put_in"), stage.until(hours, "call_off"):
        at_once(
            [
                lambda: cover.take(cover=asked.pk, by=taker, now=now),
                stage.second(lambda: hours.cancel_shift(shift=row.shift, by=cora, now=now)),
            ]
        )


def test_cover_against_cancel_ends_in_one_way(evening: datetime) -> None:
    """Cancelled hours have nobody in them, though somebody was just taking them."""
    stand_behind(evening)
    people = cast(evening)
    row, asked = _asked(people["priya"], evening + DAY)

    _take_and_cancel(row, asked, people["sol"], evening, GUARDED)

    assert Shift.objects.get(pk=row.shift_id).state == rules.ShiftState.CANCELLED
    assert Cover.objects.get(pk=asked.pk).state == rules.CoverState.TAKEN
    assert _active(row) == 0


def test_control_without_both_guards_somebody_holds_cancelled_hours(evening: datetime) -> None:
    """The shift's lock, and the row of the request, which both acts change."""
    if _is_lite():
        return
    stand_behind(evening)
    people = cast(evening)
    row, asked = _asked(people["priya"], evening + DAY)

    with without_locks("shift"), mock.patch.object(hours, "settle_covers"):
        _take_and_cancel(row, asked, people["sol"], evening, FREE)

    assert Shift.objects.get(pk=row.shift_id).state == rules.ShiftState.CANCELLED
    assert _active(row) == 1


def _join_while_cancelling(row: Assignment, now: datetime, patience: float) -> None:
    people, stage = cast(now), Stage(patience)
    with stage.in_the_middle(pairs, "_joinable"):
        at_once(
            [
                lambda: pairs.join_once(shift=row.shift, by=people["sol"], now=now),
                stage.second(_cancel(row, now)),
            ]
        )


def test_nobody_joins_cancelled_hours(evening: datetime) -> None:
    stand_behind(evening)
    row = hours_of(cast(evening)["priya"], evening + DAY)

    _join_while_cancelling(row, evening, GUARDED)

    assert Shift.objects.get(pk=row.shift_id).state == rules.ShiftState.CANCELLED
    assert _active(row) == 0


def test_control_without_the_shifts_lock_somebody_joins(evening: datetime) -> None:
    if _is_lite():
        return
    stand_behind(evening)
    row = hours_of(cast(evening)["priya"], evening + DAY)

    with without_locks("shift"):
        _join_while_cancelling(row, evening, FREE)

    assert _active(row) == 1


def _book_while(row: Assignment, now: datetime, act: Callable[[], object], wait: float) -> None:
    """Book the first time of hours, and do something else in the middle of it."""
    ana, stage = cast(now)["ana"], Stage(wait)

    def book() -> Visit:
        return booking.book(
            person=ana,
            slot=Slot(row.pk, row.starts_at),
            name="",
            wants_mail=False,
            request_key=ids.new_id(),
            now=now,
        )

    with stage.in_the_middle(booking, "is_dark"):
        at_once([book, stage.second(act)])


def _cancel(row: Assignment, now: datetime) -> Callable[[], object]:
    cora = cast(now)["cora"]
    return lambda: hours.cancel_shift(shift=row.shift, by=cora, now=now)


def test_nobody_has_a_time_in_cancelled_hours(evening: datetime) -> None:
    row = hours_of(cast(evening)["priya"], evening + DAY)

    _book_while(row, evening, _cancel(row, evening), GUARDED)

    assert Shift.objects.get(pk=row.shift_id).state == rules.ShiftState.CANCELLED
    assert not Visit.objects.live().exists()


def test_control_without_the_shifts_lock_somebody_has(evening: datetime) -> None:
    if _is_lite():
        return
    row = hours_of(cast(evening)["priya"], evening + DAY)

    with without_locks("shift"):
        _book_while(row, evening, _cancel(row, evening), FREE)

    assert Visit.objects.live().exists()


def _weekly(person: Person, now: datetime) -> Rule:
    rule, _ = hours.publish_weekly(
        supporter=person,
        first_on=date(2026, 11, 24),
        last_on=None,
        starts=time(17),
        ends=time(19),
        place="Room 214",
        minutes=30,
        request_key=ids.new_id(),
        by=person,
        now=now,
    )
    return rule


def test_the_horizon_on_many_hosts_at_once_makes_each_day_once(evening: datetime) -> None:
    stand_behind(evening)
    people = cast(evening)
    rule = _weekly(people["priya"], evening)
    pairs.join_weekly(rule=rule, by=people["sol"], now=evening)
    later = evening + 14 * DAY

    rule.refresh_from_db()
    done = at_once([lambda: extend_horizon(rule=rule, now=later)] * 4)

    assert sorted(map(str, done)) == ["0", "0", "0", "2"]
    ahead = Shift.objects.filter(rule=rule, starts_at__gt=later)
    assert [s.assignments.filter(is_active=True).count() for s in ahead] == [2, 2]


def test_many_second_persons_and_there_is_room_for_one(evening: datetime) -> None:
    stand_behind(evening)
    row = hours_of(cast(evening)["priya"], evening + DAY)
    crowd = _supporters(evening)

    done = at_once(
        [lambda p=p: pairs.join_once(shift=row.shift, by=p, now=evening) for p in crowd]  # type: ignore[misc]
    )

    assert done.count(None) == 1
    assert _active(row) == rules.MOST_IN_SHIFT


def test_control_without_the_shifts_lock_there_are_three(evening: datetime) -> None:
    if _is_lite():
        return
    stand_behind(evening)
    row = hours_of(cast(evening)["priya"], evening + DAY)
    crowd = _supporters(evening)
    everybody, real = Barrier(CROWD), pairs._joinable

    def seen_by_all(*args: Any) -> Any:
        found = real(*args)
        with suppress(BrokenBarrierError):
            everybody.wait(20)
        return found

    with without_locks("shift"), mock.patch.object(pairs, "_joinable", seen_by_all):
        at_once(
            [lambda p=p: pairs.join_once(shift=row.shift, by=p, now=evening) for p in crowd]  # type: ignore[misc]
        )

    assert _active(row) > rules.MOST_IN_SHIFT


def _change(rule: Rule, now: datetime) -> Callable[[], object]:
    priya = cast(now)["priya"]
    return lambda: planning.change_weekly(
        rule=rule,
        starts=time(20),
        ends=time(22),
        place="Attic",
        minutes=30,
        ways="in person",
        last_on=None,
        by=priya,
        now=now,
    )


def _first(rule: Rule) -> Assignment:
    return Assignment.objects.filter(shift__rule=rule).order_by("starts_at")[0]


def _strays() -> int:
    """Return how many booked times lie outside the hours they are in."""
    return sum(
        not visit.shift.starts_at <= (visit.starts_at or visit.ends_at) < visit.shift.ends_at
        for visit in Visit.objects.live().select_related("shift")
    )


def test_a_change_against_a_booking_leaves_no_time_outside_its_hours(evening: datetime) -> None:
    stand_behind(evening)
    rule = _weekly(cast(evening)["priya"], evening)

    _book_while(_first(rule), evening, _change(rule, evening), GUARDED)

    assert Visit.objects.live().count() == 1
    assert _strays() == 0


def test_control_without_the_shifts_lock_a_time_lies_outside(evening: datetime) -> None:
    if _is_lite():
        return
    stand_behind(evening)
    rule = _weekly(cast(evening)["priya"], evening)

    with without_locks("shift"):
        _book_while(_first(rule), evening, _change(rule, evening), FREE)

    assert _strays() == 1
