"""Cancelling: one supporter of a pair, whole hours with a line, and everything for snow."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Visit
from officehours.queries.pages import my_visits
from officehours.services import booking, hours, meeting, talks
from officehours.services.booking import Meeting, Slot
from peersupport.core import clock, ids
from tests.people import cast, hours_of, join_line, pair_of, sign_in
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
HALF = timedelta(minutes=30)


def _book(
    person: Person,
    at: Assignment,
    now: datetime,
    *,
    n: int = 1,
    only: frozenset[uuid.UUID] | None = None,
    mail: bool = False,
) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(at.pk, at.starts_at + n * HALF),
        name="Ash",
        wants_mail=mail,
        request_key=ids.new_id(),
        now=now,
        meeting=Meeting(only=only),
    )


def test_one_of_a_pair_leaves_and_the_partner_is_offered(evening: datetime) -> None:
    people = cast(evening)
    priya, sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    ana = _book(people["ana"], priya, evening, mail=True)
    picky = _book(people["ben"], priya, evening, n=2, only=frozenset({people["priya"].pk}))
    waits = join_line(people["marcus"], priya.shift_id, evening)

    hours.cancel_shift(shift=priya.shift, by=people["priya"], now=evening)

    for visit in (ana, picky, waits):
        visit.refresh_from_db()
    assert (ana.state, ana.assignment_id, ana.is_offer) == (rules.S.BOOKED, sol.pk, True)
    # Ben would meet nobody but Priya: nobody else is put in her place.
    assert (picky.state, picky.ended_by) == (rules.S.CANCELLED, "supporter")
    assert waits.state == rules.S.WAITING
    with time_machine.travel(evening, tick=False):
        drain(now=clock.now)
    assert [message.to for message in mail.outbox] == [["ana@school.example"]]

    shown = sign_in(people["sol"])
    with time_machine.travel(evening, tick=False):
        assert "Ash" not in shown.get("/hours/").content.decode()
        meeting.accept_offer(person=people["ana"], visit=ana, now=evening)
        assert "Ash" in shown.get("/hours/").content.decode()


def test_an_offer_declined_is_cancelled_with_other_times(evening: datetime) -> None:
    people = cast(evening)
    priya, _sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    ana = _book(people["ana"], priya, evening)
    meeting.not_me(visit=ana, by=people["priya"], now=evening)
    with time_machine.travel(evening, tick=False):
        page = sign_in(people["ana"]).get(f"/visits/{ana.pk}/")
        assert "Somebody else is there" in page.content.decode()
        sign_in(people["ana"]).post(f"/visits/{ana.pk}/offer/", {"answer": "no"})

    (mine,) = my_visits(people["ana"], evening)
    assert (mine.state, mine.ended_by) == (rules.S.CANCELLED, "supporter")


def test_hours_with_a_line_are_cancelled_whole(evening: datetime) -> None:
    people = cast(evening)
    priya, sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    waits = join_line(people["ana"], priya.shift_id, evening)
    booked = _book(people["ben"], sol, evening)

    hours.cancel_shift(shift=priya.shift, by=people["cora"], now=evening)

    waits.refresh_from_db()
    booked.refresh_from_db()
    assert (waits.state, booked.state) == (rules.S.CLOSED, rules.S.CANCELLED)
    assert not Assignment.objects.filter(is_active=True).exists()


def test_the_program_closes_everything_for_snow(evening: datetime) -> None:
    people = cast(evening)
    today = hours_of(people["priya"], evening, checked_in_at=evening)
    busy = hours_of(people["sol"], evening, checked_in_at=evening)
    tomorrow = hours_of(people["marcus"], evening + timedelta(days=1))
    after = hours_of(people["priya"], evening + timedelta(days=2))
    ana = _book(people["ana"], today, evening, mail=True)
    talk = talks.walk_in(assignment=busy, request_key=ids.new_id(), by=people["sol"], now=evening)
    cora = sign_in(people["cora"])
    with time_machine.travel(evening, tick=False):
        days = {"first": "2026-11-23", "last": "2026-11-24"}
        asked = cora.post("/hours/program/close/", days)
        assert "These hours will be cancelled" in asked.content.decode()
        assert Visit.objects.get(pk=ana.pk).state == rules.S.BOOKED
        done = cora.post("/hours/program/close/", {**days, "is_sure": "on"})
        again = cora.post("/hours/program/close/", {**days, "is_sure": "on"})
        drain(now=clock.now)

    assert "2 stretches" in done.content.decode()
    assert "0 stretches" in again.content.decode()
    states = {
        a.pk: type(a).objects.select_related("shift").get(pk=a.pk).shift.state
        for a in (today, busy, tomorrow, after)
    }
    assert states == {
        today.pk: "cancelled",
        busy.pk: "open",
        tomorrow.pk: "cancelled",
        after.pk: "published",
    }
    assert Visit.objects.get(pk=talk.pk).state == rules.S.TALKING
    assert [message.to for message in mail.outbox] == [["ana@school.example"]]


@pytest.mark.parametrize(
    ("part", "cancelled"),
    [
        ({}, 3),
        ({"starts": "17:30"}, 1),
        ({"ends": "17:00"}, 2),
        ({"starts": "14:00", "ends": "16:00"}, 0),
        ({"starts": "15:00", "ends": "18:00"}, 1),
        ({"starts": "19:00", "ends": "20:30"}, 1),
    ],
)
def test_part_of_a_day_closes(evening: datetime, part: dict[str, str], cancelled: int) -> None:
    """The hours that touch the stretch: 12 to 2pm, 4 to 5:30pm, 7 to 9pm on the next day."""
    people = cast(evening)
    noon = datetime(2026, 11, 24, 17, tzinfo=UTC)
    for name, later, length in (("priya", 0, 120), ("sol", 240, 90), ("marcus", 420, 120)):
        start = noon + timedelta(minutes=later)
        hours_of(people[name], start, length=timedelta(minutes=length))
    cora = sign_in(people["cora"])
    days = {"first": "2026-11-24", "last": "2026-11-24", "is_sure": "on", **part}
    with time_machine.travel(evening, tick=False):
        cora.post("/hours/program/close/", days)

    gone = Assignment.objects.filter(shift__state="cancelled")
    assert gone.count() == cancelled


@pytest.mark.parametrize(
    "days",
    [
        {},
        {"first": "2026-11-22", "last": "2026-11-24"},
        {"first": "2026-11-24", "last": "2026-11-23"},
        {"first": "2026-11-24", "last": "2027-11-23"},
        {"first": "x", "last": "\x00"},
        {"first": "2026-11-24", "last": "2026-11-24", "starts": "18:00", "ends": "17:00"},
        {"first": "2026-11-24", "last": "2026-11-24", "starts": "25:00"},
    ],
)
def test_closing_for_days_that_make_no_sense_changes_nothing(
    evening: datetime, days: dict[str, str]
) -> None:
    people = cast(evening)
    standing = hours_of(people["priya"], evening)
    cora = sign_in(people["cora"])
    with time_machine.travel(evening, tick=False):
        answer = cora.post("/hours/program/close/", {**days, "is_sure": "on"})

    assert answer.status_code == 400
    assert type(standing).objects.get(pk=standing.pk).is_active
