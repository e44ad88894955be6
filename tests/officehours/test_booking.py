"""Booking, moving and cancelling, and what a visit knows of its holder."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Person
from officehours import rules
from officehours.models import Visit
from officehours.queries import pages, sealed
from officehours.services import booking, talks
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.audit.models import Entry
from peersupport.core.states import NotAllowedFrom
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
HALF = timedelta(minutes=30)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def _book(person: Person, slot: Slot, now: datetime, **more: object) -> Visit:
    given = {"name": "Ash", "wants_mail": False, "request_key": ids.new_id(), **more}
    return booking.book(person=person, slot=slot, now=now, **given)  # type: ignore[arg-type]


def test_book_seals_the_holder_and_finds_them_again(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + HALF)

    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)

    row = Visit.objects.filter(pk=visit.pk).values_list()[0]
    assert people["ana"].pk not in row
    assert not any(people["ana"].pk.bytes in bytes(v) for v in row if isinstance(v, bytes))
    assert [v.id for v in pages.my_visits(people["ana"], evening)] == [visit.pk]
    assert pages.my_visits(people["ben"], evening) == []


def test_book_the_same_time_twice_takes_it_once(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + HALF)
    slot = Slot(hours.pk, hours.starts_at)
    _book(people["ana"], slot, evening)

    with pytest.raises(rules.SlotTaken):
        _book(people["ben"], slot, evening)


def test_nobody_books_or_moves_to_their_own_hours(
    people: dict[str, Person], evening: datetime
) -> None:
    own = hours_of(people["priya"], evening + HALF)
    other = hours_of(people["sol"], evening + HALF)
    held = _book(people["priya"], Slot(other.pk, other.starts_at), evening)
    mine = Slot(own.pk, own.starts_at)

    with pytest.raises(rules.WithYourself):
        _book(people["sol"], Slot(other.pk, other.starts_at + HALF), evening)
    with pytest.raises(rules.WithYourself):
        booking.move(
            person=people["priya"], visit=held, slot=mine, request_key=ids.new_id(), now=evening
        )

    assert Visit.objects.get().assignment_id == other.pk


def test_book_a_second_time_on_another_day_is_refused(
    people: dict[str, Person], evening: datetime
) -> None:
    first = hours_of(people["priya"], evening + HALF)
    second = hours_of(people["marcus"], evening + timedelta(days=3))
    _book(people["ana"], Slot(first.pk, first.starts_at), evening)

    with pytest.raises(rules.AlreadyBooked):
        _book(people["ana"], Slot(second.pk, second.starts_at), evening)


def test_book_with_the_same_key_returns_the_same_visit(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + HALF)
    slot, key = Slot(hours.pk, hours.starts_at), ids.new_id()

    one = _book(people["ana"], slot, evening, request_key=key)
    two = _book(people["ana"], slot, evening, request_key=key)

    assert one.pk == two.pk


@pytest.mark.parametrize(
    "offset", [timedelta(minutes=7), timedelta(hours=-1), timedelta(hours=9)], ids=str
)
def test_book_a_time_that_is_not_offered(
    people: dict[str, Person], evening: datetime, offset: timedelta
) -> None:
    hours = hours_of(people["priya"], evening + HALF)

    with pytest.raises(rules.SlotGone):
        _book(people["ana"], Slot(hours.pk, hours.starts_at + offset), evening)


def test_book_by_somebody_who_is_no_student(people: dict[str, Person], evening: datetime) -> None:
    hours = hours_of(people["priya"], evening + HALF)

    with pytest.raises(rules.NotAllowed):
        _book(people["cora"], Slot(hours.pk, hours.starts_at), evening)


def test_move_gives_up_one_and_takes_the_other(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + HALF)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)
    later = Slot(hours.pk, hours.starts_at + HALF)

    moved = booking.move(
        person=people["ana"], visit=visit, slot=later, request_key=ids.new_id(), now=evening
    )

    assert sealed.name_of(moved, evening) == "Ash"
    assert [v.id for v in pages.my_visits(people["ana"], evening)] == [moved.pk]
    _book(people["ben"], Slot(hours.pk, hours.starts_at), evening)


def test_move_to_a_taken_time_keeps_the_old_one(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + HALF)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)
    taken = Slot(hours.pk, hours.starts_at + HALF)
    _book(people["ben"], taken, evening)

    with pytest.raises(rules.SlotTaken):
        booking.move(
            person=people["ana"], visit=visit, slot=taken, request_key=ids.new_id(), now=evening
        )

    assert pages.my_visit(people["ana"], visit.pk, evening).state == rules.S.BOOKED  # type: ignore[union-attr]


def test_start_after_cancel_finds_that_somebody_got_there_first(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + timedelta(minutes=10), checked_in_at=evening)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)
    booking.cancel(person=people["ana"], visit=visit, now=evening)

    with pytest.raises(NotAllowedFrom):
        talks.start(visit=visit, by=people["priya"], now=evening)


def test_a_foreign_visit_cannot_be_touched(people: dict[str, Person], evening: datetime) -> None:
    hours = hours_of(people["priya"], evening + HALF)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)

    with pytest.raises(rules.NotAllowed):
        booking.cancel(person=people["ben"], visit=visit, now=evening)
    with pytest.raises(rules.NotAllowed):
        talks.start(visit=visit, by=people["marcus"], now=evening)


def test_finish_can_be_undone_for_five_minutes_and_no_longer(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening + timedelta(minutes=10), checked_in_at=evening)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)
    talks.start(visit=visit, by=people["priya"], now=hours.starts_at)
    talks.finish(visit=visit, by=people["priya"], now=hours.ends_at)

    back = talks.undo(visit=visit, by=people["priya"], now=hours.ends_at + timedelta(minutes=4))
    assert back.state == rules.S.TALKING

    talks.finish(visit=visit, by=people["priya"], now=hours.ends_at)
    with pytest.raises(rules.OutOfTime):
        talks.undo(visit=visit, by=people["priya"], now=hours.ends_at + timedelta(minutes=6))


def test_no_student_act_is_in_the_audit(people: dict[str, Person], evening: datetime) -> None:
    before = Entry.objects.count()
    hours = hours_of(people["priya"], evening + HALF)
    visit = _book(people["ana"], Slot(hours.pk, hours.starts_at), evening)
    booking.cancel(person=people["ana"], visit=visit, now=evening)

    assert Entry.objects.count() == before
