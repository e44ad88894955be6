"""Timers: nobody forgotten keeps a room open, a person waiting, or a visit alive."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Visit
from officehours.services import booking, presence, talks
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from tests.people import cast, hours_of
from tests.roles import drain, tick

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def _book(person: Person, at: Assignment, now: datetime) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(at.pk, at.starts_at),
        name="",
        wants_mail=True,
        request_key=ids.new_id(),
        now=now,
    )


def test_hours_that_stay_dark_are_closed_and_those_booked_are_told(evening: datetime) -> None:
    people = cast(evening)
    dark = hours_of(people["priya"], evening + timedelta(minutes=5))
    visit = _book(people["ana"], dark, evening)
    with time_machine.travel(dark.starts_at + timedelta(minutes=14), tick=False) as time:
        tick()
        visit.refresh_from_db()
        assert visit.state == rules.S.BOOKED

        time.move_to(dark.starts_at + timedelta(minutes=15))
        tick()
        tick()
        drain(now=clock.now)

    visit.refresh_from_db()
    dark.shift.refresh_from_db()
    assert (visit.state, visit.ended_by) == (rules.S.CANCELLED, "system")
    assert dark.shift.state == rules.ShiftState.CLOSED
    # Ana, who asked for mail, and the coordinator; Priya was reminded in vain.
    told = sorted(message.to[0].split("@")[0] for message in mail.outbox)
    assert told == ["ana", "cora"]
    assert len({message.subject for message in mail.outbox}) == 1


def test_a_late_supporter_is_reminded_once_and_not_after_coming(evening: datetime) -> None:
    people = cast(evening)
    late = hours_of(people["priya"], evening + timedelta(minutes=5))
    there = hours_of(people["sol"], evening + timedelta(minutes=5), checked_in_at=evening)
    with time_machine.travel(late.starts_at + timedelta(minutes=4), tick=False) as time:
        tick()
        drain(now=clock.now)
        assert mail.outbox == []

        time.move_to(late.starts_at + rules.LATE_AFTER)
        tick()
        tick()
        drain(now=clock.now)

    assert [message.to for message in mail.outbox] == [["priya@school.example"]]
    assert there.supporter == people["sol"]


def test_everybody_is_out_at_the_end_and_everything_live_ends(evening: datetime) -> None:
    people = cast(evening)
    late = hours_of(people["priya"], evening + timedelta(minutes=5), checked_in_at=evening)
    visit = _book(people["ana"], late, evening)
    talks.start(visit=visit, by=people["priya"], now=late.starts_at)
    with time_machine.travel(late.ends_at + rules.LAPSE_GRACE, tick=False):
        tick()

    visit.refresh_from_db()
    late.refresh_from_db()
    assert visit.state == rules.S.LAPSED
    assert late.checked_out_at == late.ends_at


def test_a_visit_no_timer_ended_blocks_nobody(evening: datetime) -> None:
    people = cast(evening)
    morning = hours_of(
        people["priya"], evening + timedelta(minutes=5), length=timedelta(minutes=30)
    )
    _book(people["ana"], morning, evening)
    after = morning.ends_at + timedelta(minutes=31)
    again = hours_of(people["marcus"], after + timedelta(minutes=5))

    assert _book(people["ana"], again, after).state == rules.S.BOOKED


def test_leaving_asks_first_while_somebody_has_a_time(evening: datetime) -> None:
    people = cast(evening)
    mine = hours_of(people["priya"], evening + timedelta(minutes=5), checked_in_at=evening)
    visit = _book(people["ana"], mine, evening)

    with pytest.raises(rules.StillBooked):
        presence.check_out(assignment=mine, give_up_booked=False, by=people["priya"], now=evening)
    presence.check_out(assignment=mine, give_up_booked=True, by=people["priya"], now=evening)

    visit.refresh_from_db()
    assert (visit.state, visit.ended_by) == (rules.S.CANCELLED, "supporter")


def test_we_didnt_meet_only_after_a_while_and_it_can_be_taken_back(evening: datetime) -> None:
    people = cast(evening)
    mine = hours_of(people["priya"], evening + timedelta(minutes=5), checked_in_at=evening)
    visit = _book(people["ana"], mine, evening)
    with pytest.raises(rules.OutOfTime):
        talks.miss(visit=visit, by=people["priya"], now=mine.starts_at)

    missed = mine.starts_at + rules.MISS_GRACE
    assert talks.miss(visit=visit, by=people["priya"], now=missed).state == rules.S.MISSED
    assert talks.undo(visit=visit, by=people["priya"], now=missed).state == rules.S.BOOKED


def test_one_talk_at_a_time_and_a_walk_in_once(evening: datetime) -> None:
    people = cast(evening)
    mine = hours_of(people["priya"], evening, checked_in_at=evening)
    key = ids.new_id()
    one = talks.walk_in(assignment=mine, request_key=key, by=people["priya"], now=evening)
    again = talks.walk_in(assignment=mine, request_key=key, by=people["priya"], now=evening)
    assert one.pk == again.pk

    with pytest.raises(rules.AlreadyTalking):
        talks.walk_in(assignment=mine, request_key=ids.new_id(), by=people["priya"], now=evening)


@pytest.mark.parametrize(
    ("minutes", "works"), [(-16, False), (-15, True), (119, True), (120, False)]
)
def test_check_in_from_a_little_before_until_the_end(
    evening: datetime, minutes: int, works: bool
) -> None:
    people = cast(evening)
    mine = hours_of(people["priya"], evening)
    now = evening + timedelta(minutes=minutes)
    if works:
        presence.check_in(assignment=mine, by=people["priya"], now=now)
    else:
        with pytest.raises(rules.OutOfTime):
            presence.check_in(assignment=mine, by=people["priya"], now=now)
