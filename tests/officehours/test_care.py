"""Caps, breaks, days before exams, distance: who is not offered for new talks, and how flat."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Group, Membership, Person
from officehours import care_rules, rules
from officehours.models import Assignment, Break, Distance, Load, Visit
from officehours.queries import care
from peersupport.core import daykey, ids
from program import calendars
from program.rules import Span
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


def talk(hours: Assignment, at: datetime | None = None, state: str = "finished") -> Visit:
    """Return a talk in these hours: with its time if it was booked."""
    end = (at or hours.starts_at) + timedelta(minutes=30)
    day = daykey.day_of(end)
    return Visit.objects.create(
        shift=hours.shift,
        assignment=hours,
        starts_at=at,
        ends_at=end,
        state=state,
        key_day=day,
        forget_at=end + timedelta(hours=24),
        holder_kind="nobody",
        line_rank=1 if state == "called" else None,
    )


def talks(hours: Assignment, count: int) -> list[Visit]:
    """Return so many talks, one after the other."""
    return [talk(hours, hours.starts_at + n * timedelta(minutes=30)) for n in range(count)]


@pytest.fixture
def exams() -> Iterator[dict[Any, list[Span]]]:
    """A calendar that somebody else fills."""
    known: dict[Any, list[Span]] = {}
    calendars.register_exams("test", lambda person, start, end: known.get(person.pk, []))
    yield known
    calendars.forget_source("test")


@pytest.mark.parametrize(("count", "closed"), [(0, False), (2, False), (3, True), (4, True)])
def test_three_talks_fill_a_shift(evening: datetime, count: int, closed: bool) -> None:
    hours = hours_of(cast(evening)["priya"], evening)
    talks(hours, count)

    assert (hours.pk in care.closed_to_new([hours], evening)) is closed


@pytest.mark.parametrize(
    ("state", "counts"), [("booked", True), ("called", True), ("missed", False)]
)
def test_what_counts_as_a_talk(evening: datetime, state: str, counts: bool) -> None:
    hours = hours_of(cast(evening)["priya"], evening)
    talks(hours, 2)
    talk(hours, hours.starts_at + HOUR, state)

    assert (hours.pk in care.closed_to_new([hours], evening)) is counts


@pytest.mark.parametrize(("carried", "closed"), [(3, False), (4, True)])
def test_six_talks_fill_a_week(evening: datetime, carried: int, closed: bool) -> None:
    """Forgotten talks count from the supporter's week, the others from their rows, none twice."""
    priya = cast(evening)["priya"]
    Load.objects.create(supporter=priya, week="2026-W48", talks=carried)
    yesterday = hours_of(priya, evening - timedelta(days=1, hours=1))  # the week before
    talks(yesterday, 3)
    first = hours_of(priya, evening)
    talks(first, 2)
    ahead = hours_of(priya, evening + timedelta(days=1))

    assert (ahead.pk in care.closed_to_new([ahead], evening)) is closed
    assert care.may_take_more(priya, ahead, evening) is not closed


def test_a_time_given_up_in_the_same_moment_makes_room(evening: datetime) -> None:
    hours = hours_of(cast(evening)["priya"], evening)
    moved = talks(hours, 3)[0]

    assert care.closed_to_new([hours], evening, leaving_out=moved.pk) == frozenset()


@pytest.mark.parametrize(
    ("sunday", "length"),
    [(date(2026, 11, 1), 169), (date(2027, 3, 14), 167), (date(2026, 11, 22), 168)],
)
def test_a_week_is_local_also_where_the_clock_changes(sunday: date, length: int) -> None:
    start, end = care_rules.week_bounds(sunday, NEW_YORK)

    assert end - start == timedelta(hours=length)
    assert (start.astimezone(NEW_YORK).isoweekday(), start.astimezone(NEW_YORK).hour) == (1, 0)
    assert rules.week_of((end - HOUR).astimezone(NEW_YORK).date()) == rules.week_of(sunday)
    assert care_rules.week_from(rules.week_of(sunday)) == sunday - timedelta(days=6)


def test_late_on_the_sunday_of_the_clock_change_is_still_that_week(evening: datetime) -> None:
    """11pm on 1 November is 4am UTC on Monday."""
    priya = cast(evening)["priya"]
    late = datetime(2026, 11, 2, 4, tzinfo=UTC)
    now = late - timedelta(days=2)
    sunday, monday = hours_of(priya, late, length=HOUR), hours_of(priya, late + HOUR)
    Load.objects.create(supporter=priya, week="2026-W44", talks=6)

    assert care.closed_to_new([sunday, monday], now) == {sunday.pk}
    assert care.shifts_in_week(priya, date(2026, 11, 1)) == 1
    assert care.shifts_in_week(priya, date(2026, 11, 2)) == 1


def test_two_shifts_a_week_are_enough(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    hours_of(priya, evening)
    hours_of(priya, evening + timedelta(days=2))
    off = hours_of(priya, evening + timedelta(days=3))
    off.shift.state = rules.ShiftState.CANCELLED
    off.shift.save()

    count = care.shifts_in_week(priya, date(2026, 11, 23))
    assert count == 2
    assert [care_rules.too_many_shifts(n) for n in (0, 1, 2, 3)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("ahead", "rests"),
    [
        (timedelta(hours=72), True),
        (timedelta(hours=72, minutes=1), False),
        (timedelta(hours=-3), True),  # it ends this very moment plus a minute
        (timedelta(hours=-3, minutes=-1), False),
    ],
)
def test_an_own_exam_closes_the_three_days_before(
    evening: datetime, exams: dict[Any, list[Span]], ahead: timedelta, rests: bool
) -> None:
    people = cast(evening)
    begins = evening + ahead
    exams[people["priya"].pk] = [Span(begins, begins + timedelta(hours=3, minutes=1))]
    row = hours_of(people["priya"], evening - HOUR, length=HOUR + timedelta(seconds=30))
    other = hours_of(people["sol"], evening - HOUR)

    now = evening
    assert care.resting([people["priya"], people["sol"]], now) == (
        {people["priya"].pk} if rests else set()
    )
    assert care.closed_to_new([row, other], now) == ({row.pk} if rests else set())


def test_a_break_closes_what_it_touches(evening: datetime) -> None:
    people = cast(evening)
    Break.objects.create(
        supporter=people["priya"], starts_at=evening, ends_at=evening + timedelta(days=1)
    )
    Break.objects.create(supporter=people["sol"], starts_at=evening + timedelta(days=2))
    tonight, after = (
        hours_of(people["priya"], evening),
        hours_of(people["priya"], evening + timedelta(days=1)),
    )
    before, within = (
        hours_of(people["sol"], evening),
        hours_of(people["sol"], evening + timedelta(days=9)),
    )

    assert care.closed_to_new([tonight, after, before, within], evening) == {tonight.pk, within.pk}
    assert care.resting([people["priya"].pk, people["sol"].pk], evening) == {people["priya"].pk}
    assert care.resting(people.values(), evening + timedelta(days=3)) == {people["sol"].pk}
    span = (evening + timedelta(days=1), evening + timedelta(days=2))
    assert care.unavailable([people["priya"].pk, people["sol"].pk], *span) == frozenset()


def test_the_question_is_flat(evening: datetime, exams: dict[Any, list[Span]]) -> None:
    """Four queries, and one for fresh rows, with one supporter or with forty."""
    calendars.register_exams("test", lambda *_: [], many=lambda who, *_: {})
    rows = []
    for n in range(40):
        person = Person.objects.create_user(f"s{n}@school.example", joined=evening.date())
        rows.append(hours_of(person, evening + timedelta(days=n % 14)))
        Break.objects.create(supporter=person, starts_at=evening + timedelta(days=n))
        talks(rows[-1], 1)
    for given in (rows[:1], rows):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            care.closed_to_new(given, evening)
        assert len(asked) == 4
        fresh = list(Assignment.objects.filter(pk__in=[row.pk for row in given]))
        with CaptureQueriesContext(connection) as asked:
            care.closed_to_new(fresh, evening)
        assert len(asked) == 5
    assert care.closed_to_new([], evening) == frozenset()


def test_who_keeps_a_distance(evening: datetime) -> None:
    people = cast(evening)
    ana = people["ana"]
    team, year, club = (
        Group.objects.create(name=name, is_apart=name == "team")
        for name in ("team", "year", "club")
    )
    for person, group in [
        ("ana", team),
        ("ana", year),
        ("sol", team),
        ("priya", year),
        ("marcus", club),
    ]:
        Membership.objects.create(person=people[person], group=group)
    supporters = [people[name].pk for name in ("sol", "priya", "marcus")]

    assert care.distant(ana.pk, supporters) == {people["sol"].pk}
    Distance.objects.create(supporter=people["marcus"], group=year)
    Distance.objects.create(supporter=people["priya"], group=club)
    with CaptureQueriesContext(connection) as asked:
        assert care.distant(ana.pk, supporters) == {people["sol"].pk, people["marcus"].pk}
    assert len(asked) == 1
    assert care.distant(people["ben"].pk, supporters) == frozenset()
    assert care.distant(None, supporters) == frozenset()
    assert ids.new_id() not in care.distant(ana.pk, [ids.new_id()])
