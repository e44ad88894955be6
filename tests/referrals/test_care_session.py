"""The session of the care side: proofs, ends, and requests that somebody forged."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client

from peersupport.core import ids
from referrals import rules
from referrals.models import CareSession, Counselor, RecoveryCode
from referrals.rules import CareRole
from referrals.seals import seal_of
from referrals.services import counselors
from tests.care import answer, asked_for, care_cast, give_key, sit_down, wind

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane"),
]


@pytest.fixture
def people(evening: datetime) -> Any:
    """Dee and Eli, with the clock of the care side wound, at that evening."""
    with time_machine.travel(evening, tick=False) as time:
        wind(evening)
        yield {**care_cast(evening), "time": time}


def _is_in(client: Client, **meta: Any) -> bool:
    return client.get("/care/", **meta).status_code == 200


def _cookie(client: Client) -> str:
    return client.cookies[django_settings.CARE_COOKIE].value


# -- the session ----------------------------------------------------------------------------------


def test_the_cookie_changes_at_every_step(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()
    client.cookies[django_settings.CARE_COOKIE] = "f" * 43  # planted
    answer(client, "/care/sign-in/", key, people["eli"])
    first = _cookie(client)
    answer(client, "/care/prove/", key, people["eli"])

    assert first != "f" * 43
    assert _cookie(client) != first
    assert CareSession.objects.count() == 1
    stolen = Client()
    stolen.cookies[django_settings.CARE_COOKIE] = first
    assert not _is_in(stolen)


def test_a_proof_lasts_five_minutes(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    people["time"].shift(rules.PROVED_LASTS - timedelta(seconds=1))
    assert client.get("/care/me/codes/").status_code == 200
    people["time"].shift(timedelta(seconds=1))
    assert client.get("/care/me/codes/")["Location"].startswith("/care/prove/")
    assert client.post("/care/me/codes/", headers={"HX-Request": "true"}).status_code == 302
    assert not RecoveryCode.objects.exists()


def test_a_proof_makes_no_session_longer(people: Any, evening: datetime) -> None:
    key = give_key(people["eli"], evening)
    client = sit_down(people["eli"], evening)
    for _ in range(53):
        people["time"].shift(timedelta(minutes=9))
        assert answer(client, "/care/prove/", key, people["eli"]).status_code == 302
    people["time"].shift(timedelta(minutes=9))  # 8 hours and 6 minutes

    assert not _is_in(client)


def test_ten_minutes_without_use(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    for _ in range(3):
        people["time"].shift(timedelta(minutes=9))
        assert _is_in(client)
    people["time"].shift(rules.IDLE)

    page = client.get("/care/", follow=True)
    assert page.redirect_chain == [("/care/sign-in/?next=%2Fcare%2F", 302)]
    assert b"The desk was closed" in page.content


@pytest.mark.parametrize("poll", [{"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors"}])
def test_polls_keep_no_desk_open(people: Any, evening: datetime, poll: dict[str, str]) -> None:
    left, used = sit_down(people["eli"], evening), sit_down(people["eli"], evening)
    for _ in range(4):
        people["time"].shift(timedelta(minutes=3))
        left.get("/care/", headers=poll)
        used.get("/care/")

    assert not _is_in(left)
    assert _is_in(used)  # the control


def test_signing_out_ends_row_and_cookie(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    before = _cookie(client)
    page = client.post("/care/sign-out/")

    assert page["Location"] == "/care/sign-in/?left"
    assert page.cookies[django_settings.CARE_COOKIE]["max-age"] == 0
    assert page["Cache-Control"] == "no-store"
    assert not CareSession.objects.exists()
    thief = Client()
    thief.cookies[django_settings.CARE_COOKIE] = before
    assert not _is_in(thief)
    after = client.get(page["Location"])
    assert after["Cache-Control"] == "no-store"
    assert b"You are signed out" in after.content


def test_exit_this_page_ends_it_too(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)

    page = client.post("/exit/")

    assert page.status_code == 200
    assert not CareSession.objects.exists()
    assert page.cookies[django_settings.CARE_COOKIE]["max-age"] == 0


def test_other_sessions_end_and_this_one_stays(people: Any, evening: datetime) -> None:
    here, there = sit_down(people["eli"], evening), sit_down(people["eli"], evening)
    other = sit_down(people["dee"], evening)
    here.post("/care/me/others/")

    assert [_is_in(each) for each in (here, there, other)] == [True, False, True]


@pytest.mark.parametrize("what", ["ended", "role", "epoch", "state by hand", "role by hand"])
def test_out_at_the_next_request(people: Any, evening: datetime, what: str) -> None:
    eli, dee = people["eli"], people["dee"]
    client = sit_down(eli, evening)
    assert _is_in(client)
    row = Counselor.objects.filter(pk=eli.pk)
    if what == "ended":
        counselors.end_counselor(counselor=eli.pk, by=dee, now=evening)
        assert not CareSession.objects.exists()
    elif what == "role":
        counselors.change_role(counselor=eli.pk, role=CareRole.LEAD, by=dee, now=evening)
    elif what == "epoch":
        eli.epoch = ids.new_id()
        row.update(epoch=eli.epoch, seal=seal_of(eli))
    elif what == "state by hand":
        row.update(state="ended")
    else:
        row.update(role="lead")

    assert not _is_in(client)


# -- forged requests ------------------------------------------------------------------------------

_POSTS = ["sign-in/", "join/", "prove/", "sign-out/", "me/passkeys/", "me/codes/", "me/others/"]
_POSTS += ["people/add/"]


@pytest.mark.parametrize("path", _POSTS)
@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_forged_requests(people: Any, evening: datetime, path: str, site: str | None) -> None:
    """Without a token, and from elsewhere: 403, and nothing is written."""
    client = Client(enforce_csrf_checks=True)
    client.cookies = sit_down(people["dee"], evening).cookies
    before = [*CareSession.objects.values_list("pk", flat=True)]
    headers = {"Sec-Fetch-Site": site} if site else {}

    page = client.post(f"/care/{path}", {"name": "x", "email": "x@y.example"}, headers=headers)

    assert page.status_code == 403
    assert [*CareSession.objects.values_list("pk", flat=True)] == before
    assert Counselor.objects.count() == 2


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example/care/",
        "https://evil.example/care/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/care/\r\nX: y",
        "/accounts/",
        "/care/../accounts/",
        "/care/" + "x" * 600,
    ],
)
def test_nobody_is_led_elsewhere(people: Any, evening: datetime, onward: str) -> None:
    key, client = give_key(people["eli"], evening), Client()
    told = key.use(asked_for(client.get("/care/sign-in/")), owner=people["eli"].pk.bytes)

    page = client.post("/care/sign-in/", {"passkey": told, "next": onward})

    assert page["Location"] == "/care/"


def test_what_was_sent_before_the_proof_is_not_kept(people: Any, evening: datetime) -> None:
    client = sit_down(people["dee"], evening, has_proved=False)
    page = client.post("/care/people/add/", {"name": "N", "email": "n@x.example", "role": "lead"})

    assert page["Location"] == "/care/prove/?next=%2Fcare%2F"
    assert Counselor.objects.count() == 2
