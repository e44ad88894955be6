"""Planned hours: what is published, changed, kept, left out and withdrawn."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Rule, Shift, SkippedDay, Visit
from officehours.planning_rules import Fate, Plan
from officehours.queries import planning as reads
from officehours.services import booking, hours, pairs, planning
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.audit.models import Entry
from peersupport.core.states import NotAllowedFrom
from program.models import Holiday
from tests.journeys.story import stand_behind
from tests.people import cast, hours_of
from tests.roles import clear_holidays, extend_horizon

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
FIRST = date(2026, 11, 24)  # a Tuesday; the evening is Monday 23
WEEK = timedelta(days=7)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    stand_behind(evening)
    return cast(evening)


def weekly(person: Person, now: datetime, **more: Any) -> Rule:
    """Publish Tuesdays, 5pm to 7pm."""
    given: dict[str, Any] = {"first_on": FIRST, "last_on": None, "place": "Room 214"}
    given |= {"starts": time(17), "ends": time(19), "minutes": 30, "request_key": ids.new_id()}
    rule, _ = hours.publish_weekly(supporter=person, by=person, now=now, **(given | more))
    return rule


def change(rule: Rule, by: Person, now: datetime, **more: Any) -> Plan:
    given: dict[str, Any] = {"starts": rule.starts, "ends": rule.ends, "place": rule.place}
    given |= {"minutes": rule.minutes, "ways": rule.ways, "last_on": rule.last_on}
    return planning.change_weekly(rule=rule, by=by, now=now, **(given | more))


def book(
    person: Person, shift: Shift, now: datetime, *, nth: int = 0, of: Person | None = None
) -> Visit:
    there = shift.assignments.filter(is_active=True)
    row = there.get() if of is None else there.get(supporter=of)
    slot = Slot(row.pk, row.starts_at + nth * timedelta(minutes=30))
    return booking.book(
        person=person, slot=slot, name="", wants_mail=False, request_key=ids.new_id(), now=now
    )


def shifts(rule: Rule) -> list[Shift]:
    return list(Shift.objects.filter(rule=rule).order_by("starts_at"))


def fates(plan: Plan) -> list[str]:
    return [str(row.fate) for row in plan.rows]


def test_publishing_leaves_out_holidays_and_the_horizon_job_skipped_days(
    people: dict[str, Person], evening: datetime
) -> None:
    Holiday.objects.create(name="Break", first_on=date(2026, 12, 1), last_on=date(2026, 12, 2))

    rule = weekly(people["priya"], evening)
    assert [s.local_date for s in shifts(rule)] == [FIRST]

    planning.skip_day(rule=rule, day=FIRST + 2 * WEEK, by=people["priya"], now=evening)
    later = evening + 2 * WEEK
    extend_horizon(rule=rule, now=later)
    assert [s.local_date for s in shifts(rule)] == [FIRST, FIRST + 3 * WEEK]

    planning.take_day_back(rule=rule, day=FIRST + 2 * WEEK, by=people["priya"], now=later)
    assert [s.local_date for s in shifts(rule)] == [FIRST, FIRST + 2 * WEEK, FIRST + 3 * WEEK]
    assert extend_horizon(rule=rule, now=later) == 0


def test_publishing_says_which_ways(people: dict[str, Person], evening: datetime) -> None:
    rule = weekly(people["priya"], evening, ways="in person,video")

    assert {s.ways for s in shifts(rule)} == {"in person,video"}


@pytest.mark.parametrize("weeks", [2, 20])
def test_publishing_and_planning_take_flat_queries(
    people: dict[str, Person],
    evening: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
    weeks: int,
) -> None:
    """One query a fact, and none a day: two weeks ask as often as twenty."""
    monkeypatch.setattr(rules, "HORIZON", weeks * WEEK)
    rule = weekly(people["priya"], evening)
    assert len(shifts(rule)) == weeks
    wanted = reads.changed_hours(rule, last_on=None, place="Attic")

    with django_assert_num_queries(9):
        reads.weekly_plan(wanted, supporter=people["priya"].pk, now=evening, rule=rule)
    with django_assert_num_queries(5):
        reads.weekly_plan(wanted, supporter=people["sol"].pk, now=evening)


def test_a_change_moves_what_nobody_booked_and_keeps_the_rest(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    first, second = shifts(rule)
    visit = book(people["ana"], first, evening)

    plan = change(rule, people["priya"], evening, starts=time(18), ends=time(20), place="Attic")

    assert fates(plan) == [Fate.KEPT, Fate.CHANGED]
    kept, moved = shifts(rule)
    assert (kept.starts_at, kept.place) == (first.starts_at, "Room 214")
    assert moved.pk == second.pk
    assert (moved.starts_at, moved.place) == (second.starts_at + timedelta(hours=1), "Attic")
    row = Assignment.objects.get(shift=moved)
    assert (row.starts_at, row.ends_at) == (moved.starts_at, moved.ends_at)
    assert Visit.objects.get(pk=visit.pk).state == rules.S.BOOKED
    rule.refresh_from_db()
    assert rule.starts == time(18)


def test_a_kept_day_follows_when_its_people_are_offered_other_times(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    first = shifts(rule)[0]
    visit = book(people["ana"], first, evening)

    change(
        rule,
        people["priya"],
        evening,
        starts=time(18),
        ends=time(20),
        cancel=frozenset([first.pk]),
    )

    assert shifts(rule)[0].starts_at == first.starts_at + timedelta(hours=1)
    gone = Visit.objects.get(pk=visit.pk)
    assert (gone.state, gone.ended_by) == (rules.S.CANCELLED, Visit.EndedBy.SUPPORTER)
    book(people["ben"], shifts(rule)[0], evening)


def test_a_change_twice_is_once(people: dict[str, Person], evening: datetime) -> None:
    rule = weekly(people["priya"], evening)
    change(rule, people["priya"], evening, place="Attic", seen=_seen(rule, evening, place="Attic"))
    count = Entry.objects.count()

    change(rule, people["priya"], evening, place="Attic", seen="what was shown before")

    assert Entry.objects.count() == count


def _seen(rule: Rule, now: datetime, **changes: Any) -> str:
    wanted = reads.changed_hours(rule, last_on=rule.last_on, **changes)
    return reads.weekly_plan(wanted, supporter=rule.supporter_id, now=now, rule=rule).mark


def test_a_change_that_was_not_seen_is_not_made(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    seen = _seen(rule, evening, place="Attic")
    book(people["ana"], shifts(rule)[1], evening)

    with pytest.raises(rules.ChangedMeanwhile):
        change(rule, people["priya"], evening, place="Attic", seen=seen)

    assert {s.place for s in shifts(rule)} == {"Room 214"}
    plan = reads.weekly_plan(
        reads.changed_hours(rule, last_on=None, place="Attic"),
        supporter=rule.supporter_id,
        now=evening,
        rule=rule,
    )
    assert plan.changed_since(seen) == {FIRST + WEEK}


def test_publishing_what_was_not_seen_is_not_done(
    people: dict[str, Person], evening: datetime
) -> None:
    with pytest.raises(rules.ChangedMeanwhile):
        weekly(people["priya"], evening, seen="20261124.aaaaaaaaaaaa")
    assert not Rule.objects.exists()


def test_a_day_by_hand_is_left_alone(people: dict[str, Person], evening: datetime) -> None:
    rule = weekly(people["priya"], evening)
    first = shifts(rule)[0]
    edit: dict[str, Any] = {"starts": time(17, 30), "ends": time(19, 30), "place": "Attic"}
    planning.edit_shift(shift=first, by=people["priya"], now=evening, **edit)

    plan = change(rule, people["priya"], evening, starts=time(12), ends=time(14))

    assert fates(plan) == [Fate.HAND, Fate.CHANGED]
    assert (shifts(rule)[0].place, shifts(rule)[0].is_by_hand) == ("Attic", True)
    assert shifts(rule)[0].starts_at == first.starts_at + timedelta(minutes=30)


def test_a_day_changed_by_hand_keeps_the_booked_times_inside(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    first = shifts(rule)[0]
    book(people["ana"], first, evening, nth=1)

    def edit(starts: time, ends: time) -> None:
        planning.edit_shift(
            shift=first, starts=starts, ends=ends, place="Attic", by=people["priya"], now=evening
        )

    for starts, ends in [
        (time(18), time(20)),  # the time would lie before them
        (time(17), time(17, 45)),  # and here beyond
        (time(17, 10), time(19, 10)),  # and here on no beginning of a talk
    ]:
        with pytest.raises(rules.StillBooked):
            edit(starts, ends)
    edit(time(16, 30), time(18))
    assert shifts(rule)[0].place == "Attic"


def test_a_change_into_other_hours_or_without_cover_withdraws_that_day(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    first, second = shifts(rule)
    hours_of(people["priya"], first.starts_at + timedelta(hours=3), length=timedelta(hours=1))

    plan = change(rule, people["priya"], evening, starts=time(19), ends=time(21))

    assert fates(plan) == [Fate.OVERLAP, Fate.CHANGED]
    assert [s.pk for s in shifts(rule)] == [second.pk]


def test_ending_withdraws_what_is_empty_and_keeps_what_is_booked(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    first, second = shifts(rule)
    book(people["ana"], second, evening)

    planning.end_weekly(rule=rule, last_on=FIRST - WEEK, by=people["priya"], now=evening)

    assert [s.pk for s in shifts(rule)] == [second.pk]
    assert not Shift.objects.filter(pk=first.pk).exists()
    rule.refresh_from_db()
    assert extend_horizon(rule=rule, now=evening + WEEK) == 0


def test_the_program_may_end_weekly_hours_and_another_supporter_may_not(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)

    with pytest.raises(rules.NotAllowed):
        planning.end_weekly(rule=rule, last_on=FIRST, by=people["marcus"], now=evening)
    with pytest.raises(rules.NotAllowed):
        change(rule, people["cora"], evening, place="Attic")
    with pytest.raises(rules.NotAllowed):
        planning.end_for_program(rule=rule, last_on=FIRST, by=people["priya"], now=evening)
    planning.end_for_program(rule=rule, last_on=FIRST, by=people["cora"], now=evening)
    assert len(shifts(rule)) == 2  # what is published is cancelled singly
    assert extend_horizon(rule=rule, now=evening + WEEK) == 0


def test_a_day_with_people_is_left_out_only_when_said_so(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    visit = book(people["ana"], shifts(rule)[0], evening)

    with pytest.raises(rules.StillBooked):
        planning.skip_day(rule=rule, day=FIRST, by=people["priya"], now=evening)
    assert not SkippedDay.objects.exists()
    for _twice in range(2):
        planning.skip_day(
            rule=rule, day=FIRST, by=people["priya"], now=evening, give_up_booked=True
        )

    assert Visit.objects.get(pk=visit.pk).state == rules.S.CANCELLED
    assert [s.local_date for s in shifts(rule)] == [FIRST + WEEK]
    planning.take_day_back(rule=rule, day=FIRST, by=people["priya"], now=evening)
    assert [s.local_date for s in shifts(rule)] == [FIRST, FIRST + WEEK]


@pytest.mark.parametrize("day", [FIRST + timedelta(days=1), FIRST - WEEK, FIRST + 60 * WEEK])
def test_a_day_that_is_none_of_theirs_cannot_be_left_out(
    people: dict[str, Person], evening: datetime, day: date
) -> None:
    rule = weekly(people["priya"], evening)

    with pytest.raises(rules.OutOfTime):
        planning.skip_day(rule=rule, day=day, by=people["priya"], now=evening)


def test_the_second_person_comes_along_and_leaves(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    hours_of(people["marcus"], shifts(rule)[1].starts_at + timedelta(hours=1))

    out = pairs.join_weekly(rule=rule, by=people["marcus"], now=evening)
    assert out == [FIRST + WEEK]
    assert pairs.join_weekly(rule=rule, by=people["marcus"], now=evening) == []
    with pytest.raises(rules.ShiftFull):
        pairs.join_weekly(rule=rule, by=people["sol"], now=evening)
    with pytest.raises(rules.ShiftFull):
        pairs.join_once(shift=shifts(rule)[0], by=people["sol"], now=evening)

    extend_horizon(rule=rule, now=evening + WEEK)
    assert _crews(rule) == [{"priya", "marcus"}, {"priya"}, {"priya", "marcus"}]

    pairs.leave_weekly(rule=rule, by=people["marcus"], now=evening)
    assert _crews(rule) == [{"priya"}, {"priya"}, {"priya"}]
    extend_horizon(rule=rule, now=evening + 2 * WEEK)
    assert _crews(rule)[-1] == {"priya"}


def _crews(rule: Rule) -> list[set[str]]:
    return [
        {
            row.supporter.email.split("@")[0]
            for row in shift.assignments.filter(is_active=True).select_related("supporter")
        }
        for shift in shifts(rule)
    ]


def test_a_pair_moves_together_and_who_has_other_hours_stays_behind(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    pairs.join_weekly(rule=rule, by=people["marcus"], now=evening)
    hours_of(people["marcus"], shifts(rule)[1].ends_at, length=timedelta(minutes=30))
    rule.refresh_from_db()

    change(rule, people["priya"], evening, starts=time(18), ends=time(20))

    assert _crews(rule) == [{"priya", "marcus"}, {"priya"}]


def test_who_joins_leaves_and_joins_again_has_one_row(
    people: dict[str, Person], evening: datetime
) -> None:
    priya = hours_of(people["priya"], evening + timedelta(hours=3))
    for _twice in range(2):
        pairs.join_once(shift=priya.shift, by=people["sol"], now=evening)
        hours.cancel_shift(shift=priya.shift, by=people["sol"], now=evening)
    pairs.join_once(shift=priya.shift, by=people["sol"], now=evening)

    rows = Assignment.objects.filter(shift=priya.shift, supporter=people["sol"])
    assert [row.is_active for row in rows] == [True]
    assert Shift.objects.get(pk=priya.shift_id).state == rules.ShiftState.PUBLISHED


def test_a_third_shift_in_a_week_cannot_be_joined(
    people: dict[str, Person], evening: datetime
) -> None:
    for n in (1, 2):
        hours_of(people["sol"], evening + timedelta(days=n))
    other = hours_of(people["priya"], evening + timedelta(days=4))

    with pytest.raises(rules.TooManyShifts):
        pairs.join_once(shift=other.shift, by=people["sol"], now=evening)


def test_a_holiday_withdraws_weekly_hours_nobody_booked_and_nothing_else(
    people: dict[str, Person], evening: datetime
) -> None:
    booked, empty = weekly(people["priya"], evening), weekly(people["marcus"], evening)
    once = hours_of(people["sol"], shifts(booked)[0].starts_at)
    Shift.objects.filter(pk=once.shift_id).update(local_date=FIRST)
    book(people["ana"], shifts(booked)[0], evening)
    Holiday.objects.create(name="Snow", first_on=FIRST, last_on=FIRST)

    assert clear_holidays(now=evening) == 1
    assert clear_holidays(now=evening) == 0

    assert [s.local_date for s in shifts(booked)] == [FIRST, FIRST + WEEK]
    assert [s.local_date for s in shifts(empty)] == [FIRST + WEEK]
    assert Shift.objects.bookable().filter(pk=once.shift_id).exists()
    extend_horizon(rule=empty, now=evening)
    assert [s.local_date for s in shifts(empty)] == [FIRST + WEEK]


def test_hours_that_somebody_took_over_do_not_follow_the_rule(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    Assignment.objects.filter(shift=shifts(rule)[0]).update(supporter=people["sol"])

    plan = change(rule, people["priya"], evening, place="Attic")

    assert fates(plan) == [Fate.SHARED, Fate.CHANGED]


def test_a_change_never_touches_hours_that_have_begun(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    during = shifts(rule)[0].starts_at + timedelta(minutes=30)

    plan = change(rule, people["priya"], during, place="Attic")

    assert fates(plan)[:2] == [Fate.BEGUN, Fate.CHANGED]
    with pytest.raises(NotAllowedFrom):
        planning.skip_day(rule=rule, day=FIRST, by=people["priya"], now=during)


def test_a_strange_id_is_nobodys(people: dict[str, Person], evening: datetime) -> None:
    with pytest.raises(rules.NotAllowed):
        planning.skip_day(
            rule=Rule(pk=uuid.UUID(int=1)), day=FIRST, by=people["priya"], now=evening
        )
    with pytest.raises(rules.NotAllowed):
        pairs.join_weekly(rule=Rule(pk=uuid.UUID(int=1)), by=people["priya"], now=evening)
