"""The line: every way in, the whole table, its ends, and what can be taken back."""

import uuid
from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Visit
from officehours.queries import line as lines
from officehours.queries import sealed
from officehours.queries.sealed import Claimant
from officehours.services import booking, calling, line, presence, talks
from officehours.services.booking import Meeting, Slot
from peersupport.core import clock, ids
from peersupport.core.states import NotAllowedFrom
from tests.people import cast, hours_of, join_line, pair_of
from tests.roles import tick

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MINUTE = timedelta(minutes=1)


def _pair(evening: datetime) -> tuple[dict[str, Person], Assignment, Assignment]:
    people = cast(evening)
    priya, sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    return people, priya, sol


def _state(visit: Visit) -> str:
    return Visit.objects.get(pk=visit.pk).state


def test_joining_twice_is_one_place_and_another_line_is_refused(evening: datetime) -> None:
    people, priya, _ = _pair(evening)
    other = hours_of(people["marcus"], evening, checked_in_at=evening)

    first = join_line(people["ana"], priya.shift_id, evening)
    again = join_line(people["ana"], priya.shift_id, evening)

    assert first.pk == again.pk
    with pytest.raises(rules.AlreadyWaiting):
        join_line(people["ana"], other.shift_id, evening)
    assert Visit.objects.count() == 1


def test_nobody_waits_in_their_own_line(evening: datetime) -> None:
    people, priya, _ = _pair(evening)

    with pytest.raises(rules.WithYourself):
        join_line(people["sol"], priya.shift_id, evening)

    assert not Visit.objects.exists()


def test_a_booked_time_later_is_no_obstacle_and_neither_the_other_way(evening: datetime) -> None:
    people, priya, _ = _pair(evening)
    slot = Slot(priya.pk, priya.starts_at + 90 * MINUTE)
    booking.book(
        person=people["ana"],
        slot=slot,
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=evening,
    )

    waiting = join_line(people["ana"], priya.shift_id, evening)

    assert _state(waiting) == rules.S.WAITING
    assert sealed.visits_of(people["ana"].pk, evening).live().count() == 2


def test_nobody_joins_a_line_that_is_dark_over_closed_or_not_yet(evening: datetime) -> None:
    people, priya, _ = _pair(evening)
    later = hours_of(people["marcus"], evening + 20 * MINUTE)
    for shift, now in (
        (later.shift_id, evening),  # not for another 20 minutes
        (later.shift_id, later.starts_at + rules.DARK_AFTER),  # nobody came
        (priya.shift_id, priya.ends_at),  # over
        (uuid.uuid4(), evening),
    ):
        with pytest.raises(rules.LineClosed):
            join_line(people["ana"], shift, now)
    calling.set_line_closed(assignment=priya.pk, is_closed=True, by=people["priya"], now=evening)
    with pytest.raises(rules.LineClosed):
        join_line(people["ana"], priya.shift_id, evening)
    calling.set_line_closed(assignment=priya.pk, is_closed=False, by=people["priya"], now=evening)
    assert join_line(people["ana"], priya.shift_id, evening)


def test_the_door_code_rotates_and_an_old_one_is_worth_nothing(evening: datetime) -> None:
    _, priya, _ = _pair(evening)
    shift = priya.shift_id
    codes = [lines.door_code(shift, evening + n * rules.DOOR_STEP) for n in range(6)]
    later = evening + 5 * rules.DOOR_STEP

    assert len(set(codes)) == 6
    assert all(len(code) == 26 for code in codes)
    opens = [lines.is_door_code(shift, code, later, back=rules.DOOR_READ) for code in codes]
    assert opens == [False, False, False, True, True, True]
    assert not lines.is_door_code(uuid.uuid4(), codes[5], later, back=4)
    with pytest.raises(rules.LineClosed):
        line.join_at_door(
            shift=shift,
            code=codes[0],
            device=b"d" * 16,
            name="",
            only=None,
            request_key=ids.new_id(),
            now=later,
        )


def _at_door(shift: uuid.UUID, device: bytes, now: datetime) -> Visit:
    return line.join_at_door(
        shift=shift,
        code=lines.door_code(shift, now),
        device=device,
        name="",
        only=None,
        request_key=ids.new_id(),
        now=now,
    )


def test_a_device_has_one_place_finds_it_again_and_forgets_it(evening: datetime) -> None:
    _, priya, _ = _pair(evening)
    device, stranger = b"d" * 16, b"s" * 16

    first = _at_door(priya.shift_id, device, evening)
    again = _at_door(priya.shift_id, device, evening + MINUTE)

    assert first.pk == again.pk
    assert lines.my_place(Claimant(device=device), evening) is not None
    assert lines.my_place(Claimant(device=stranger), evening) is None
    with pytest.raises(rules.NotAllowed):
        line.leave(claimant=Claimant(device=stranger), visit=first.pk, now=evening)
    late = priya.ends_at + timedelta(hours=25)
    assert lines.my_place(Claimant(device=device), late) is None
    assert device.hex() not in repr(Visit.objects.values().get())


def test_call_next_takes_them_in_order_and_passes_over_who_stepped_away(
    evening: datetime,
) -> None:
    people, priya, sol = _pair(evening)
    first, second, third = (_at_door(priya.shift_id, bytes([n]) * 16, evening) for n in range(3))
    line.set_away(claimant=Claimant(device=b"\0" * 16), visit=first.pk, is_away=True, now=evening)

    called = calling.call_next(assignment=priya.pk, by=people["priya"], now=evening)
    also = calling.call_next(assignment=sol.pk, by=people["sol"], now=evening)

    assert (called.pk, also.pk) == (second.pk, third.pk)
    with pytest.raises(rules.AlreadyTalking):
        calling.call_next(assignment=priya.pk, by=people["priya"], now=evening)
    talks.start(visit=called, by=people["priya"], now=evening)
    talks.finish(visit=called, by=people["priya"], now=evening + 5 * MINUTE)
    with pytest.raises(rules.NobodyToCall):
        calling.call_next(assignment=priya.pk, by=people["priya"], now=evening)
    place = lines.my_place(Claimant(device=b"\0" * 16), evening)
    assert place is not None
    assert place.ahead == 0
    line.set_away(claimant=Claimant(device=b"\0" * 16), visit=first.pk, is_away=False, now=evening)
    assert calling.call_next(assignment=priya.pk, by=people["priya"], now=evening).pk == first.pk


def test_who_is_not_found_goes_first_once_then_is_missed_and_may_come_late(
    evening: datetime,
) -> None:
    people, priya, _ = _pair(evening)
    ana = join_line(people["ana"], priya.shift_id, evening)
    behind = _at_door(priya.shift_id, b"d" * 16, evening)
    claim = Claimant(person=people["ana"].pk)
    calling.call_next(assignment=priya.pk, by=people["priya"], now=evening)
    with pytest.raises(rules.OutOfTime):  # they may still be on their way
        calling.not_found(visit=ana.pk, by=people["priya"], now=evening + 2 * MINUTE)

    now = evening + rules.CALL_TIMEOUT
    calling.not_found(visit=ana.pk, by=people["priya"], now=now)
    place = lines.my_place(claim, now)
    assert place is not None
    assert (place.state, place.ahead, place.is_away) == (rules.S.WAITING, 0, True)
    # The one behind is called meanwhile; Ana comes back and is first.
    taken = calling.call_next(assignment=priya.pk, by=people["priya"], now=now)
    assert taken.pk == behind.pk
    calling.put_back(visit=behind.pk, by=people["priya"], now=now)
    line.set_away(claimant=claim, visit=ana.pk, is_away=False, now=now)
    assert calling.call_next(assignment=priya.pk, by=people["priya"], now=now).pk == ana.pk

    now += rules.CALL_TIMEOUT
    calling.not_found(visit=ana.pk, by=people["priya"], now=now)
    assert _state(ana) == rules.S.MISSED
    line.come_late(claimant=claim, visit=ana.pk, now=now)
    line.come_late(claimant=claim, visit=ana.pk, now=now)
    assert calling.call_next(assignment=priya.pk, by=people["priya"], now=now).pk == ana.pk


def _book(person: Person, at: Assignment, now: datetime, *, n: int = 0) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(at.pk, at.starts_at + n * 30 * MINUTE),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
    )


def test_a_booked_time_nobody_came_to_is_given_on_and_its_student_goes_first(
    evening: datetime,
) -> None:
    people = cast(evening)
    start = evening + 5 * MINUTE
    hours = hours_of(people["priya"], start, checked_in_at=evening)
    booked = _book(people["ana"], hours, evening)
    ben = join_line(people["ben"], hours.shift_id, start)
    door = _at_door(hours.shift_id, b"d" * 16, start)
    for now in (evening, start, start + 9 * MINUTE):
        with pytest.raises(rules.BookedFirst):
            calling.call_next(assignment=hours.pk, by=people["priya"], now=now)

    now = start + rules.GIVEN_ON_AFTER
    called = calling.call_next(assignment=hours.pk, by=people["priya"], now=now)

    assert called.pk == ben.pk
    claim = Claimant(person=people["ana"].pk)
    place = lines.my_place(claim, now)
    assert place is not None
    assert (place.id, place.ahead, place.is_away) == (booked.pk, 0, True)
    line.set_away(claimant=claim, visit=booked.pk, is_away=False, now=now)
    talks.start(visit=ben, by=people["priya"], now=now)
    talks.finish(visit=ben, by=people["priya"], now=now)
    assert calling.call_next(assignment=hours.pk, by=people["priya"], now=now).pk == booked.pk
    assert _state(door) == rules.S.WAITING


def test_who_is_here_with_a_booked_time_is_never_passed_over(evening: datetime) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening + 5 * MINUTE, checked_in_at=evening)
    booked = _book(people["ana"], hours, evening)
    join_line(people["ben"], hours.shift_id, hours.starts_at)
    booking.arrive(person=people["ana"], visit=booked, now=hours.starts_at)

    with pytest.raises(rules.BookedFirst):
        calling.call_next(
            assignment=hours.pk,
            by=people["priya"],
            now=hours.starts_at + 12 * MINUTE,
            anyway=True,
        )


def test_who_waits_already_is_merged_not_doubled_when_their_time_is_given_on(
    evening: datetime,
) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening + 5 * MINUTE, checked_in_at=evening)
    booked = _book(people["ana"], hours, evening)
    ben = join_line(people["ben"], hours.shift_id, hours.starts_at)
    place = join_line(people["ana"], hours.shift_id, hours.starts_at)
    now = hours.starts_at + rules.GIVEN_ON_AFTER

    assert calling.call_next(assignment=hours.pk, by=people["priya"], now=now).pk == ben.pk

    assert _state(booked) == rules.S.CANCELLED
    assert _state(place) == rules.S.WAITING
    assert sealed.visits_of(people["ana"].pk, now).live().count() == 1


def test_hours_that_end_close_the_line_kindly_and_everything_lapses(evening: datetime) -> None:
    people, priya, sol = _pair(evening)
    waits = join_line(people["ana"], priya.shift_id, evening)
    called = _at_door(priya.shift_id, b"d" * 16, evening)
    calling.call(visit=called.pk, by=people["sol"], now=priya.ends_at - MINUTE)
    talking = calling.add(
        assignment=priya.pk, request_key=ids.new_id(), by=people["priya"], now=evening
    )
    calling.call(visit=talking.pk, by=people["priya"], now=priya.ends_at - MINUTE)
    talks.start(visit=talking, by=people["priya"], now=priya.ends_at - MINUTE)

    with time_machine.travel(priya.ends_at, tick=False):
        # Before any timer has run, the page already says so.
        place = lines.my_place(Claimant(person=people["ana"].pk), clock.now())
        assert place is not None
        assert place.state == rules.S.CLOSED
        tick()
    assert (_state(waits), _state(called)) == (rules.S.CLOSED, rules.S.CLOSED)
    assert _state(talking) == rules.S.TALKING
    with time_machine.travel(priya.ends_at + rules.LAPSE_GRACE, tick=False):
        tick()
    assert _state(talking) == rules.S.LAPSED
    assert sol.pk != priya.pk


def test_the_last_one_out_closes_the_line_and_the_first_one_does_not(evening: datetime) -> None:
    people, priya, sol = _pair(evening)
    ana = join_line(people["ana"], priya.shift_id, evening)
    presence.check_out(assignment=priya, give_up_booked=False, by=people["priya"], now=evening)
    assert _state(ana) == rules.S.WAITING
    with pytest.raises(rules.StillBooked):
        presence.check_out(assignment=sol, give_up_booked=False, by=people["sol"], now=evening)

    presence.check_out(assignment=sol, give_up_booked=True, by=people["sol"], now=evening)

    closed = Visit.objects.get(pk=ana.pk)
    assert (closed.state, closed.ended_by) == (rules.S.CLOSED, "supporter")


def test_remove_is_for_nameless_places_and_leave_for_ones_own(evening: datetime) -> None:
    people, priya, _ = _pair(evening)
    ana = join_line(people["ana"], priya.shift_id, evening)
    slip = calling.add(
        assignment=priya.pk, request_key=ids.new_id(), by=people["priya"], now=evening
    )
    with pytest.raises(rules.NotAllowed):
        calling.remove(visit=ana.pk, by=people["priya"], now=evening)
    with pytest.raises(rules.NotAllowed):
        calling.remove(visit=slip.pk, by=people["marcus"], now=evening)

    calling.remove(visit=slip.pk, by=people["sol"], now=evening)
    line.leave(claimant=Claimant(person=people["ana"].pk), visit=ana.pk, now=evening)
    line.leave(claimant=Claimant(person=people["ana"].pk), visit=ana.pk, now=evening)

    assert (_state(ana), _state(slip)) == (rules.S.LEFT, rules.S.LEFT)
    with pytest.raises(NotAllowedFrom):
        calling.call(visit=ana.pk, by=people["priya"], now=evening)


def test_a_start_from_the_line_can_be_undone(evening: datetime) -> None:
    people, priya, _ = _pair(evening)
    ana = join_line(people["ana"], priya.shift_id, evening)
    calling.call_next(assignment=priya.pk, by=people["priya"], now=evening)
    talks.start(visit=ana, by=people["priya"], now=evening)

    talks.undo(visit=ana, by=people["priya"], now=evening + MINUTE)
    assert _state(ana) == rules.S.CALLED
    talks.start(visit=ana, by=people["priya"], now=evening + MINUTE)
    assert _state(ana) == rules.S.TALKING


def test_running_late_is_seen_by_whoever_is_next(evening: datetime) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening + 5 * MINUTE, checked_in_at=evening)
    _book(people["ana"], hours, evening)
    presence.run_late(assignment=hours, minutes=15, by=people["priya"], now=evening)
    from officehours.queries.pages import my_visits

    assert [visit.late_minutes for visit in my_visits(people["ana"], evening)] == [15]
    with pytest.raises(rules.OutOfTime):
        presence.run_late(assignment=hours, minutes=7, by=people["priya"], now=evening)
    with pytest.raises(rules.NotAllowed):
        presence.run_late(assignment=hours, minutes=5, by=people["sol"], now=evening)


def test_a_remote_place_needs_a_place_and_a_number_and_the_web_side_cannot_read_them(
    evening: datetime,
) -> None:
    people, priya, _ = _pair(evening)
    Visit.objects.none()
    shift = priya.shift
    shift.ways = "in person,video"
    shift.save()
    with pytest.raises(rules.MissingContact):
        join_line(people["ana"], shift.pk, evening, meeting=Meeting(way="video"))
    with pytest.raises(rules.NotThisWay):
        join_line(people["ana"], shift.pk, evening, meeting=Meeting(way="voice"))

    visit = join_line(
        people["ana"],
        shift.pk,
        evening,
        meeting=Meeting(way="video", where="12 Zyxcanary Street", number="555-0199"),
    )

    row = Visit.objects.get(pk=visit.pk)
    from peersupport.core import daykey

    inner = daykey.open_sealed(
        row.key_day, bytes(row.contact or b""), context=f"visit|{row.pk}|contact", now=evening
    )
    assert b"Zyxcanary" not in inner
    assert b"0199" not in inner
