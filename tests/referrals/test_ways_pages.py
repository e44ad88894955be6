"""Every page of asking for more help: bad input, other browsers, other people, what is kept."""

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from peersupport.core import ids
from peersupport.core.sessions.models import Row
from program.models import Holiday
from referrals import care_keys
from referrals.models import Card, Draft, PublishedKey, Reading, Referral, Withdrawal
from tests.care import wind
from tests.people import cast, sign_in
from tests.roles import acting_as
from tests.ways import (
    QUESTIONS,
    WORDS,
    answer_all,
    everything_kept,
    id_in,
    opened,
    post,
    publish_key,
    receipt_on,
    secret_of,
    somebody_reads,
)

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
STEPS = ["soon", "what", "name", "reach", "leave-out", "supporter", "check"]


@pytest.fixture
def people(evening: datetime) -> dict[str, Any]:
    """The cast; it is 5:10pm, and Dee reads until 6pm."""
    publish_key()
    somebody_reads()
    return cast(evening)


def _sent(client: Client, keep: str = "receipt") -> tuple[Referral, str]:
    """Send, and return the referral and the page that says so."""
    answer_all(client, keep)
    done = client.post("/referrals/check/")
    assert done["Location"] == "/referrals/sent/"
    return Referral.objects.latest("received_at"), client.get("/referrals/sent/").content.decode()


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


# -- receipts -------------------------------------------------------------------------------------


def test_wrong_gone_and_none_get_one_answer(people: Any) -> None:
    client = Client()
    row, page = _sent(client)
    receipt = receipt_on(page)
    with acting_as("care"):
        Referral.objects.filter(pk=row.pk).delete()
    answers = [
        post(Client(), "/referrals/receipt/", {"digits": digits})
        for digits in (receipt, "1234 5678 9012 3456", "12", "abc")
    ]
    assert {one.status_code for one in answers} == {404}
    said = {re.sub(r'value="[^"]*"', "", one.content.decode()) for one in answers}
    assert len({re.sub(r"csrf\S+", "", one) for one in said}) == 1


@pytest.mark.parametrize("digits", ["", "a\0b", "\u202e", "\ud800", "1" * 41])
def test_receipts_bad_input(people: Any, digits: str) -> None:
    assert post(Client(), "/referrals/receipt/", {"digits": digits}).status_code == 400


def test_a_receipt_opens_one_for_a_quarter_of_an_hour(people: Any, evening: datetime) -> None:
    client = Client()
    row, page = _sent(client)
    other = Client()
    done = other.post("/referrals/receipt/", {"digits": receipt_on(page)})
    assert id_in(done["Location"]) == row.pk
    assert not re.search(r"\d{16}|\d{4} \d{4}", done["Location"])
    cookie = done.cookies[settings.RECEIPT_COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert row.pk.hex not in cookie.value
    assert other.get(done["Location"]).status_code == 200
    with time_machine.travel(evening + timedelta(minutes=15), tick=False):
        assert other.get(done["Location"]).status_code == 404
    other.post("/referrals/receipt/close/")
    assert other.get(done["Location"]).status_code == 404


def test_a_forged_receipt_cookie_opens_nothing(people: Any) -> None:
    row, _page = _sent(Client())
    client = Client()
    for forged in ("", "x", "A" * 120, "\u00e9"):
        client.cookies[settings.RECEIPT_COOKIE] = forged
        assert client.get(f"/referrals/one/{row.pk}/").status_code == 404


# -- other people -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "take-back/", "tell/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_foreign_and_missing_are_the_same(people: Any, path: str, method: str) -> None:
    """T1 to T3: status, body, headers, and the number of queries."""
    row, _page = _sent(sign_in(people["ana"]), "account")
    by_receipt, _page = _sent(Client())
    for client in (
        Client(),
        sign_in(people["ben"]),
        sign_in(people["priya"]),
        sign_in(people["cora"]),
        sign_in(people["ida"]),
    ):
        given = []
        for which in (row.pk, by_receipt.pk, ids.new_id()):
            with CaptureQueriesContext(connection) as queries:
                answer = getattr(client, method)(f"/referrals/one/{which}/{path}")
            given.append((answer.status_code, answer.content, dict(answer.headers), len(queries)))
        assert given[0] == given[1] == given[2]
        assert given[0][0] in (404, 405)
    assert not Withdrawal.objects.exists()


def test_ones_own_page_names_nothing_in_its_title(people: Any) -> None:
    """T30: titles, addresses and headings of the browser's history say nothing."""
    ana = sign_in(people["ana"])
    answer_all(ana, "account")
    paths = [f"/referrals/{step}/" for step in STEPS]
    ana_row, _page = _sent(ana, "account")
    paths += [f"/referrals/one/{ana_row.pk}/", f"/referrals/one/{ana_row.pk}/take-back/"]
    paths += ["/referrals/", "/referrals/receipt/", "/referrals/taken-back/", "/referrals/stop/"]
    for path in paths:
        answer = ana.get(path)
        found = re.search(r"<title>(.*?)</title>", answer.content.decode(), re.S)
        assert found
        for word in ("referral", "counsel", "mental", "crisis", "therapy", "urgent", "private"):
            assert word not in found[1].lower(), path


def test_every_answer_is_kept_nowhere(people: Any) -> None:
    """T22: also the redirects, the errors, and what is gone."""
    client = Client()
    answer_all(client)
    for path in [*STEPS, "keep", "stop", "sent", "receipt", "now", "taken-back"]:
        assert "no-store" in client.get(f"/referrals/{path}/")["Cache-Control"], path
    for path in ("check/", "receipt/", "what/"):
        answer = client.post(f"/referrals/{path}")
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"


def test_markup_in_what_is_written_stays_words(people: Any) -> None:
    """T25, on the pages where a student reads their own words again."""
    client = Client()
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}"
    answer_all(client, what={"words": evil}, name={"name": evil[:40]})
    for step in ("what", "name", "check"):
        page = client.get(f"/referrals/{step}/").content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7" in page or step == "name"


def test_big_bodies_are_refused(people: Any) -> None:
    """T33: calmly, and what was answered stays."""
    client = Client()
    answer_all(client)
    assert post(client, "/referrals/what/", {"words": "x" * 600_000}).status_code == 413
    many = {f"f{n}": "x" for n in range(1000)}
    assert post(client, "/referrals/what/", many).status_code == 413
    assert WORDS in client.get("/referrals/check/").content.decode()


def test_sending_needs_our_own_form(people: Any) -> None:
    """T18: no token, no act; and looking changes nothing."""
    client = Client(enforce_csrf_checks=True)
    for path in ("keep/", "check/", "stop/", "receipt/", "words/", "danger/"):
        assert client.post(f"/referrals/{path}", {"keep": "receipt"}).status_code == 403
    elsewhere = Client(headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.post("/referrals/keep/", {"keep": "receipt"}).status_code == 403
    assert not Draft.objects.exists()


def test_queries_stay_few(people: Any) -> None:
    """The questions and the first page ask the same few things, however much there is."""
    ana = sign_in(people["ana"])
    counts: list[dict[str, int]] = []
    for _ in range(2):
        _sent(ana, "account")
        somebody_reads(name="Eli", starts=time(8))
        answer_all(ana, "account")
        seen = {}
        for path in ("", "soon/", "what/", "leave-out/", "check/"):
            with CaptureQueriesContext(connection) as queries:
                assert ana.get(f"/referrals/{path}").status_code == 200
            seen[path] = len(queries)
        counts.append(seen)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 14, counts[0]
