"""Each May: roles, facts, days and keys are handed over; the page follows what is kept."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine

from accounts.models import Person, RosterEntry
from accounts.rules import LastHolder, NotAllowed, Role
from accounts.services import grant_role
from accounts.services.invitations import invite
from accounts.services.succession import lay_down
from officehours.models import Rule
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry as AuditRow
from program.guide import Item
from program.models import Coverage
from program.queries import first_steps, succession
from program.rules import hand_over_begins, is_time_to_hand_over
from program.services import add_coverage, add_holiday, change_setting
from program.services.crisis import check_all
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MAY = datetime(2027, 5, 3, 15, tzinfo=UTC)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def _items() -> dict[str, Item]:
    return {item.name: item for item in succession.items(first_steps.look())}


def _left() -> set[str]:
    return {name for name, item in _items().items() if not item.is_done}


def _is_senior(person: Person) -> None:
    RosterEntry.objects.create(email=person.email, phase="M4", standing="enrolled", person=person)


def test_it_begins_in_april_and_is_spoken_of_until_the_autumn() -> None:
    assert hand_over_begins(date(2027, 3, 31)) == date(2026, 4, 1)
    assert hand_over_begins(date(2027, 4, 1)) == date(2027, 4, 1)
    spoken = [month for month in range(1, 13) if is_time_to_hand_over(date(2027, month, 5))]
    assert spoken == [4, 5, 6, 7, 8, 9, 10]


def test_the_index_reminds_from_april_on(people: dict[str, Person]) -> None:
    for month, is_said in ((3, False), (4, True), (9, True), (12, False)):
        with time_machine.travel(MAY.replace(month=month), tick=False):
            page = sign_in(people["cora"]).get("/program/").content.decode()
            assert ("To be settled" in page) is is_said, month


def test_a_leaver_is_named_until_somebody_else_has_the_role(people: dict[str, Person]) -> None:
    sol, marcus, cora = people["sol"], people["marcus"], people["cora"]
    with time_machine.travel(MAY, tick=False):
        assert _items()["role-student_lead"].is_done  # this school has none
        grant_role(person=sol, role=Role.STUDENT_LEAD, by=SYSTEM, now=MAY)
        assert _items()["role-student_lead"].is_done
        _is_senior(sol)
        lead = _items()["role-student_lead"]
        assert not lead.is_done
        assert "(leaves)" in lead.state
        invite(email="new@school.example", role=Role.STUDENT_LEAD, by=cora, now=MAY)
        assert "has not answered" in _items()["role-student_lead"].state
        with pytest.raises(LastHolder):
            lay_down(role=Role.STUDENT_LEAD, by=sol, now=MAY)
        grant_role(person=marcus, role=Role.STUDENT_LEAD, by=cora, now=MAY)
        assert "can give it back" in _items()["role-student_lead"].state
        epoch = Person.objects.get(pk=sol.pk).session_epoch
        lay_down(role=Role.STUDENT_LEAD, by=sol, now=MAY)
        assert _items()["role-student_lead"].is_done
        assert Person.objects.get(pk=sol.pk).session_epoch != epoch
        assert AuditRow.objects.filter(verb="lay down role").count() == 1
        with pytest.raises(NotAllowed):
            lay_down(role=Role.STUDENT_LEAD, by=sol, now=MAY)
        with pytest.raises(NotAllowed):
            lay_down(role=Role.SUPPORTER, by=sol, now=MAY)


def test_a_coordinator_gives_the_role_back_on_a_page(people: dict[str, Person]) -> None:
    cora = people["cora"]
    with time_machine.travel(MAY, tick=False):
        browser = sign_in(cora)
        assert (
            "Nobody else has"
            in browser.get("/program/succession/give-back/coordinator/").content.decode()
        )
        browser.post("/program/succession/give-back/coordinator/")
        assert "coordinator" in Person.objects.get(pk=cora.pk).roles
        grant_role(person=people["ida"], role=Role.COORDINATOR, by=SYSTEM, now=MAY)
        assert "Give back" in browser.get("/program/succession/").content.decode()
        answer = browser.post("/program/succession/give-back/coordinator/")
        assert answer.status_code == 302
        assert "coordinator" not in Person.objects.get(pk=cora.pk).roles
        assert browser.get("/program/").status_code in (302, 404)
        ida = sign_in(people["ida"])
        assert ida.get("/program/succession/give-back/student/").status_code == 404


def test_facts_are_confirmed_one_by_one_each_year(people: dict[str, Person]) -> None:
    with time_machine.travel(MAY, tick=False) as traveller:
        cora = sign_in(people["cora"])
        assert {"coverage", "topics", "talked", "pledge", "keys", "numbers", "holidays"} <= _left()
        assert {"small-school", "place"} <= _left()
        assert cora.post("/program/succession/confirm/", {"item": "place"}).status_code == 404
        change_setting(key="place", value={"room": "Room 214"}, by=SYSTEM, now=MAY)
        assert "place" not in _left(), "naming it is looking at it"
        for item in ("pledge", "keys", "small-school"):
            assert cora.post("/program/succession/confirm/", {"item": item}).status_code == 302
        assert not {"pledge", "keys", "small-school"} & _left()
        said = cora.post("/program/succession/confirm/", {"item": "coverage"})
        assert said.status_code == 404, "nobody stands behind: that is not right"
        add_coverage(
            label="On-call counselor",
            phone="555-0100",
            weekday=None,
            starts=time(0),
            ends=time(0),
            until=None,
            by=SYSTEM,
            now=MAY,
        )
        cora.post("/program/succession/confirm/", {"item": "coverage"})
        assert "coverage" not in _left()
        Coverage.objects.update(until=date(2027, 5, 20))
        assert "coverage" in _left(), "it ends within the month"
        check_all(checked_by="Cora", checked_on=date(2027, 5, 3), by=SYSTEM, now=MAY)
        days = {"first_on": date(2027, 11, 25), "last_on": date(2027, 11, 26)}
        add_holiday(name="Thanksgiving", **days, by=SYSTEM, now=MAY)
        assert not {"numbers", "holidays"} & _left()
        named = {"name": "Ombuds office", "phone": "555-0111", "email": ""}
        change_setting(key="talked", value=named, by=SYSTEM, now=MAY)
        assert "talked" not in _left(), "changing it is looking at it"
        traveller.move_to(MAY.replace(year=2028))
        assert {"pledge", "keys", "numbers", "talked", "holidays"} <= _left()
        traveller.move_to(MAY.replace(month=9))
        page = sign_in(people["cora"]).get("/program/succession/").content.decode()
        assert "Back after the summer" in page


def test_a_claim_about_to_end_is_renewed(people: dict[str, Person]) -> None:
    claim = {"officer": "Dean X", "office": "Student affairs", "signed_on": "2026-05-01"}
    with time_machine.travel(MAY, tick=False):
        assert "claim-mspe" not in _items()
        change_setting(
            key="claim-mspe", value={**claim, "review_on": "2027-05-20"}, by=SYSTEM, now=MAY
        )
        assert "claim-mspe" in _left()
        change_setting(
            key="claim-mspe", value={**claim, "review_on": "2028-05-20"}, by=SYSTEM, now=MAY
        )
        assert "claim-mspe" not in _left()


def test_weekly_hours_of_those_who_leave_are_said(people: dict[str, Person]) -> None:
    sol = people["sol"]
    with time_machine.travel(MAY, tick=False):
        rule = Rule.objects.create(
            supporter=sol,
            weekday=1,
            starts=time(17),
            ends=time(19),
            zone="America/New_York",
            place="Room 214",
            first_on=date(2027, 1, 5),
        )
        assert "weekly" not in _left()
        _is_senior(sol)
        assert "weekly" in _left()
        Rule.objects.filter(pk=rule.pk).update(last_on=date(2027, 5, 28))
        assert "weekly" not in _left()


@pytest.mark.parametrize("item", ["", "numbers", "role-coordinator", "\x00", "x" * 400])
def test_what_cannot_be_confirmed_is_not(people: dict[str, Person], item: str) -> None:
    cora = sign_in(people["cora"])
    assert cora.post("/program/succession/confirm/", {"item": item}).status_code == 404


def test_the_page_asks_the_same_few_questions_however_many_people(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        person = Person.objects.create_user(f"l{number}@school.example", joined=evening.date())
        grant_role(person=person, role=Role.STUDENT_LEAD, by=SYSTEM, now=evening)
        _is_senior(person)
    with time_machine.travel(MAY, tick=False):
        cora = sign_in(people["cora"])
        with django_assert_max_num_queries(20):
            assert cora.get("/program/succession/").status_code == 200
