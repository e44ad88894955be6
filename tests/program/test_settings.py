"""Settings: who may change them, what remains of it, and what stands on every page."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Person
from officehours.models import Shift, Visit
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import AppendOnly
from peersupport.core.outbox.kinds import Kind, verdict
from peersupport.core.outbox.models import Outgoing
from program.models import Setting
from program.queries import facts
from program.registry import KNOWN, RUNNERS
from program.services import NotAllowed, change_setting, close_now
from tests.people import cast, hours_of, sign_in
from tests.roles import keep_closed

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
TOPIC = {"status": "report", "owner": "Title IX office", "on": "2026-11-01"}
SOON = "2026-11-24T20:00"


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def test_a_change_keeps_who_when_from_and_to(people: dict[str, Person], evening: datetime) -> None:
    cora = sign_in(people["cora"])
    with time_machine.travel(evening, tick=False):
        assert cora.post("/program/set/topic-threats/", TOPIC).status_code == 302
        again = {**TOPIC, "status": "private"}
        assert cora.post("/program/set/topic-threats/", again).status_code == 302
        assert cora.post("/program/set/topic-threats/", again).status_code == 302
        page = cora.get("/program/history/")

    assert Setting.objects.count() == 2
    for part in (
        "Threats against somebody",
        "23 November 2026",
        "coordinator",
        "Must be reported",
    ):
        assertContains(page, part)
    assertNotContains(page, people["cora"].email)
    assert facts().values["topic-threats"]["status"] == "private"


def test_a_change_can_be_neither_changed_nor_deleted(evening: datetime) -> None:
    change_setting(key="small-school", value=True, by=SYSTEM, now=evening)
    row = Setting.objects.get()

    for act in (row.save, row.delete, Setting.objects.all().delete):
        with pytest.raises(AppendOnly):
            act()
    with pytest.raises(AppendOnly):
        Setting.objects.update(by="nobody")


@pytest.mark.parametrize("key", KNOWN)
@pytest.mark.parametrize("who", ["ana", "priya", "ida", "cora"])
def test_who_may_set_what(
    people: dict[str, Person], evening: datetime, who: str, key: str
) -> None:
    may = any(people[who].has_role(role) for role in KNOWN[key].roles)
    assert may is (who == "cora" or (who == "ida" and KNOWN[key].roles != RUNNERS))
    if may:
        assert change_setting(key=key, value={"text": "x"}, by=people[who], now=evening)
    else:
        with pytest.raises(NotAllowed):
            change_setting(key=key, value={"text": "x"}, by=people[who], now=evening)


def test_a_notice_stands_on_every_page_until_its_time(
    people: dict[str, Person], evening: datetime
) -> None:
    cora, ana = sign_in(people["cora"]), sign_in(people["ana"])
    words = "We meet in Room 9 & not in 214 today."
    with time_machine.travel(evening, tick=False):
        before = Client().get("/")["ETag"]
        wrong = {"text": "<b>Hello</b>", "until": SOON}
        assert cora.post("/program/notice/", wrong).status_code == 400
        said = cora.post("/program/notice/", {"text": words, "until": SOON})
        assert said.status_code == 302
        today = Client().get("/", headers={"If-None-Match": before})
        pages = [today, ana.get("/visits/"), ana.get("/visits/book/"), cora.get("/program/")]
        pages += [Client().get(each) for each in ("/promises/", "/what-we-keep/", "/help-now/")]
        for page in pages:
            assertContains(page, "Room 9 &amp; not in 214")
        assert today["ETag"] != before
    with time_machine.travel(evening + timedelta(days=2), tick=False):
        assertNotContains(Client().get("/"), "Room 9")


def test_the_notice_adds_no_query_to_today(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    value = {"text": "Hello", "until": (evening + timedelta(days=1)).isoformat()}
    with time_machine.travel(evening, tick=False):
        change_setting(key="notice", value=value, by=SYSTEM, now=evening)
        with django_assert_max_num_queries(3):
            assertContains(Client().get("/"), "Hello")
        with django_assert_max_num_queries(1):
            assertContains(Client().get("/"), "Hello")


def test_words_after_something_terrible_are_safe(
    people: dict[str, Person], evening: datetime
) -> None:
    cora = sign_in(people["cora"])
    with time_machine.travel(evening, tick=False):
        wrong = {"text": "A student committed suicide.", "until": SOON}
        assert cora.post("/program/critical/", wrong).status_code == 400
        said = cora.post("/program/critical/", {"text": "We lost a friend.", "until": SOON})
        assert said.status_code == 302
        assertContains(Client().get("/"), "We lost a friend.")
        assert cora.post("/program/critical/", {"end": "on"}).status_code == 302
        assertNotContains(Client().get("/"), "We lost a friend.")


def test_cheerful_mail_waits_and_other_mail_goes(evening: datetime) -> None:
    until = (evening + timedelta(days=1)).isoformat()
    cheerful = Kind("cheer", asked=False, compose=lambda row, now: None, is_cheerful=True)
    plain = Kind("plain", asked=False, compose=lambda row, now: None)

    assert verdict(cheerful, Outgoing(kind="cheer"), evening) == "pass"
    change_setting(key="critical", value={"text": "x", "until": until}, by=SYSTEM, now=evening)
    assert verdict(cheerful, Outgoing(kind="cheer"), evening) == "hold"
    assert verdict(plain, Outgoing(kind="plain"), evening) == "pass"
    assert verdict(cheerful, Outgoing(kind="cheer"), evening + timedelta(days=2)) == "pass"


def test_extra_hours_come_first_after_something_terrible(
    people: dict[str, Person], evening: datetime
) -> None:
    from tests.program.weekly import weekly_hours

    weekly_hours(people["marcus"], evening + timedelta(minutes=30), "Weekly room")
    extra = hours_of(people["priya"], evening + timedelta(hours=1))
    Shift.objects.filter(pk=extra.shift_id).update(place="Extra room")

    def order() -> list[str]:
        with time_machine.travel(evening, tick=False):
            page = Client().get("/").content.decode()
        return re.findall("<h3[^>]*>.*?(Weekly room|Extra room)", page, re.S)

    assert order() == ["Weekly room", "Extra room"]
    until = (evening + timedelta(days=1)).isoformat()
    change_setting(key="critical", value={"text": "x", "until": until}, by=SYSTEM, now=evening)
    assert order() == ["Extra room", "Weekly room"]


def test_close_everything_now_and_open_again(people: dict[str, Person], evening: datetime) -> None:
    cora, ana = sign_in(people["cora"]), sign_in(people["ana"])
    running = hours_of(people["priya"], evening - timedelta(minutes=10), checked_in_at=evening)
    far = hours_of(people["marcus"], evening + timedelta(days=9))
    with time_machine.travel(evening, tick=False):
        slot = Slot(running.pk, running.starts_at + timedelta(minutes=30))
        visit = booking.book(
            person=people["ana"],
            slot=slot,
            name="",
            wants_mail=False,
            request_key=ids.new_id(),
            now=evening,
        )
        asked = cora.post("/program/close/", {"until": ""})
        assertContains(asked, "Close everything now?")
        assert Shift.objects.get(pk=running.shift_id).state == "open"
        assert cora.post("/program/close/", {"until": "", "is_sure": "on"}).status_code == 302
        assertContains(Client().get("/"), "All hours are closed at the moment")
        assertContains(ana.get(f"/visits/{visit.pk}/"), "cancelled")
        assertContains(Client().get("/"), "This page says when we open again")
        assert cora.post("/program/close/", {"open": "on"}).status_code == 302
        assertNotContains(Client().get("/"), "All hours are closed at the moment")

    assert Shift.objects.get(pk=running.shift_id).state == "cancelled"
    assert Shift.objects.get(pk=far.shift_id).state == "published"
    assert Visit.objects.get(pk=visit.pk).state == "cancelled"


def test_closing_is_not_for_administrators(people: dict[str, Person], evening: datetime) -> None:
    with pytest.raises(NotAllowed):
        close_now(until=None, by=people["ida"], now=evening)


def test_the_index_says_what_is_missing(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    cora = sign_in(people["cora"])
    with time_machine.travel(evening, tick=False):
        with django_assert_max_num_queries(17):  # one of them: whether lines of events stand
            page = cora.get("/program/")
        assertContains(page, "Nobody has decided yet")
        for key in KNOWN:
            if key.startswith("topic-"):
                change_setting(key=key, value=TOPIC, by=SYSTEM, now=evening)
        page = cora.get("/program/")
    assertNotContains(page, "Nobody has decided yet")
    assertContains(page, "Decided by Title IX office")


def test_while_closed_what_is_published_is_closed_again(
    people: dict[str, Person], evening: datetime
) -> None:
    near = hours_of(people["marcus"], evening + timedelta(days=9))
    close_now(until=None, by=people["cora"], now=evening)
    new = hours_of(people["priya"], evening + timedelta(hours=3))

    assert keep_closed(now=evening + timedelta(minutes=1)) == 1
    assert keep_closed(now=evening + timedelta(days=3)) == 1
    for hours in (near, new):
        assert Shift.objects.get(pk=hours.shift_id).state == "cancelled"


def test_once_the_time_is_over_nothing_more_is_closed(
    people: dict[str, Person], evening: datetime
) -> None:
    end = evening + timedelta(hours=2)
    later = hours_of(people["priya"], end)
    close_now(until=end, by=people["cora"], now=evening)

    assert keep_closed(now=evening) == 0
    assert keep_closed(now=end) == 0
    assert Shift.objects.get(pk=later.shift_id).state == "published"
