"""The pages of asking for more help: what they say first, and bad input."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from peersupport.core import ids
from program.models import Holiday
from referrals.models import Card, Draft, PublishedKey, Reading, Referral
from tests.care import wind
from tests.people import cast, sign_in
from tests.roles import acting_as
from tests.ways import (
    QUESTIONS,
    answer_all,
    post,
    publish_key,
    somebody_reads,
)

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def people(evening: datetime) -> dict[str, Any]:
    """The cast; it is 5:10pm, and Dee reads until 6pm."""
    publish_key()
    somebody_reads()
    return cast(evening)


# -- the first page -------------------------------------------------------------------------------


def _start(client: Client | None = None) -> str:
    return str((client or Client()).get("/referrals/").content.decode())


def test_it_says_when_somebody_reads(people: Any, evening: datetime) -> None:
    assert "Somebody reads now." in _start()
    with time_machine.travel(evening + timedelta(hours=2), tick=False):
        page = _start()
        assert "Somebody reads next: <strong>tomorrow at 9am</strong>." in page
        assert "Nobody reads now: call instead" in page


def test_holidays_are_left_out(people: Any, evening: datetime) -> None:
    day = evening.date() + timedelta(days=1)
    Holiday.objects.create(name="Break", first_on=day, last_on=day)
    with time_machine.travel(evening + timedelta(hours=2), tick=False):
        assert "Wednesday at 9am" in _start()


def test_a_clock_that_stands_is_said_before_anybody_writes(people: Any, evening: datetime) -> None:
    assert "It may take longer now" in _start()
    wind(evening)
    assert "It may take longer now" not in _start()
    with time_machine.travel(evening + timedelta(minutes=6), tick=False):
        page = _start()
    assert "It may take longer now" in page
    assert "Begin" in page


def test_nobody_reads_within_a_month(people: Any) -> None:
    with acting_as("care"):
        Reading.objects.all().delete()
    page = _start()
    assert "Nobody has said when they read" in page
    assert "Call 988" in page
    assert 'href="/referrals/keep/"' not in page
    assert Client().get("/referrals/keep/")["Location"] == "/referrals/"


def test_without_a_key_it_calmly_takes_nothing(people: Any) -> None:
    with acting_as("care"):
        PublishedKey.objects.all().delete()
    page = _start()
    assert "It cannot be taken here now" in page
    assert "Call 988" in page
    assert 'href="/referrals/keep/"' not in page


def test_a_key_that_somebody_planted_is_no_key(people: Any) -> None:
    with acting_as("care"):
        PublishedKey.objects.update(signature=b"1" * 64)
    assert "It cannot be taken here now" in _start()


def test_navigation_leads_everybody_there(people: Any) -> None:
    for client in (Client(), sign_in(people["ana"]), sign_in(people["cora"])):
        assert re.search(r'<a href="/referrals/"[^>]*>More help</a>', _start(client))


# -- bad input ------------------------------------------------------------------------------------

_BAD = ["a\0b", "\u202eevil", "\u2066x", "\ud800", "\x1b[2J"]
_FIELDS = {
    "soon": ["urgency"],
    "what": ["words"],
    "name": ["name", "pronouns"],
    "reach": ["way1", "value1", "way2", "value2", "way3", "value3", "times", "voicemail"],
    "leave-out": ["not_by"],
}


@pytest.mark.parametrize(
    ("step", "field", "bad"),
    [
        (step, field, bad)
        for step, fields in _FIELDS.items()
        for field in fields
        for bad in [*_BAD, "x" * 5000]
    ],
)
def test_bad_input_is_said_beside_the_field(people: Any, step: str, field: str, bad: str) -> None:
    client = Client()
    answer_all(client)
    before = _drafts()
    answer = post(client, f"/referrals/{step}/", {**QUESTIONS[step], field: bad})
    page = answer.content.decode()

    assert answer.status_code == 400, (step, field)
    assert "There is a problem" in page
    assert page.count("<h1") == 1
    assert "<title>Error:" in page
    assert _drafts() == before  # nothing that was answered before is lost
    for name, value in QUESTIONS[step].items():
        if name != field and name in ("times", "value2", "words", "pronouns"):
            assert value in page, name


def _drafts() -> list[bytes]:
    return [bytes(one.sealed) for one in Draft.objects.all()]


@pytest.mark.parametrize(
    ("step", "form"),
    [
        ("soon", {}),
        ("soon", {"urgency": "danger now"}),
        ("what", {"words": " "}),
        ("reach", {"way1": "phone", "voicemail": "no"}),
        ("reach", {"way1": "phone", "value1": "call me", "voicemail": "no"}),
        ("reach", {"way1": "mail", "value1": "555-0142", "voicemail": "no"}),
        ("reach", {"way1": "pigeon", "value1": "555-0142", "voicemail": "no"}),
        ("reach", {"way1": "phone", "value1": "555-0142"}),
        ("reach", {"way1": "phone", "value1": "555-0142", "way2": "text", "voicemail": "no"}),
        ("reach", {"way1": "phone", "value1": "555-0142", "value2": "1", "voicemail": "no"}),
        ("leave-out", {"not_by": str(ids.new_id())}),
        ("leave-out", {"not_by": "1"}),
        ("keep", {}),
        ("keep", {"keep": "account"}),
        ("keep", {"keep": "borrowed"}),
    ],
)
def test_missing_and_wrong_answers(people: Any, step: str, form: dict[str, str]) -> None:
    client = Client()
    answer_all(client)
    before = _drafts()
    assert post(client, f"/referrals/{step}/", form).status_code == 400
    assert _drafts() == before


def test_nobody_leaves_out_everybody(people: Any) -> None:
    client = Client()
    answer_all(client)
    answer = client.post("/referrals/leave-out/", {"not_by": [str(Card.objects.get().pk)]})
    assert answer.status_code == 400
    assert b"Then nobody could read it." in answer.content


def test_a_client_cannot_say_more_than_it_may(people: Any) -> None:
    """T7: whatever else is sent along, every row says what the program says."""
    client = Client()
    extra = {
        "state": "closed",
        "owner": str(ids.new_id()),
        "consent": "confirmed",
        "tag": "x",
        "receipt": "1" * 16,
        "received_at": "2020-01-01",
        "kind": "danger",
        "is_staff": "1",
        "code": "AAA-AAA",
        "id": str(ids.new_id()),
        "person": str(people["ana"].pk),
        "is_borrowed": "1",
        "request_key": str(ids.new_id()),
    }
    more: Any = dict.fromkeys(QUESTIONS, extra)
    answer_all(client, **more)
    post(client, "/referrals/check/", extra)

    row = Referral.objects.get()
    assert (row.kind, row.state, row.consent, row.urgency) == (
        "student",
        "received",
        "given",
        "routine",
    )
    assert (row.owner, row.tag, row.received_at.year) == (None, None, 2026)
    assert str(row.pk) != extra["id"]
    assert str(row.request_key) != extra["request_key"]
    assert row.code != "AAA-AAA"
