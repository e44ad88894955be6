"""Pages of planned hours: shown before done, done once, and no more said than needs be."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role
from officehours.models import Assignment, Rule, Shift
from officehours.services import pairs
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from program.models import Coverage, Holiday
from tests.journeys.story import stand_behind
from tests.officehours.test_planning import FIRST, WEEK, book, shifts, weekly
from tests.people import cast, confirm, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY = timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> Any:
    stand_behind(evening)
    with time_machine.travel(evening, tick=False):
        yield cast(evening)


def _fields(**more: str) -> dict[str, str]:
    given = {"day": "2026-11-24", "starts": "17:00", "ends": "19:00", "place": "Room 214"}
    given |= {"minutes": "30", "ways": "in person", "request_key": str(ids.new_id())}
    return given | more


def _seen(page: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_publishing_is_shown_first_and_done_once(people: dict[str, Person]) -> None:
    priya = sign_in(people["priya"])
    fields = _fields(is_weekly="on")

    shown = priya.post("/hours/new/", fields)
    assertContains(shown, "Tuesday 1 December, 5pm to 7pm")
    assert not Shift.objects.exists()
    for _twice in range(2):
        done = priya.post("/hours/new/", {**fields, "seen": _seen(shown)})
        assert done.status_code == 302

    assert Rule.objects.count() == 1
    assert Shift.objects.count() == 2


def test_a_gap_is_seen_before_publishing(people: dict[str, Person]) -> None:
    """On one of the days nobody answers after 6pm: that day is left out, and is said."""
    Coverage.objects.all().update(until=FIRST)
    priya = sign_in(people["priya"])

    shown = priya.post("/hours/new/", _fields(is_weekly="on"))

    assertContains(shown, "Nobody stands behind you")
    assertContains(shown, "Nobody is named from 5pm to 7pm.")
    priya.post("/hours/new/", _fields(is_weekly="on", seen=_seen(shown)))
    assert [s.local_date for s in Shift.objects.all()] == [FIRST]


def test_what_changed_since_it_was_shown_is_marked(people: dict[str, Person]) -> None:
    priya = sign_in(people["priya"])
    fields = _fields(is_weekly="on")
    shown = priya.post("/hours/new/", fields)
    Holiday.objects.create(name="Snow", first_on=FIRST + WEEK, last_on=FIRST + WEEK)

    again = priya.post("/hours/new/", {**fields, "seen": _seen(shown)})

    assertContains(again, "Something has changed since you looked", status_code=409)
    assertContains(again, "Different now", count=1, status_code=409)
    assertContains(again, "Snow", status_code=409)
    assert not Rule.objects.exists()
    assert priya.post("/hours/new/", {**fields, "seen": _seen(again)}).status_code == 302


def test_back_keeps_every_answer(people: dict[str, Person]) -> None:
    fields = _fields(is_weekly="on", place="Room <b>9", back="on")

    page = sign_in(people["priya"]).post("/hours/new/", fields)

    assertContains(page, "See what will be published")
    assertContains(page, 'value="Room &lt;b&gt;9"')
    assert not Rule.objects.exists()


def test_more_hours_than_is_good_are_said(people: dict[str, Person], evening: datetime) -> None:
    for n in (3, 4):
        hours_of(people["priya"], evening + n * DAY)

    page = sign_in(people["priya"]).post("/hours/new/", _fields())

    assertContains(page, "In the week from Monday 23 November that makes more than two shifts.")


def test_somebody_elses_key_publishes_nothing(people: dict[str, Person]) -> None:
    fields = _fields()
    assert confirm(sign_in(people["priya"]), "/hours/new/", fields).status_code == 302

    taken = sign_in(people["marcus"]).post("/hours/new/", {**fields, "seen": "x"})

    assert taken.status_code == 404


def test_changing_twice_is_once(people: dict[str, Person], evening: datetime) -> None:
    rule = weekly(people["priya"], evening)
    book(people["ana"], shifts(rule)[0], evening)
    priya, address = sign_in(people["priya"]), f"/hours/weekly/{rule.pk}/change/"
    fields = {"starts": "18:00", "ends": "20:00", "place": "Attic", "minutes": "30"}
    fields |= {"ways": "in person"}
    shown = priya.post(address, fields)
    chosen = {f"shift-{shifts(rule)[0].pk.hex}": "cancel", "seen": _seen(shown)}

    for _twice in range(2):
        assert priya.post(address, {**fields, **chosen}).status_code == 302

    assert {s.place for s in shifts(rule)} == {"Attic"}


def test_the_program_sees_hours_and_pairs_and_nothing_of_who_comes(
    people: dict[str, Person], evening: datetime
) -> None:
    rule = weekly(people["priya"], evening)
    pairs.join_weekly(rule=rule, by=people["sol"], now=evening)
    cora = sign_in(people["cora"])
    before = cora.get("/hours/program/").content
    assert b"Priya and Sol" in before

    row = Assignment.objects.filter(shift=shifts(rule)[0])[0]
    book(people["ana"], Shift.objects.get(pk=row.shift_id), evening, of=people["priya"])

    assert _without_tokens(cora.get("/hours/program/").content) == _without_tokens(before)
    end = f"/hours/program/weekly/{rule.pk}/end/"
    assertNotContains(cora.get(end), "Somebody has a time")


def _without_tokens(page: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.decode())


@pytest.mark.parametrize("many", [1, 8])
def test_the_programs_page_takes_flat_queries(
    people: dict[str, Person],
    evening: datetime,
    django_assert_max_num_queries: Any,
    many: int,
) -> None:
    for n in range(many):
        hours_of(people["priya"], evening + (n + 1) * DAY)
        Holiday.objects.create(name=f"Day {n}", first_on=FIRST, last_on=FIRST)
    weekly(people["marcus"], evening)
    cora = sign_in(people["cora"])

    with django_assert_max_num_queries(16):
        assert cora.get("/hours/program/").status_code == 200


def test_holidays_by_the_coordinator_and_the_administrator(
    people: dict[str, Person], evening: datetime
) -> None:
    rule, other = weekly(people["priya"], evening), weekly(people["marcus"], evening)
    book(people["ana"], shifts(rule)[0], evening)
    ida, cora = sign_in(people["ida"]), sign_in(people["cora"])
    fields = {"name": "Snow", "first_on": "2026-11-24", "last_on": ""}

    for _twice in range(2):
        assert ida.post("/program/holidays/", fields).status_code == 302

    day = Holiday.objects.get()
    assert (day.first_on, day.last_on) == (FIRST, FIRST)
    assert [s.local_date for s in shifts(other)] == [FIRST + WEEK]
    page = ida.get("/program/holidays/")
    assertContains(page, "1 stretch of hours is still published in it.")
    assertContains(page, "The coordinator decides")
    assert ida.get(f"/hours/program/holiday/{day.pk}/").status_code == 404
    decide = cora.get(f"/hours/program/holiday/{day.pk}/")
    assertContains(decide, "5pm to 7pm")
    assertNotContains(decide, "Ana")
    chosen = {f"shift-{shifts(rule)[0].pk.hex}": "cancel"}
    assert cora.post(f"/hours/program/holiday/{day.pk}/", chosen).status_code == 302
    assert not Shift.objects.bookable().filter(local_date=FIRST).exists()

    assert cora.post(f"/program/holidays/{day.pk}/remove/").status_code == 302
    assert cora.post(f"/program/holidays/{day.pk}/remove/").status_code == 404


def test_a_student_lead_runs_hours_and_keeps_no_holidays(
    people: dict[str, Person], evening: datetime
) -> None:
    grant_role(person=people["ben"], role=Role.STUDENT_LEAD, by=SYSTEM, now=evening)
    lead = sign_in(Person.objects.get(pk=people["ben"].pk))

    assert lead.get("/hours/program/").status_code == 200
    assert lead.get("/hours/program/close/").status_code == 200
    assert lead.get("/program/holidays/").status_code == 404


def test_one_of_a_pair_is_asked_whether_to_leave(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + DAY)
    pairs.join_once(shift=row.shift, by=people["sol"], now=evening)

    page = sign_in(people["sol"]).get(f"/hours/{row.shift_id}/cancel/")

    assertContains(page, "Leave these hours?")
    assertContains(page, "Priya stays.")


def test_nothing_of_cover_reaches_who_is_no_supporter(people: dict[str, Person]) -> None:
    for who in ("ana", "cora", "ida"):
        assert sign_in(people[who]).get("/hours/cover/").status_code == 404
    assert Client().get("/hours/cover/").status_code == 302


def test_weekly_pages_know_holidays_and_days_left_out(
    people: dict[str, Person], evening: datetime
) -> None:
    Holiday.objects.create(name="Break", first_on=FIRST + WEEK, last_on=FIRST + WEEK)
    rule = weekly(people["priya"], evening)
    priya = sign_in(people["priya"])
    priya.post(f"/hours/weekly/{rule.pk}/skip/", {"day": FIRST.isoformat()})

    page = priya.get(f"/hours/weekly/{rule.pk}/")

    for said in ("Holiday", "Break", "Left out", "Hold it after all"):
        assertContains(page, said)
    assert date(2026, 12, 1) == FIRST + WEEK
