"""Every form and address under bad input: a clear word, nothing changed, never a 500."""

from datetime import datetime, timedelta

import pytest
import time_machine

from officehours.models import Break, Distance, Escalation, Shift, Visit
from officehours.queries.pages import slot_value
from peersupport.core import ids
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

BAD = {
    "missing": None,
    "empty": "",
    "oversize": "x" * 5000,
    "nul": "a\0b",
    "turned around": "a\u202eb",
    "malformed": "@@",
    "number": "99999999999999999999999",
}
BOOK = {"slot", "request_key", "name"}
HOURS = {"day", "starts", "ends", "place", "minutes", "ways", "request_key"}
FITS = {("name", "missing"), ("name", "empty"), ("name", "malformed"), ("name", "number")}
FITS |= {("place", "malformed"), ("place", "number")}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("field", sorted(BOOK))
def test_booking(evening: datetime, field: str, kind: str) -> None:
    if (field, kind) in FITS:
        return
    people = cast(evening)
    hours = hours_of(people["priya"], evening + timedelta(minutes=30))
    data = {
        "slot": slot_value(hours.pk, hours.starts_at),
        "request_key": str(ids.new_id()),
        "name": "Ash",
        field: BAD[kind] or "",
    }
    if BAD[kind] is None:
        del data[field]
    with time_machine.travel(evening, tick=False):
        answer = sign_in(people["ana"]).post("/visits/book/", data)

    assert answer.status_code == 400
    assert b"There is a problem" in answer.content
    assert not Visit.objects.exists()


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("field", sorted(HOURS))
def test_publishing(evening: datetime, field: str, kind: str) -> None:
    if (field, kind) in FITS:
        return
    priya = cast(evening)["priya"]
    data = {
        "day": "2026-11-24",
        "starts": "17:00",
        "ends": "19:00",
        "place": "Room 214",
        "minutes": "30",
        "ways": "in person",
        "request_key": str(ids.new_id()),
        field: BAD[kind] or "",
    }
    if BAD[kind] is None:
        del data[field]
    with time_machine.travel(evening, tick=False):
        answer = sign_in(priya).post("/hours/new/", data)

    assert answer.status_code == 400
    assert b"There is a problem" in answer.content
    assert not Shift.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/visits/%00/",
        "/visits/not-a-number/",
        "/visits/?x=%00",
        "/board/?v=%00",
        "/board/?v=" + "x" * 3000,
        "/hours/talks/%E2%80%AE/log/",
        "/accounts/sign-in/?next=%00",
        "/accounts/sign-in/?next=" + "%2F" * 3000,
        "/%ff%fe/",
        "/nowhere/",
    ],
)
def test_addresses(evening: datetime, address: str) -> None:
    people = cast(evening)
    for who in ("ana", "priya"):
        assert sign_in(people[who]).get(address).status_code in (200, 302, 400, 404)


def test_nobody_stands_behind_these_hours(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    data = {
        "day": "2026-11-24",
        "starts": "17:00",
        "ends": "19:00",
        "place": "Room 214",
        "minutes": "30",
        "ways": "in person",
        "request_key": str(ids.new_id()),
    }
    with time_machine.travel(evening, tick=False):
        answer = sign_in(priya).post("/hours/new/", data)

    assert answer.status_code == 409
    assert b"Nobody stands behind you" in answer.content
    assert b'value="Room 214"' in answer.content
    assert not Shift.objects.exists()


CARE = {
    "length": "/hours/mine/break/",
    "last_on": "/hours/mine/break/",
    "groups": "/hours/mine/distance/",
    "level": "/hours/worried/",
    "steps": "/hours/worried/",
    "request_key": "/hours/worried/",
}
# Nothing ticked is an answer.
CARE_FITS = {("groups", "missing"), ("steps", "missing")}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("field", sorted(CARE))
def test_care(evening: datetime, field: str, kind: str) -> None:
    if (field, kind) in CARE_FITS:
        return
    priya = cast(evening)["priya"]
    data = {"length": "day", "last_on": "2026-11-24", "level": "now"}
    data |= {"request_key": str(ids.new_id()), field: BAD[kind] or ""}
    if BAD[kind] is None:
        del data[field]
    with time_machine.travel(evening, tick=False):
        answer = sign_in(priya).post(CARE[field], data)

    assert answer.status_code == 400
    assert not Break.objects.exists()
    assert not Escalation.objects.exists()
    assert not Distance.objects.exists()


def test_a_level_that_is_none_shows_the_choice(evening: datetime) -> None:
    answer = sign_in(cast(evening)["priya"]).get("/hours/worried/?level=someday")

    assert answer.status_code == 200
    assert b"How worried are you?" in answer.content
