"""Stories without JavaScript: a student books, a supporter's evening, cancelled by the program."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from peersupport.core import clock
from peersupport.core.actors import SYSTEM
from program import services as program
from tests.people import cast, confirm, sign_in
from tests.roles import drain, forget_all

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found, f"no {name} on the page"
    return found[1]


def _scene(now: datetime) -> tuple[Client, Client, Client]:
    people = cast(now)
    program.add_coverage(
        label="On-call counselor",
        phone="555-0100",
        weekday=None,
        starts=now.time().replace(hour=0, minute=0),
        ends=now.time().replace(hour=0, minute=0),
        until=None,
        by=SYSTEM,
        now=now,
    )
    return sign_in(people["ana"]), sign_in(people["priya"]), sign_in(people["cora"])


def _publish(supporter: Client) -> None:
    form = supporter.get("/hours/new/").content.decode()
    answer = confirm(
        supporter,
        "/hours/new/",
        {
            "day": "2026-11-23",
            "starts": "17:00",
            "ends": "19:00",
            "place": "Room 214",
            "minutes": "30",
            "ways": "in person",
            "request_key": _value(form, "request_key"),
        },
    )
    assert answer.status_code == 302, answer.content.decode()


def _book(student: Client) -> str:
    page = student.get("/visits/book/").content.decode()
    answer = student.post(
        "/visits/book/",
        {
            "slot": _value(page, "slot"),
            "request_key": _value(page, "request_key"),
            "name": "Ash",
            "wants_mail": "on",
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def test_the_first_real_talk(evening: datetime, keys_dir: object) -> None:
    with time_machine.travel(evening - timedelta(hours=1), tick=False) as time:
        student, supporter, _ = _scene(clock.now())
        _publish(supporter)
        assertContains(Client().get("/"), "No one is in right now")

        time.move_to(evening)
        console = supporter.get("/hours/").content.decode()
        address = re.search(r'action="(/hours/[^"]+/in/)"', console)
        assert address
        supporter.post(address[1])
        assertContains(Client().get("/"), "Someone is in until 7pm")

        visit = _book(student)
        assertContains(student.get(visit), "You have a time")
        assertContains(supporter.get("/hours/"), "Ash")

        time.move_to(evening + timedelta(minutes=20))
        key = visit.split("/")[2]
        supporter.post(f"/hours/talks/{key}/start/")
        supporter.post(f"/hours/talks/{key}/finish/")
        noted = supporter.post(
            f"/hours/talks/{key}/log/",
            {"length": "15 to 30", "topics": ["study"], "weight": "light"},
        )
        assert noted.status_code == 302
        assertContains(student.get(visit), "15 to 30 minutes")
        student.post(f"{visit}remove-line/")
        assertContains(student.get(visit), "You removed the line")

        time.move_to(evening + timedelta(hours=25))
        student = sign_in(cast(evening)["ana"])
        assert student.get(visit).status_code == 404
        assert all(count >= 0 for count in forget_all(clock.now()).values())
        assertNotContains(sign_in(cast(evening)["priya"]).get("/hours/"), "Ash")


def test_cancelled_by_the_program(evening: datetime) -> None:
    with time_machine.travel(evening - timedelta(hours=1), tick=False):
        student, supporter, coordinator = _scene(clock.now())
        _publish(supporter)
        visit = _book(student)
        page = coordinator.get("/hours/program/").content.decode()
        assert "Ash" not in page
        address = re.search(r'href="(/hours/program/[^"]+/cancel/)"', page)
        assert address

        assertContains(coordinator.get(address[1]), "Cancel these hours?")
        assert coordinator.post(address[1]).status_code == 302
        drain(now=clock.now)

        assertContains(student.get(visit), "This time was cancelled, we are sorry")
        assertContains(student.get(visit), "See other times")
        assert [m.subject for m in mail.outbox] == ["You have a message"]
        assert mail.outbox[0].to == ["ana@school.example"]
