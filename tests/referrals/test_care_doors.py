"""Signing in on the care side, proving oneself, being ended: what holds and what does not."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from peersupport.core import ids
from peersupport.core.audit.models import Entry
from referrals import rules
from referrals.models import Asked, CareSession, Counselor, Passkey, RecoveryCode
from referrals.rules import CareRole
from referrals.seals import seal_of
from referrals.services import care_factors, counselors
from tests.accounts.soft_key import SoftKey
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


# -- signing in -----------------------------------------------------------------------------------


def test_a_passkey_signs_in_and_proves(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()

    page = answer(client, "/care/sign-in/?next=/care/me/", key, people["eli"])

    assert page.status_code == 302
    cookie = page.cookies[django_settings.CARE_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert client.get("/care/me/codes/").status_code == 200  # which needs a proof
    assert not Asked.objects.exists()


@pytest.mark.parametrize(
    "cheat",
    [
        {"origin": "http://sub.testserver"},
        {"origin": "https://testserver"},
        {"origin": "http://testserver:8001"},
        {"unlocked": False},
    ],
)
def test_an_answer_from_elsewhere_or_not_unlocked(
    people: Any, evening: datetime, cheat: dict[str, Any]
) -> None:
    key, client = give_key(people["eli"], evening), Client()

    page = answer(client, "/care/sign-in/", key, people["eli"], **cheat)

    assert page.status_code == 400
    assert not _is_in(client)


def test_another_key_under_somebodys_name(people: Any, evening: datetime) -> None:
    give_key(people["dee"], evening)
    client = Client()

    page = answer(client, "/care/sign-in/", SoftKey(people["dee"].pk.bytes), people["dee"])

    assert page.status_code == 400


def test_ones_own_key_under_the_leads_name(people: Any, evening: datetime) -> None:
    give_key(people["dee"], evening)
    eli = give_key(people["eli"], evening)

    assert answer(Client(), "/care/sign-in/", eli, people["dee"]).status_code == 400


def test_a_question_is_answered_once(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()
    told = key.use(asked_for(client.get("/care/sign-in/")), owner=people["eli"].pk.bytes)

    assert client.post("/care/sign-in/", {"passkey": told}).status_code == 302
    assert Client().post("/care/sign-in/", {"passkey": told}).status_code == 400


def test_a_question_lasts_ten_minutes(people: Any, evening: datetime) -> None:
    key, client = give_key(people["eli"], evening), Client()
    told = key.use(asked_for(client.get("/care/sign-in/")), owner=people["eli"].pk.bytes)
    people["time"].shift(rules.ASKED_LASTS)
    # The row's own time, moved on by somebody who writes into the database, changes nothing.
    Asked.objects.update(until=evening + timedelta(days=1))

    assert client.post("/care/sign-in/", {"passkey": told}).status_code == 400


def test_a_question_is_bound_to_its_purpose(people: Any, evening: datetime) -> None:
    key = give_key(people["eli"], evening)
    seated = sit_down(people["eli"], evening, has_proved=False)
    to_sign_in = key.use(asked_for(Client().get("/care/sign-in/")), owner=people["eli"].pk.bytes)
    to_prove = key.use(asked_for(seated.get("/care/prove/")), owner=people["eli"].pk.bytes)
    Asked.objects.filter(purpose="sign-in").update(purpose="prove")
    Asked.objects.filter(purpose="prove", counselor=people["eli"]).update(purpose="sign-in")

    assert seated.post("/care/prove/", {"passkey": to_sign_in}).status_code == 400
    assert Client().post("/care/sign-in/", {"passkey": to_prove}).status_code == 400


def test_a_question_to_one_is_not_answered_by_another(people: Any, evening: datetime) -> None:
    key = give_key(people["dee"], evening)
    dee = sit_down(people["dee"], evening, has_proved=False)
    eli = sit_down(people["eli"], evening, has_proved=False)
    told = key.use(asked_for(dee.get("/care/prove/")), owner=people["dee"].pk.bytes)

    assert eli.post("/care/prove/", {"passkey": told}).status_code == 400


@pytest.mark.parametrize(
    "rubbish", ["", "x", "[]", "{}", "{" * 9000, '{"response": 1}', "[" * 9000]
)
def test_rubbish_for_an_answer(people: Any, rubbish: str) -> None:
    page = Client().post("/care/sign-in/", {"passkey": rubbish})

    assert page.status_code == 400


def test_old_questions_are_swept_up_by_new_ones(people: Any) -> None:
    Client().get("/care/sign-in/")
    people["time"].shift(rules.ASKED_LASTS)
    Client().get("/care/sign-in/")

    assert Asked.objects.count() == 1


def test_a_bare_number_has_no_passkeys(settings: Any, people: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    page = Client().get("/care/sign-in/")

    assert b"passkey-options" not in page.content
    assert b"Passkeys do not work at the address" in page.content


def test_passkeys_belong_to_the_public_address(settings: Any, people: Any) -> None:
    settings.PUBLIC_URL = "https://care.school.example"
    settings.ALLOWED_HOSTS = ["*"]

    elsewhere = Client().get("/care/sign-in/", headers={"host": "other.school.example"})
    here = Client().get("/care/sign-in/", secure=True, headers={"host": "care.school.example"})

    assert b"passkey-options" not in elsewhere.content
    assert asked_for(here)["publicKey"]["rpId"] == "care.school.example"


def test_without_a_script_the_door_says_so(people: Any) -> None:
    page = Client().get("/care/sign-in/").content.decode()

    assert "A passkey needs JavaScript" in page


# -- recovery codes -------------------------------------------------------------------------------


def _codes(who: Counselor, now: datetime) -> list[str]:
    return care_factors.make_codes(by=who, now=now)


def _by_code(email: str, code: str) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/care/sign-in/", {"email": email, "code": code})


def test_a_recovery_code_lets_in_and_opens_nothing(people: Any, evening: datetime) -> None:
    give_key(people["eli"], evening)
    codes = _codes(people["eli"], evening)
    client, page = _by_code("Eli@school.example", codes[0].lower())

    assert page["Location"] == "/care/me/"
    assert client.get("/care/me/codes/")["Location"].startswith("/care/prove/")
    assert CareSession.objects.get().proved_at is None
    assert _by_code("eli@school.example", codes[0])[1].status_code == 400  # used
    assert Entry.objects.filter(verb="sign in by recovery code").count() == 1
    assert RecoveryCode.objects.count() == rules.RECOVERY_CODES - 1


def test_after_a_recovery_code_a_new_passkey_waits_for_the_lead(
    people: Any, evening: datetime
) -> None:
    client, _page = _by_code("eli@school.example", _codes(people["eli"], evening)[0])
    new = SoftKey(b"new-key-of-eli-1")
    made = new.make(asked_for(client.get("/care/me/passkeys/")))
    client.post("/care/me/passkeys/", {"passkey": made, "name": "New phone"})
    row = Passkey.objects.get()

    assert not row.is_confirmed
    assert b"passkey-options" not in client.get("/care/prove/").content
    assert (
        b"Both must show these letters"
        in answer(Client(), "/care/sign-in/", new, people["eli"]).content
    )

    lead = sit_down(people["dee"], evening)
    lead.post(f"/care/people/{people['eli'].pk}/passkeys/{row.pk}/")
    assert answer(client, "/care/prove/", new, people["eli"]).status_code == 302
    assert client.get("/care/me/codes/").status_code == 200


def test_a_passkey_added_with_a_proof_is_confirmed(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    made = SoftKey(b"second-key-of-el").make(asked_for(client.get("/care/me/passkeys/")))
    page = client.post("/care/me/passkeys/", {"passkey": made, "name": "Laptop"})

    assert page.status_code == 302
    assert Passkey.objects.get().is_confirmed


def test_a_stale_proof_adds_no_passkey(people: Any, evening: datetime) -> None:
    client = sit_down(people["eli"], evening)
    made = SoftKey(b"second-key-of-el").make(asked_for(client.get("/care/me/passkeys/")))
    people["time"].shift(rules.PROVED_LASTS)
    page = client.post("/care/me/passkeys/", {"passkey": made, "name": "Laptop"})

    assert page["Location"].startswith("/care/prove/")
    assert not Passkey.objects.exists()


def test_the_last_confirmed_passkey_stays(people: Any, evening: datetime) -> None:
    give_key(people["eli"], evening)
    give_key(people["eli"], evening, is_confirmed=False)
    client = sit_down(people["eli"], evening)
    one = Passkey.objects.get(is_confirmed=True)

    client.post(f"/care/me/passkeys/{one.pk}/remove/")
    assert Passkey.objects.filter(pk=one.pk).exists()
    give_key(people["eli"], evening)
    client.post(f"/care/me/passkeys/{one.pk}/remove/")
    assert not Passkey.objects.filter(pk=one.pk).exists()


def test_nobodys_passkey_but_ones_own_is_removed(people: Any, evening: datetime) -> None:
    give_key(people["dee"], evening)
    dees = Passkey.objects.get()
    client = sit_down(people["eli"], evening)

    assert client.post(f"/care/me/passkeys/{dees.pk}/remove/").status_code == 404


def test_there_is_an_end_to_passkeys(people: Any, evening: datetime) -> None:
    for _ in range(rules.MOST_PASSKEYS):
        give_key(people["eli"], evening)

    with pytest.raises(rules.TooMany):
        care_factors.add_passkey(
            credential=SoftKey().credential(),
            name="x",
            is_proved=True,
            by=people["eli"],
            now=evening,
        )


# -- who is here cannot be asked ------------------------------------------------------------------


def _plain(page: Any) -> tuple[int, str, list[tuple[str, str]], list[str]]:
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    body = re.sub(r'"challenge": "[^"]+"', "", body)
    return page.status_code, body, sorted(page.headers.items()), sorted(page.cookies)


@pytest.mark.parametrize("email", ["eli@school.example", "gone@school.example", "new@x.example"])
def test_known_ended_and_unknown_look_alike(people: Any, evening: datetime, email: str) -> None:
    _codes(people["eli"], evening)
    gone = Counselor.objects.create(
        card=people["eli"].card.__class__.objects.create(name="Gone"),
        email="gone@school.example",
        role="counselor",
        state="ended",
        seal=b"\0" * 32,
    )
    Counselor.objects.filter(pk=gone.pk).update(seal=seal_of(gone))
    said = {"email": email, "code": "2222-3333-4444"}
    with CaptureQueriesContext(connection) as asked:
        page = Client().post("/care/sign-in/", said)
    with CaptureQueriesContext(connection) as asked_of_nobody:
        control = Client().post("/care/sign-in/", {**said, "email": "nobody@school.example"})

    assert _plain(page) == _plain(control)
    assert len(asked) == len(asked_of_nobody)


def test_the_queries_of_joining_are_the_same(people: Any, evening: datetime) -> None:
    counselors.ask_to_join(
        name="Nora",
        email="nora@school.example",
        role=CareRole.COUNSELOR,
        by=people["dee"],
        now=evening,
    )
    counts = []
    for email in ("nora@school.example", "eli@school.example", "nobody@school.example"):
        with CaptureQueriesContext(connection) as asked:
            Client().post("/care/join/", {"email": email, "code": "2222-3333-4444"})
        counts.append([re.sub(r"'[^']*'|s\d+_x\d+", "?", q["sql"]) for q in asked])

    assert len({len(each) for each in counts}) == 1
    assert counts[1] == counts[2]


def test_one_who_hammers_locks_nobody_out(people: Any, evening: datetime) -> None:
    codes = _codes(people["eli"], evening)
    key = give_key(people["eli"], evening)
    said = {"email": "eli@school.example", "code": "2222-2222-2222"}
    statuses = [Client().post("/care/sign-in/", said).status_code for _ in range(80)]

    assert statuses[0] == 400
    assert statuses[-1] == 429
    assert _by_code("eli@school.example", codes[0])[1].status_code == 302
    assert answer(Client(), "/care/sign-in/", key, people["eli"]).status_code == 302


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
