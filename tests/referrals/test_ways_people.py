"""Asking for more help: receipts, and what other people get."""

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
from referrals.models import Draft, Referral, Withdrawal
from tests.people import cast, sign_in
from tests.roles import acting_as
from tests.ways import (
    WORDS,
    answer_all,
    id_in,
    post,
    publish_key,
    receipt_on,
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
