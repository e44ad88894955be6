"""Asking for more help: other browsers and drafts, sending, and what is kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from peersupport.core.sessions.models import Row
from referrals import care_keys
from referrals.models import Draft, Referral
from tests.people import cast, sign_in
from tests.ways import (
    QUESTIONS,
    WORDS,
    answer_all,
    everything_kept,
    opened,
    publish_key,
    receipt_on,
    secret_of,
    somebody_reads,
)
from tests.ways import sent_by as _sent

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
STEPS = ["soon", "what", "name", "reach", "leave-out", "supporter", "check"]


@pytest.fixture
def people(evening: datetime) -> dict[str, Any]:
    """The cast; it is 5:10pm, and Dee reads until 6pm."""
    publish_key()
    somebody_reads()
    return cast(evening)


def _drafts() -> list[bytes]:
    return [bytes(one.sealed) for one in Draft.objects.all()]


# -- drafts and browsers --------------------------------------------------------------------------


def test_another_browser_and_none_get_one_answer(people: Any) -> None:
    client, none, forged = Client(), Client(), Client()
    answer_all(client)
    forged.cookies[settings.DRAFT_COOKIE] = "A" * 43 + "="
    for step in STEPS:
        answers = [who.get(f"/referrals/{step}/") for who in (none, forged)]
        assert [one.status_code for one in answers] == [410, 410]
        assert answers[0].content == answers[1].content
        assert "CANARY" not in answers[1].content.decode()
    for rubbish in ("", "x", "=" * 44, "\u00e9", "A" * 9000):
        forged.cookies[settings.DRAFT_COOKIE] = rubbish
        assert forged.get("/referrals/check/").status_code == 410


def test_the_cookie_is_kept_as_it_must_be(people: Any) -> None:
    client = Client()
    client.post("/referrals/keep/", {"keep": "receipt"})
    cookie = client.cookies[settings.DRAFT_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Strict", 7200)
    assert cookie["path"] == "/"


def test_expired_is_calm_and_leads_to_a_new_beginning(people: Any, evening: datetime) -> None:
    client = Client()
    answer_all(client)
    with time_machine.travel(evening + timedelta(hours=2, seconds=1), tick=False):
        for step in STEPS:
            answer = client.get(f"/referrals/{step}/")
            assert answer.status_code == 410
            assert b"Start again" in answer.content
        assert client.post("/referrals/check/").status_code == 410
        assert client.post("/referrals/what/", {"words": "x"}).status_code == 410
    assert not Referral.objects.exists()


def test_what_is_kept_on_an_account_shows_itself_to_nobody_else(people: Any) -> None:
    """The same browser: signed out, or somebody else has signed in."""
    ana = sign_in(people["ana"])
    answer_all(ana, "account")
    secret = secret_of(ana)
    for other in (Client(), sign_in(people["ben"])):
        other.cookies[settings.DRAFT_COOKIE] = secret
        for step in STEPS:
            answer = other.get(f"/referrals/{step}/")
            assert answer.status_code == 410
            assert b"CANARY" not in answer.content
        assert other.post("/referrals/check/").status_code == 410
    assert not Referral.objects.exists()


@pytest.mark.parametrize("way", ["/accounts/sign-out/", "/exit/"])
def test_leaving_takes_the_keys_from_the_browser(people: Any, way: str) -> None:
    ana = sign_in(people["ana"])
    answer_all(ana, "account")
    ana.cookies[settings.RECEIPT_COOKIE] = "x"
    left = ana.post(way)
    for name in (settings.DRAFT_COOKIE, settings.RECEIPT_COOKIE):
        assert left.cookies[name].value == ""
        assert left.cookies[name]["max-age"] == 0


def test_on_a_borrowed_phone_the_owners_draft_is_not_carried_over(people: Any) -> None:
    priya = sign_in(people["priya"])
    answer_all(priya, "account", what={"words": "of Priya herself"})
    assert priya.post("/referrals/keep/", {"keep": "borrowed"}).status_code == 302

    assert priya.cookies[settings.DRAFT_COOKIE]["max-age"] == 1800
    assert "of Priya herself" not in priya.get("/referrals/what/").content.decode()
    assert Draft.objects.count() == 1
    answer_all(priya, "borrowed")
    assert priya.post("/referrals/keep/", {"keep": "account"}).status_code == 302
    assert WORDS not in priya.get("/referrals/what/").content.decode()


def test_stopping_deletes_at_once(people: Any) -> None:
    client = Client()
    answer_all(client)
    assert client.get("/referrals/stop/").status_code == 200
    assert Draft.objects.exists()
    assert client.post("/referrals/stop/")["Location"] == "/referrals/"
    assert not Draft.objects.exists()


def test_change_leads_back_to_the_page_of_all_answers(people: Any) -> None:
    client = Client()
    answer_all(client)
    page = client.get("/referrals/check/").content.decode()
    for step in QUESTIONS:
        assert f'href="/referrals/{step}/?change"' in page
    done = client.post("/referrals/name/?change", {"name": "Sam"})
    assert done["Location"] == "/referrals/check/"
    assert "Sam" in client.get("/referrals/check/").content.decode()


def test_an_unanswered_question_comes_before_the_end(people: Any) -> None:
    client = Client()
    client.post("/referrals/keep/", {"keep": "receipt"})
    assert client.get("/referrals/check/")["Location"] == "/referrals/soon/"
    assert client.post("/referrals/check/")["Location"] == "/referrals/soon/"


def test_in_danger_is_no_urgency(people: Any, settings: Any) -> None:
    settings.CRISIS_EXTRA = [("On-call counselor", "555-0100")]
    client = Client()
    client.post("/referrals/keep/", {"keep": "receipt"})
    before = _drafts()
    assert client.post("/referrals/soon/", {"urgency": "danger"})["Location"] == "/referrals/now/"
    assert _drafts() == before
    page = client.get("/referrals/now/").content.decode()
    for number in ("Call 911", "Call 988", "555-0100"):
        assert number in page


def test_urgent_that_is_late_leads_to_the_numbers(people: Any, evening: datetime) -> None:
    client = Client()
    answer_all(client, soon={"urgency": "urgent"})
    with time_machine.travel(evening + timedelta(hours=1), tick=False):
        assert client.post("/referrals/check/")["Location"] == "/referrals/soon/?change"
        page = client.get("/referrals/soon/?change").content.decode()
        assert "If it is urgent, call" in page
        assert 'value="urgent"' not in page
        assert client.post("/referrals/soon/", {"urgency": "urgent"}).status_code == 400
    assert not Referral.objects.exists()


# -- sending --------------------------------------------------------------------------------------


def test_the_receipt_is_shown_once(people: Any) -> None:
    client = Client()
    _row, page = _sent(client)
    receipt = receipt_on(page)

    assert receipt in page
    again = client.get("/referrals/sent/")
    assert again.status_code == 410
    assert receipt not in again.content.decode()
    assert client.get("/referrals/check/").status_code == 410


def test_sending_again_leads_to_the_same(people: Any) -> None:
    client = Client()
    answer_all(client)
    for _ in range(2):
        assert client.post("/referrals/check/")["Location"] == "/referrals/sent/"
    assert Referral.objects.count() == 1
    assert receipt_on(client.get("/referrals/sent/").content.decode())


def test_a_copied_cookie_sends_nothing_new_afterwards(people: Any) -> None:
    client, thief = Client(), Client()
    answer_all(client)
    thief.cookies[settings.DRAFT_COOKIE] = secret_of(client)
    client.post("/referrals/check/")
    assert thief.get("/referrals/check/").status_code == 410
    assert thief.post("/referrals/what/", {"words": "not mine"}).status_code == 410
    assert Referral.objects.count() == 1


def test_nothing_is_in_a_session_a_cookie_a_log_or_a_row(
    people: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    ana = sign_in(people["ana"])
    row, page = _sent(ana, "account")
    kept = everything_kept()
    cookies = ana.cookies.output()
    session = dict(ana.session.items())
    printed = capfd.readouterr()

    assert "CANARY" in opened(row, care_keys.secrets()).words  # the control
    assert "CANARY" not in page
    for place in (kept, cookies, str(session), caplog.text, printed.out, printed.err):
        for canary in ("CANARY", "canary.example", "555-0142"):
            assert canary not in place
    assert Row.objects.exists()
    assert people["ana"].pk.hex not in str(Referral.objects.values().get())


def test_limits_end_with_numbers_and_keep_everything(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    answer_all(client)
    for name in ("BEGIN", "SEND", "LOOK_UP"):
        monkeypatch.setattr(f"referrals.limits.{name}", 0)
    for answer in (
        client.post("/referrals/check/"),
        Client().post("/referrals/keep/", {"keep": "receipt"}),
        client.post("/referrals/receipt/", {"digits": "1" * 16}),
    ):
        assert answer.status_code == 429
        assert b"Call 988" in answer.content
    assert WORDS in client.get("/referrals/check/").content.decode()
