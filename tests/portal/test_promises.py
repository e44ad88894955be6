"""Promises have tests, and every switch is seen on every screen that it touches."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import Person
from events import keys
from officehours.queries.line import door_code
from peersupport.core import daykey
from peersupport.core.actors import SYSTEM
from peersupport.portal.promises import PROMISES
from program.registry import CLAIMS, STATUSES, TOPICS
from program.services import change_setting
from tests.events.scene import event
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

SAYS = {
    "confidential": "I tell nobody what I hear about {}.",
    "private": "I keep to myself, unless somebody is in danger, what I hear about {}.",
    "report": "I must pass on what I hear about {}.",
}


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def screens(people: dict[str, Person], evening: datetime) -> dict[str, str]:
    """Return every screen that says what is confidential here."""
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    ana, priya, cora = (sign_in(people[name]) for name in ("ana", "priya", "cora"))
    opened = {
        "promises": Client().get("/promises/"),
        "booking": ana.get("/visits/book/"),
        "line": ana.get(f"/line/join/{hours.shift_id}/"),
        "door": Client().get(f"/line/at/{hours.shift_id}/{door_code(hours.shift_id, evening)}/"),
        "console": priya.get("/hours/"),
        "setting": cora.get("/program/set/topic-threats/"),
        "poster": cora.get("/program/poster/"),
    }
    return {name: unescape(page.content.decode()) for name, page in opened.items()}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: str(one.words)[:30])
def test_every_promise_is_held_by_a_test_that_exists(promise: Any) -> None:
    assert promise.held_by
    for named in promise.held_by:
        path, _colons, name = named.partition("::")
        source = (settings.BASE_DIR / path).read_text()
        assert f"def {name}(" in source, named


def test_how_long_it_is_known_who_comes_is_said_as_it_is(
    people: dict[str, Person], evening: datetime
) -> None:
    """The words have the numbers of the rules, by which every read ends."""
    said = unescape(Client().get("/promises/").content.decode())
    assert "7 days after a wellness event, and 24 hours after a discreet one" in said
    for is_sensitive, kept in ((False, timedelta(days=7)), (True, timedelta(hours=24))):
        row = event(evening, is_sensitive=is_sensitive)
        assert row.forget_at - row.ends_at == kept
        assert keys.keys_of([row], row.forget_at - timedelta(seconds=1)), is_sensitive
        assert not keys.keys_of([row], row.forget_at), is_sensitive
        assert daykey.gone_at(row.key_day) <= row.forget_at + timedelta(days=1)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_switch_changes_every_screen(
    people: dict[str, Person], evening: datetime, topic: str, status: str
) -> None:
    value = {"status": status, "owner": "Title IX office", "on": "2026-11-01"}
    with time_machine.travel(evening, tick=False):
        change_setting(key=f"topic-{topic}", value=value, by=SYSTEM, now=evening)
        seen = screens(people, evening)

    said = SAYS[status].format(TOPICS[topic])
    assert {name: said in page for name, page in seen.items()} == dict.fromkeys(seen, True)


def test_what_nobody_has_decided_is_said_to_be_open(
    people: dict[str, Person], evening: datetime
) -> None:
    with time_machine.travel(evening, tick=False):
        seen = screens(people, evening)

    assert all("has not settled what I must pass on" in page for page in seen.values())


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_shows_only_signed_and_until_its_review(evening: datetime, name: str) -> None:
    words = str(CLAIMS[name])
    value = {
        "officer": "Dr. Vale",
        "office": "Office of the Registrar",
        "signed_on": "2026-11-01",
        "review_on": "2026-11-30",
    }

    def page(now: datetime = evening) -> str:
        with time_machine.travel(now, tick=False):
            return unescape(Client().get("/promises/").content.decode())

    assert words not in page()
    change_setting(key=f"claim-{name}", value=value, by=SYSTEM, now=evening)
    for part in (
        words,
        "Dr. Vale",
        "Office of the Registrar",
        "1 November 2026",
        "30 November 2026",
    ):
        assert part in page(), part
    assert words not in page(evening + timedelta(days=8))
    change_setting(key=f"claim-{name}", value=None, by=SYSTEM, now=evening)
    assert words not in page()


def test_a_small_school_says_so(evening: datetime) -> None:
    def says() -> bool:
        return "one person may be coordinator" in Client().get("/promises/").content.decode()

    assert not says()
    change_setting(key="small-school", value=True, by=SYSTEM, now=evening)
    assert says()
    cora = sign_in(cast(evening)["cora"])
    assert "Yes, and the promises say so" in cora.get("/program/").content.decode()
    changed = cora.get("/program/history/").content.decode()
    assert "One person is coordinator and counselor" in changed
    answer = cora.post("/program/set/small-school/", {})
    assert answer.status_code == 302
    assert not says()
    assert "Yes, and the promises say so" not in cora.get("/program/").content.decode()


def test_promises_cost_one_query(evening: datetime, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert Client().get("/promises/").status_code == 200
