"""Cover and swaps: one taker, booked people move as an offer, and nobody learns why."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Break, Cover, Visit
from officehours.queries import cover as reads
from officehours.queries import pages
from officehours.services import booking, cover, hours
from officehours.services.booking import Meeting, Slot
from peersupport.core import ids
from peersupport.core.states import NotAllowedFrom
from tests.journeys.story import stand_behind
from tests.people import cast, hours_of, join_line, pair_of
from tests.roles import drain

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY = timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    stand_behind(evening)
    return cast(evening)


def asked(person: Person, start: datetime) -> tuple[Assignment, uuid.UUID]:
    """Return hours for which their supporter asks for cover."""
    row = hours_of(person, start)
    cover.ask(assignment=row.pk, by=person, now=start - DAY)
    return row, Cover.objects.get(assignment=row, state=rules.CoverState.OPEN).pk


def book(person: Person, row: Assignment, now: datetime, **more: Any) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(row.pk, row.starts_at),
        name="Ash",
        wants_mail=True,
        request_key=ids.new_id(),
        now=now,
        **more,
    )


def holders(row: Assignment) -> set[uuid.UUID]:
    active = Assignment.objects.filter(shift=row.shift_id, is_active=True)
    return set(active.values_list("supporter", flat=True))


def test_who_takes_hours_holds_them_and_the_booked_are_asked(
    people: dict[str, Person], evening: datetime
) -> None:
    row, request = asked(people["priya"], evening + DAY)
    visit = book(people["ana"], row, evening)

    assert cover.take(cover=request, by=people["sol"], now=evening) == 0
    assert cover.take(cover=request, by=people["sol"], now=evening) == 0

    assert holders(row) == {people["sol"].pk}
    moved = Visit.objects.select_related("assignment").get(pk=visit.pk)
    assert moved.assignment is not None
    assert (moved.state, moved.is_offer) == (rules.S.BOOKED, True)
    assert moved.assignment.supporter_id == people["sol"].pk
    assert moved.starts_at == visit.starts_at
    seen = pages.my_visit(people["ana"], visit.pk, evening)
    assert seen is not None
    assert seen.who == "Sol"
    assert Cover.objects.get(pk=request).state == rules.CoverState.TAKEN
    with pytest.raises(NotAllowedFrom):
        cover.take(cover=request, by=people["marcus"], now=evening)


def test_who_would_not_meet_the_new_one_is_offered_other_times(
    people: dict[str, Person], evening: datetime
) -> None:
    row, request = asked(people["priya"], evening + DAY)
    only = Meeting(only=frozenset([people["priya"].pk]))
    visit = book(people["ana"], row, evening, meeting=only)

    assert cover.take(cover=request, by=people["sol"], now=evening) == 1

    assert Visit.objects.get(pk=visit.pk).state == rules.S.CANCELLED


def test_a_taker_who_booked_there_as_a_student_does_not_meet_themselves(
    people: dict[str, Person], evening: datetime
) -> None:
    row, request = asked(people["priya"], evening + DAY)
    visit = book(people["sol"], row, evening)

    assert cover.take(cover=request, by=people["sol"], now=evening) == 1
    assert Visit.objects.get(pk=visit.pk).state == rules.S.CANCELLED


def test_who_waits_stays_with_the_shift(people: dict[str, Person], evening: datetime) -> None:
    start = evening + timedelta(minutes=10)
    one, two = pair_of(people["priya"], people["marcus"], start)
    Assignment.objects.filter(pk=two.pk).update(checked_in_at=evening)
    type(one.shift).objects.filter(pk=one.shift_id).update(state=rules.ShiftState.OPEN)
    cover.ask(assignment=one.pk, by=people["priya"], now=evening)
    waiting = join_line(people["ana"], one.shift_id, evening + timedelta(minutes=5))

    request = Cover.objects.get().pk
    cover.take(cover=request, by=people["sol"], now=evening + timedelta(minutes=6))

    after = Visit.objects.get(pk=waiting.pk)
    assert (after.state, after.shift_id) == (rules.S.WAITING, one.shift_id)
    assert holders(one) == {people["marcus"].pk, people["sol"].pk}


@pytest.mark.parametrize(
    ("scene", "error"),
    [
        ("overlap", rules.Overlaps),
        ("break", rules.StepsBack),
        ("enough", rules.TooManyShifts),
        ("pair", rules.Overlaps),
        ("begun", NotAllowedFrom),
        ("cancelled", NotAllowedFrom),
        ("withdrawn", NotAllowedFrom),
    ],
)
def test_what_is_in_the_way_of_taking_changes_nothing(
    people: dict[str, Person], evening: datetime, scene: str, error: type[Exception]
) -> None:
    sol, now = people["sol"], evening
    row, request = asked(people["priya"], evening + DAY)
    if scene == "overlap":
        hours_of(sol, row.starts_at + timedelta(hours=1))
    elif scene == "break":
        Break.objects.create(supporter=sol, starts_at=evening, ends_at=None)
    elif scene == "enough":
        hours_of(sol, evening + 2 * DAY)
        hours_of(sol, evening + 3 * DAY)
    elif scene == "pair":
        more = {"starts_at": row.starts_at, "ends_at": row.ends_at}
        Assignment.objects.create(shift=row.shift, supporter=sol, **more)
    elif scene == "begun":
        now = row.starts_at
    elif scene == "cancelled":
        hours.cancel_shift(shift=row.shift, by=people["cora"], now=evening)
    else:
        cover.take_back(cover=request, by=people["priya"], now=evening)
    before = Cover.objects.get(pk=request).state

    with pytest.raises(error):
        cover.take(cover=request, by=sol, now=now)

    assert Cover.objects.get(pk=request).state == before
    active = Assignment.objects.filter(pk=row.pk, is_active=True).exists()
    assert active == (scene != "cancelled")


def test_only_ones_own_and_only_ahead(people: dict[str, Person], evening: datetime) -> None:
    row, request = asked(people["priya"], evening + DAY)

    for who in ("sol", "ana", "cora"):
        with pytest.raises(rules.NotAllowed):
            cover.ask(assignment=row.pk, by=people[who], now=evening)
        with pytest.raises(rules.NotAllowed):
            cover.take_back(cover=request, by=people[who], now=evening)
    for who in ("priya", "ana", "cora"):
        with pytest.raises(rules.NotAllowed):
            cover.take(cover=request, by=people[who], now=evening)
    with pytest.raises(NotAllowedFrom):
        cover.ask(assignment=row.pk, by=people["priya"], now=row.starts_at)


def test_hours_taken_can_be_given_back_the_same_way(
    people: dict[str, Person], evening: datetime
) -> None:
    row, request = asked(people["priya"], evening + DAY)
    cover.take(cover=request, by=people["sol"], now=evening)
    taken = Assignment.objects.get(shift=row.shift_id, supporter=people["sol"])
    cover.ask(assignment=taken.pk, by=people["sol"], now=evening)

    again = Cover.objects.get(assignment=taken, state=rules.CoverState.OPEN).pk
    cover.take(cover=again, by=people["priya"], now=evening)

    assert holders(row) == {people["priya"].pk}


def test_a_swap_moves_both_and_everybody_booked(
    people: dict[str, Person], evening: datetime
) -> None:
    theirs, request = asked(people["priya"], evening + DAY)
    mine = hours_of(people["sol"], evening + 2 * DAY)
    one, two = book(people["ana"], theirs, evening), book(people["ben"], mine, evening)

    for _twice in range(2):
        cover.offer_swap(cover=request, mine=mine.pk, by=people["sol"], now=evening)
    offer = Cover.objects.get(exchange=theirs, state=rules.CoverState.OPEN)
    assert [o.cover for o in reads.board(people["priya"], evening).offers] == [offer.pk]
    assert reads.board(people["marcus"], evening).offers == ()
    for _twice in range(2):
        cover.accept_swap(cover=offer.pk, by=people["priya"], now=evening)

    assert (holders(theirs), holders(mine)) == ({people["sol"].pk}, {people["priya"].pk})
    offered = Visit.objects.filter(pk__in=[one.pk, two.pk], is_offer=True, state=rules.S.BOOKED)
    assert offered.count() == 2
    assert not Cover.objects.filter(state=rules.CoverState.OPEN).exists()


def test_a_swap_of_overlapping_hours_works(people: dict[str, Person], evening: datetime) -> None:
    theirs, request = asked(people["priya"], evening + DAY)
    mine = hours_of(people["sol"], evening + DAY + timedelta(hours=1))

    cover.offer_swap(cover=request, mine=mine.pk, by=people["sol"], now=evening)
    offer = Cover.objects.get(exchange=theirs)
    cover.accept_swap(cover=offer.pk, by=people["priya"], now=evening)

    assert (holders(theirs), holders(mine)) == ({people["sol"].pk}, {people["priya"].pk})


def test_a_swap_never_says_why_the_other_cannot(
    people: dict[str, Person], evening: datetime
) -> None:
    _theirs, request = asked(people["priya"], evening + DAY)
    mine = hours_of(people["sol"], evening + 5 * DAY)
    Break.objects.create(supporter=people["priya"], starts_at=evening + 4 * DAY, ends_at=None)

    with pytest.raises(rules.Unavailable):
        cover.offer_swap(cover=request, mine=mine.pk, by=people["sol"], now=evening)


def test_a_swap_ends_when_somebody_else_takes_the_hours(
    people: dict[str, Person], evening: datetime
) -> None:
    theirs, request = asked(people["priya"], evening + DAY)
    mine = hours_of(people["sol"], evening + 2 * DAY)
    cover.offer_swap(cover=request, mine=mine.pk, by=people["sol"], now=evening)
    offer = Cover.objects.get(exchange=theirs)
    with pytest.raises(rules.NotAllowed):
        cover.accept_swap(cover=offer.pk, by=people["marcus"], now=evening)
    with pytest.raises(rules.NotAllowed):
        cover.take(cover=offer.pk, by=people["marcus"], now=evening)

    cover.take(cover=request, by=people["marcus"], now=evening)

    assert Cover.objects.get(pk=offer.pk).state == rules.CoverState.WITHDRAWN
    with pytest.raises(NotAllowedFrom):
        cover.accept_swap(cover=offer.pk, by=people["priya"], now=evening)
    assert holders(mine) == {people["sol"].pk}


def test_declining_a_swap_leaves_everything(people: dict[str, Person], evening: datetime) -> None:
    theirs, request = asked(people["priya"], evening + DAY)
    mine = hours_of(people["sol"], evening + 2 * DAY)
    cover.offer_swap(cover=request, mine=mine.pk, by=people["sol"], now=evening)

    cover.decline_swap(
        cover=Cover.objects.get(exchange=theirs).pk, by=people["priya"], now=evening
    )

    assert (holders(theirs), holders(mine)) == ({people["priya"].pk}, {people["sol"].pk})
    assert Cover.objects.get(pk=request).state == rules.CoverState.OPEN


@pytest.mark.parametrize("many", [1, 6])
def test_the_page_takes_flat_queries(
    people: dict[str, Person], evening: datetime, django_assert_num_queries: Any, many: int
) -> None:
    for n in range(many):
        asked(people["priya"], evening + (2 * n + 1) * DAY)
        hours_of(people["sol"], evening + (2 * n + 2) * DAY)

    with django_assert_num_queries(6):
        board = reads.board(people["marcus"], evening)

    assert (len(board.requests), len(board.rooms)) == (many, 2 * many)


def test_the_others_are_told_once_a_day_and_neither_which_nor_whose(
    people: dict[str, Person], evening: datetime
) -> None:
    asked_at = evening + timedelta(hours=2)
    one, _ = asked(people["priya"], asked_at + DAY)
    asked(people["priya"], asked_at + DAY + timedelta(hours=3))
    hour = timedelta(hours=1)

    drain(now=lambda: asked_at)
    assert mail.outbox == []
    drain(now=lambda: asked_at + hour)

    assert sorted(m.to[0] for m in mail.outbox) == ["marcus@school.example", "sol@school.example"]
    for letter in mail.outbox:
        said = str(letter.body).lower().split("--")[0].replace("/hours/cover/", "")
        assert [word for word in ("priya", "room", "cover", "talk") if word in said] == []
    assert one.shift.place == "Room 214"


def test_nobody_is_told_about_hours_that_somebody_took_meanwhile(
    people: dict[str, Person], evening: datetime
) -> None:
    _row, request = asked(people["priya"], evening + DAY)
    cover.take(cover=request, by=people["sol"], now=evening)

    drain(now=lambda: evening + timedelta(hours=1))

    assert mail.outbox == []
