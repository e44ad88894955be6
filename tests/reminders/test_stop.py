"""The link in a letter: looking changes nothing, one press stops, signed out and cookieless."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import Person
from peersupport.core.audit.models import Entry
from reminders.models import StopLink
from reminders.queries.stops import tokens_for
from tests.people import cast
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture
def ana(evening: datetime) -> Person:
    return cast(evening)["ana"]


@acting_as("worker")
def _token(person: Person, kind: str = "campaign") -> str:
    return tokens_for([person.pk], kind)[person.pk]


def _address(token: str) -> str:
    return f"/reminders/stop/{token}/"


def _stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def test_looking_changes_nothing(ana: Person) -> None:
    """Mail scanners follow links."""
    address = _address(_token(ana))
    for method in ("get", "head", "get"):
        answer = getattr(_stranger(), method)(address)
        assert answer.status_code == 200

    ana.refresh_from_db()
    assert (ana.muted, ana.is_silent) == ("", False)
    assert answer.cookies == {}
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert b"ana" not in answer.content.lower().replace(b"manage", b"")


def test_a_mail_program_stops_it_with_one_post(ana: Person) -> None:
    """RFC 8058: no cookies, no token of a form, from anywhere."""
    answer = _stranger().post(
        _address(_token(ana)),
        ONE_CLICK,
        content_type="application/x-www-form-urlencoded",
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"},
    )

    assert answer.status_code == 200
    ana.refresh_from_db()
    assert (ana.muted, ana.is_silent) == ("campaign", False)


def test_stopping_one_kind_leaves_the_others(ana: Person) -> None:
    Person.objects.filter(pk=ana.pk).update(muted="check-in")

    for _ in range(2):
        _stranger().post(_address(_token(ana)))

    ana.refresh_from_db()
    assert ana.muted == "campaign check-in"
    assert ana.wants("staffing")


def test_everything_can_be_stopped_there(ana: Person) -> None:
    answer = _stranger().post(_address(_token(ana)), {"what": "everything"})

    assert "We send you nothing" in answer.content.decode()
    ana.refresh_from_db()
    assert ana.is_silent


def test_it_writes_no_audit(ana: Person) -> None:
    before = Entry.objects.count()
    _stranger().post(_address(_token(ana)))

    assert Entry.objects.count() == before


def test_each_kind_and_person_has_a_link_of_its_own_that_stays(ana: Person) -> None:
    ben = Person.objects.get(email="ben@school.example")
    tokens = {_token(ana), _token(ana), _token(ana, "staffing"), _token(ben)}

    assert len(tokens) == 3
    assert StopLink.objects.count() == 3


@pytest.mark.parametrize("token", ["none", "x" * 300, "A" * 32])
def test_a_link_nobody_has_stops_nothing(ana: Person, token: str) -> None:
    _token(ana)

    assert _stranger().get(_address(token)).status_code == 404
    assert _stranger().post(_address(token)).status_code == 404


def test_it_goes_with_the_account(ana: Person) -> None:
    _token(ana)
    ana.delete()

    assert not StopLink.objects.exists()
