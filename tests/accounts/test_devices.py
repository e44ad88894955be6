"""Sessions: how long they last, the list of devices, and what ends them at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.lasting import device_name
from accounts.models import Person
from accounts.rules import LastAdministrator, Role
from accounts.services import grant_role, revoke_role
from peersupport.core.actors import SYSTEM
from peersupport.core.sessions.models import Row
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
_POLL = {"HTTP_HX_REQUEST": "true"}


def _is_in(client: Client, **meta: Any) -> bool:
    return client.get("/accounts/", **meta).status_code == 200


@pytest.mark.parametrize(
    ("who", "idle", "longest"),
    [
        ("ana", timedelta(days=14), timedelta(days=60)),
        ("priya", timedelta(days=1), timedelta(days=14)),
        ("cora", timedelta(hours=2), timedelta(hours=12)),
    ],
)
def test_idle_and_absolute_limits(
    evening: datetime, who: str, idle: timedelta, longest: timedelta
) -> None:
    rounding = timedelta(days=1)
    with time_machine.travel(evening, tick=False) as time:
        people = cast(evening)
        idles, busy = sign_in(people[who]), sign_in(people[who])
        time.move_to(evening + idle - timedelta(minutes=1))
        assert _is_in(idles)
        time.move_to(evening + idle * 2 + rounding * 2)
        assert not _is_in(idles)

        busy = sign_in(people[who])
        begun, now = evening + idle * 2 + rounding * 2, evening + idle * 2 + rounding * 2
        while now < begun + longest - idle:
            now += idle / 2
            time.move_to(now)
            assert _is_in(busy), now - begun
        time.move_to(begun + longest + rounding)
        assert not _is_in(busy)


@pytest.mark.parametrize("meta", [_POLL, {"HTTP_SEC_FETCH_MODE": "cors"}])
def test_polls_do_not_lengthen_a_session(evening: datetime, meta: dict[str, str]) -> None:
    ends = {}
    for is_poll in (True, False):
        with time_machine.travel(evening, tick=False) as time:
            cora = cast(evening)["cora"]
            client = sign_in(cora)
            for minutes in range(10, 300, 10):
                time.move_to(evening + timedelta(minutes=minutes))
                if not _is_in(client, **(meta if is_poll else {})):
                    break
            ends[is_poll] = minutes

    assert 120 <= ends[True] <= 140
    assert ends[False] == 290  # the control: taps do


def test_a_row_says_the_day_alone_and_is_written_once_a_day(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as time:
        client = sign_in(cast(evening)["ana"])
        row = Row.objects.get()
        assert row.used_on == evening.date()
        assert (row.expires_at.hour, row.expires_at.minute, row.expires_at.second) == (0, 0, 0)
        time.move_to(evening + timedelta(hours=1))
        with CaptureQueriesContext(connection) as asked:
            client.get("/accounts/")
        assert not [q["sql"] for q in asked if "UPDATE" in q["sql"]]
        time.move_to(evening + timedelta(days=1))
        client.get("/accounts/")
        assert Row.objects.get().used_on == evening.date() + timedelta(days=1)


def test_the_list_shows_day_and_kind_and_ends_one(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        here, there = sign_in(ana), sign_in(ana)
        other = sign_in(cast(evening)["ben"])
        page = here.get("/accounts/devices/").content.decode()
        assert page.count("This device") == 1
        assert "Last used on Monday November 23" in page
        action = page.split('action="/accounts/devices/')[1].split('"')[0]

        assert other.post(f"/accounts/devices/{action}").status_code == 404  # not theirs
        assert _is_in(there)
        assert here.post(f"/accounts/devices/{action}").status_code == 302

        assert not _is_in(there)
        assert _is_in(here)
        assert _is_in(other)


def test_all_others_end(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        ana = cast(evening)["ana"]
        here, others = sign_in(ana), [sign_in(ana) for _ in range(3)]
        here.post("/accounts/devices/others/")
        assert [_is_in(one) for one in [here, *others]] == [True, False, False, False]


def test_nothing_of_the_browser_is_kept_in_the_clear(evening: datetime) -> None:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (Android 14; Mobile) Firefox/140.0")
    client.force_login(cast(evening)["ana"], backend="accounts.backends.ActivePersonBackend")
    row = Row.objects.get()
    assert b"Firefox" not in bytes(row.device or b"") + bytes(row.sealed)
    assert len(bytes(row.device or b"")) > 40


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox on a computer"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 Version/19 Mobile Safari/604",
         "Safari on a phone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/150 Mobile Safari/537",
         "Chrome on a phone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/150 Safari/537 Edg/150",
         "Edge on a computer"),
        ("", "A browser on a computer"),
    ],
)  # fmt: skip
def test_device_names_are_coarse(agent: str, name: str) -> None:
    assert device_name(agent) == name


@pytest.mark.parametrize("what", ["disabled", "role gone"])
def test_dead_at_the_next_request(evening: datetime, what: str) -> None:
    people = cast(evening)
    client = sign_in(people["priya"])
    assert client.get("/hours/").status_code == 200
    if what == "disabled":
        Person.objects.filter(pk=people["priya"].pk).update(is_active=False)
    else:
        revoke_role(person=people["priya"], role=Role.SUPPORTER, by=SYSTEM, now=evening)

    assert client.get("/hours/").status_code == 302


def test_signing_out_is_for_the_server_too(evening: datetime) -> None:
    client = sign_in(cast(evening)["ana"])
    cookie = client.cookies["session"].value
    answer = client.post("/accounts/sign-out/")

    assert answer["Clear-Site-Data"] == '"storage"'
    assert client.cookies["session"].value == ""
    thief = Client()
    thief.cookies["session"] = cookie
    assert not _is_in(thief)
    assert not Row.objects.exists()


def test_the_last_administrator_stays(evening: datetime) -> None:
    people = cast(evening)
    with pytest.raises(LastAdministrator):
        revoke_role(person=people["ida"], role=Role.ADMINISTRATOR, by=people["ida"], now=evening)
    grant_role(person=people["eli"], role=Role.ADMINISTRATOR, by=SYSTEM, now=evening)
    revoke_role(person=people["ida"], role=Role.ADMINISTRATOR, by=SYSTEM, now=evening)
    assert not people["ida"].has_role(Role.ADMINISTRATOR)
