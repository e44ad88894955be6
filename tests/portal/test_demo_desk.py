"""The demo's counselors: at the desk with one click, with a proof; and none of it outside."""

from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client

from peersupport.portal.cast import ensure_counselors
from referrals.models import Card, CareSession, Counselor
from referrals.seals import is_genuine
from tests.care import sit_down, stand_as, wind
from tests.people import cast
from tests.roles import SUPERUSER

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane(SUPERUSER)]


@pytest.fixture
def demo(settings: Any, evening: datetime) -> Any:
    """Both sides in one process, with the cast, at that evening."""
    stand_as(settings, "all")
    settings.MIDDLEWARE = settings.MIDDLEWARES["all"]  # the demo's pages act for both sides
    # Read before DEMO is set, as whatever process of the tests reads it first would keep it.
    import_module(settings.ROOT_URLCONF)
    settings.DEMO = True
    with time_machine.travel(evening, tick=False):
        cast(evening)
        ensure_counselors(evening)
        wind(evening)
        yield settings


def _as(email: str, client: Client | None = None) -> Client:
    client = client or Client()
    assert client.post("/demo/sign-in/", {"email": email}).status_code == 302
    return client


@pytest.mark.parametrize(("who", "people"), [("dee", 200), ("eli", 404)])
def test_counselors_sit_at_the_desk(demo: Any, who: str, people: int) -> None:
    client = _as(f"{who}@school.example")

    assert client.get("/care/").status_code == 200
    assert client.get("/care/me/codes/").status_code == 200  # which needs a proof
    assert client.get("/care/people/").status_code == people


def test_whoever_comes_next_does_not(demo: Any) -> None:
    client = _as("dee@school.example")
    _as("ana@school.example", client)

    assert client.get("/care/").status_code == 302
    assert not CareSession.objects.exists()


def test_the_cast_tells_it(demo: Any) -> None:
    page = Client().get("/demo/").content.decode()

    assert page.count("Opens the counselors’ desk too") == 2


def test_the_cast_is_made_once(demo: Any, evening: datetime) -> None:
    ensure_counselors(evening)

    assert sorted(Card.objects.values_list("name", flat=True)) == ["Dee", "Eli"]
    assert all(is_genuine(row) for row in Counselor.objects.all())


def test_going_on_without_a_passkey(demo: Any, evening: datetime) -> None:
    eli = Counselor.objects.get(email="eli@school.example")
    client = sit_down(eli, evening, has_proved=False)
    assert client.get("/care/me/codes/").status_code == 302
    assert b"Demo: go on without a passkey" in client.get("/care/prove/").content

    page = client.post("/demo/go-on/", {"next": "/care/me/codes/"})

    assert page["Location"] == "/care/me/codes/"
    assert client.get(page["Location"]).status_code == 200


def test_nobody_goes_on_who_does_not_sit_here(demo: Any) -> None:
    client = Client()
    client.post("/demo/go-on/")

    assert client.get("/care/").status_code == 302
    assert not CareSession.objects.exists()


def test_outside_the_demo_there_is_no_such_way(demo: Any, evening: datetime) -> None:
    eli = Counselor.objects.get(email="eli@school.example")
    client = sit_down(eli, evening, has_proved=False)
    demo.DEMO = False

    assert client.post("/demo/go-on/").status_code == 404
    assert client.post("/demo/sign-in/", {"email": eli.email}).status_code == 404
    assert b"Demo" not in client.get("/care/prove/").content
    assert client.get("/care/me/codes/").status_code == 302
    stand_as(demo, "care")
    assert client.post("/demo/go-on/").status_code == 404
    assert b"/demo/" not in client.get("/care/prove/").content
    client.cookies.pop(django_settings.CARE_COOKIE)
    assert b"/demo/" not in client.get("/care/sign-in/").content
