"""From an empty database to published hours: by one person, without JavaScript, step by step."""

import re
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from accounts.models import Person
from accounts.rules import Role
from accounts.services.naming import name_supporters
from officehours.models import Rule, Shift
from peersupport.core import clock
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox.models import Outgoing
from program.queries import facts
from program.queries.first_steps import current_way
from tests.accounts.factor_steps import code_of, sign_in_by_code
from tests.people import cast, confirm, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]

TOPICS: tuple[str, ...] = ("sexual-misconduct", "child-abuse", "threats", "crime")
TOPICS += ("discrimination", "clinical-safety")


def _left() -> list[str]:
    return [row.step.name for row in current_way().left]


def _ida(now: datetime) -> Client:
    """Ida signs in for the first time, and sets up an app as her second factor."""
    call_command("grant_role", "ida@school.example", "administrator", verbosity=0)
    client, answer = sign_in_by_code("ida@school.example", onward="/program/first/")
    page = client.get("/accounts/factors/app/?next=/program/first/").content.decode()
    found = re.search(r'<code class="key[^>]*>([^<]+)</code>', page)
    assert found, page
    secret = re.sub(r"\s", "", found[1])
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    fields = {"code": code_of(secret, now)}
    if sealed:
        fields["sealed"] = sealed[1]
    answer = client.post("/accounts/factors/app/?next=/program/first/", fields)
    assert answer.status_code in (200, 302), answer.content.decode()
    return client


def _all_steps(client: Client, now: datetime) -> None:
    day = clock.local_date(now, facts().zone).isoformat()
    decided = {f"topic-{topic}": "report" for topic in TOPICS}
    for step, fields in {
        "school": {"name": "Riverside peers", "zone": "America/Chicago"},
        "coordinator": {"who": "me"},
        "confidential": {**decided, "owner": "Title IX office", "on": day},
        "numbers": {"who": "Ida", "on": day, "is_sure": "on"},
        "behind": {"label": "On-call counselor", "phone": "555-0100"},
        "place": {"room": "Room 214"},
        "supporters": {
            "people": "sol@school.example, Sol\nPriya@school.example; Priya",
            "is_agreed": "on",
        },
    }.items():
        assert _left()[0] == step
        shown = client.get("/program/first/").content.decode()
        assert f"/program/first/{step}/" in shown
        answer = client.post(f"/program/first/{step}/", fields)
        assert answer.status_code == 302, answer.content.decode()
    assert _left() == ["hours"]


def _hours(client: Client, **more: Any) -> Any:
    page = client.get("/hours/program/new/").content.decode()
    key = re.search(r'name="request_key" value="([^"]+)"', page)
    assert key
    fields = {
        "supporter": str(Person.objects.get(email="sol@school.example").pk),
        "day": "2026-11-24",
        "starts": "17:30",
        "ends": "19:30",
        "place": "Room 214",
        "minutes": "30",
        "ways": ["in person"],
        "is_weekly": "on",
        "is_agreed": "on",
        "request_key": key[1],
        **more,
    }
    return confirm(client, "/hours/program/new/", fields)


def test_one_person_comes_from_nothing_to_published_hours(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        assert not Person.objects.exists()
        assert Client().get("/").status_code == 200
        ida = _ida(evening)
        assert "this program is new" in ida.get("/").content.decode()
        _all_steps(ida, evening)
        assert _hours(ida).status_code == 302
        assert _left() == []
        assert Shift.objects.filter(rule__isnull=False).count() == 2
        assert "Everything is in place" in ida.get("/program/first/").content.decode()
        assert "First steps" not in ida.get("/program/").content.decode()
        assert "this program is new" not in ida.get("/").content.decode()
        public = Client().get("/").content.decode()
        assert "Riverside peers" in public
        assert "Next: tomorrow at 5:30pm" in public or "5:30pm" in public
        history = ida.get("/program/history/").content.decode()
        assert "Riverside peers" in history
        assert "Room 214" in history
        sign = ida.get("/hours/program/sign/").content.decode()
        assert "Tuesday" in sign
        assert "Sol" not in sign


def test_what_lapses_comes_back(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        ida = _ida(evening)
        _all_steps(ida, evening)
        _hours(ida)
        assert _left() == []
        traveller.move_to(evening.replace(year=2027, month=12))
        assert _left() == ["numbers", "hours"]


def test_a_coordinator_sees_which_step_is_for_another(evening: datetime) -> None:
    people = cast(evening)
    page = sign_in(people["cora"]).get("/program/first/").content.decode()
    assert "What the program is called" in page
    assert sign_in(people["cora"]).get("/program/first/coordinator/").status_code == 404


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("school", {"name": "", "zone": "America/Chicago"}),
        ("school", {"name": "x", "zone": "Mars/Olympus"}),
        ("confidential", {"owner": "x"}),
        ("numbers", {"who": "Ida", "on": "2026-11-24"}),
        ("behind", {"label": "x", "phone": "call me"}),
        ("place", {"room": "\x00"}),
        ("supporters", {"people": "sol", "is_agreed": "on"}),
        ("supporters", {"people": "sol@school.example", "is_agreed": "on"}),
        ("supporters", {"people": "sol@school.example, Sol"}),
        ("coordinator", {"who": "other", "email": ""}),
        ("coordinator", {"who": "nobody"}),
    ],
)
def test_what_cannot_be_understood_is_said(
    evening: datetime, step: str, fields: dict[str, str]
) -> None:
    ida = sign_in(cast(evening)["ida"])
    answer = ida.post(f"/program/first/{step}/", fields)
    assert answer.status_code == 400
    assert "There is a problem" in answer.content.decode()
    assert ida.get("/program/first/never/").status_code == 404


def test_named_supporters_are_students_who_hold_hours_and_told_once(evening: datetime) -> None:
    for _again in range(2):
        assert (
            name_supporters(people=[("new@school.example", "New")], by=SYSTEM, now=evening) == []
        )
    person = Person.objects.get(email="new@school.example")
    assert person.roles == {str(Role.STUDENT), str(Role.SUPPORTER)}
    assert Outgoing.objects.filter(kind="named-supporter").count() == 1


def test_the_program_cannot_publish_for_somebody_who_is_no_supporter(evening: datetime) -> None:
    people = cast(evening)
    cora = sign_in(people["cora"])
    answer = cora.post("/hours/program/new/", {"supporter": str(people["ana"].pk)})
    assert answer.status_code == 400
    assert not Rule.objects.exists()


def test_the_guide_asks_the_same_few_questions_however_many_people(
    evening: datetime, django_assert_max_num_queries: Any
) -> None:
    ida = sign_in(cast(evening)["ida"])
    many = [(f"s{n}@school.example", f"S{n}") for n in range(30)]
    name_supporters(people=many, by=SYSTEM, now=evening)
    with django_assert_max_num_queries(14):
        ida.get("/program/first/")
