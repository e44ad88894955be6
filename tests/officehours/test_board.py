"""The board promises no hours with which nothing can be had, and costs no query for it."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Break, Load, Visit
from officehours.queries import board as boards
from officehours.queries import care
from officehours.queries.board import Board, todays_board
from peersupport.core import daykey
from program.services import touch_public
from tests.people import cast, hours_of, join_line, pair_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def booked(hours: Assignment, count: int = 1, state: str = "booked") -> None:
    """Fill the first times of these hours."""
    for n in range(count):
        start = hours.starts_at + n * HALF_HOUR
        Visit.objects.create(
            shift=hours.shift,
            assignment=hours,
            starts_at=start,
            ends_at=start + HALF_HOUR,
            state=state,
            key_day=daykey.day_of(start),
            forget_at=start + DAY,
            holder_kind="nobody",
        )


def rests(person: Person, start: datetime, end: datetime | None = None) -> None:
    Break.objects.create(supporter=person, starts_at=start, ends_at=end)


def seen(now: datetime) -> Board:
    touch_public()  # so that nothing is remembered
    return todays_board(now)


def test_hours_of_somebody_who_rests_are_not_promised(
    people: dict[str, Person], evening: datetime
) -> None:
    hours_of(people["priya"], evening + HALF_HOUR)
    hours_of(people["priya"], evening + DAY)
    hours_of(people["marcus"], evening + 2 * DAY)
    rests(people["priya"], evening - DAY)

    board = seen(evening)

    assert board.doors == ()
    assert board.next_at == evening + 2 * DAY


def test_hours_are_promised_again_once_the_break_is_over(
    people: dict[str, Person], evening: datetime
) -> None:
    hours_of(people["priya"], evening + HALF_HOUR)
    rests(people["priya"], evening - DAY, evening + HALF_HOUR)

    board = seen(evening)

    assert [door.status for door in board.doors] == [boards.SOON]
    assert board.next_at == evening + HALF_HOUR


@pytest.mark.parametrize("why", ["rests", "full"])
def test_hours_somebody_is_booked_in_stand_without_a_way_in(
    people: dict[str, Person], evening: datetime, why: str
) -> None:
    """And whether their supporter rests or has enough cannot be told."""
    hours = hours_of(people["marcus"], evening + HALF_HOUR)
    booked(hours, 3 if why == "full" else 1)
    if why == "rests":
        rests(people["marcus"], evening - DAY)
    touch_public()

    with time_machine.travel(evening, tick=False):
        page = sign_in(people["ana"]).get("/")

    assertContains(page, "Marcus")
    assertContains(page, "Nothing free")
    assertNotContains(page, "Book a time")
    assertNotContains(page, "Join the line")


@pytest.mark.parametrize("why", ["rests", "full"])
def test_who_is_in_but_takes_nobody_new_does_not_light_the_lamp(
    people: dict[str, Person], evening: datetime, why: str
) -> None:
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    hours_of(people["marcus"], evening + timedelta(hours=1))
    if why == "full":
        booked(hours, 3, "finished")
    else:
        rests(people["priya"], evening - DAY)
    touch_public()

    with time_machine.travel(evening + HALF_HOUR, tick=False):
        page = Client().get("/")

    assertContains(page, "<h1>No one is free right now</h1>", html=True)
    assertContains(page, "Next: 6:10pm.")
    assertContains(page, "Nothing free")
    assertNotContains(page, "is-open")
    assertNotContains(page, "is-lit")
    assertNotContains(page, "Join the line")


def test_the_partner_of_somebody_who_rests_still_has_a_line(
    people: dict[str, Person], evening: datetime
) -> None:
    priya, _sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    rests(people["priya"], evening - DAY)

    board = seen(evening)

    assert [(door.name, door.status, door.may_join) for door in board.doors] == [
        ("Sol", boards.FREE, True),
        ("Priya", boards.FULL, False),
    ]
    assert board.is_free
    assert join_line(people["ana"], priya.shift_id, evening).state == "waiting"


def test_a_line_from_which_nobody_may_call_is_not_joined(
    people: dict[str, Person], evening: datetime
) -> None:
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    rests(people["priya"], evening - DAY)

    with time_machine.travel(evening, tick=False):
        page = sign_in(people["ana"]).get(f"/line/join/{hours.shift_id}/")
    assertContains(page, "You cannot join here right now", status_code=409)
    with pytest.raises(rules.LineClosed):
        join_line(people["ana"], hours.shift_id, evening)


@pytest.mark.parametrize("many", [1, 30])
def test_all_of_it_takes_four_queries(
    people: dict[str, Person],
    evening: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    many: int,
) -> None:
    for n in range(many):
        person = Person.objects.create_user(f"s{n}@school.example", joined=evening.date())
        booked(hours_of(person, evening + n * timedelta(hours=9)), n % 4)
        rests(person, evening + n * DAY)
        Load.objects.create(supporter=person, week="2026-W48", talks=n % 8)
    touch_public()

    with django_assert_max_num_queries(4):
        todays_board(evening)


@pytest.mark.parametrize("seed", range(25))
def test_the_board_and_booking_are_of_one_mind(
    people: dict[str, Person], evening: datetime, seed: int
) -> None:
    """Two ways to ask who takes nobody new: at once for the board, or by three queries."""
    dice = random.Random(seed)
    zone = ZoneInfo("America/New_York")
    weeks = ["2026-W47", "2026-W48"]
    rows = []
    for name in ("priya", "sol", "marcus"):
        for week in weeks:
            Load.objects.create(supporter=people[name], week=week, talks=dice.randrange(6))
        if dice.random() < 0.5:
            start = evening + dice.randrange(-3, 10) * DAY
            rests(people[name], start, dice.choice([None, start + dice.randrange(1, 4) * DAY]))
        for n in range(6):
            hours = hours_of(people[name], evening + (n - 1) * DAY - timedelta(minutes=90))
            booked(hours, dice.randrange(4), dice.choice(["booked", "finished", "missed"]))
            rows.append(hours.pk)
    asked = Assignment.objects.select_related("shift").filter(pk__in=rows)
    crowd = boards._crowd(set(), {people[name].pk for name in ("priya", "sol", "marcus")})

    at_once = care.closed_of(care.knowing_rests(asked, evening, zone), crowd.talks, evening, zone)

    assert at_once == care.closed_to_new(asked, evening)
    assert 0 < len(at_once) < len(rows) or seed
