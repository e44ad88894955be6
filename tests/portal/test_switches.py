"""Everything a school can set, against every screen: where its words stand, and nowhere else.

A key without a row here fails, and so does a screen that says something without being named, or
is named and does not say it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Person
from officehours.queries.line import door_code
from peersupport.core.actors import SYSTEM
from peersupport.core.ui.crisis import Line
from program.registry import CLAIMS, KNOWN, TOPICS
from program.services import change_pledge, change_setting
from program.services.crisis import save_line
from tests.journeys.story import stand_behind
from tests.people import cast, hours_of, sign_in

pytestmark = pytest.mark.django_db

DAY = "2026-11-23"
SOON = "2026-11-24T20:00:00+00:00"
# Screens that say what is confidential: one place gives the words to all of them.
CONSENT = {"promises", "booking", "join", "door", "console", "poster"}
SETTINGS = {"index", "history"}
# A piece of a page, without what stands around it.
PIECES = {"board"}


@dataclass(frozen=True)
class Row:
    """How a key is set, and which words then stand on which screens."""

    set_it: Callable[[datetime], object]
    says: dict[str, set[str]]


def _set(key: str, value: object) -> Callable[[datetime], object]:
    return lambda now: change_setting(key=key, value=value, by=SYSTEM, now=now)


def _topic(name: str) -> Row:
    decided = {"status": "report", "owner": "Title IX office", "on": DAY}
    return Row(
        _set(f"topic-{name}", decided),
        {
            f"I must pass on what I hear about {TOPICS[name]}.": {*CONSENT, "set"},
            "Must be reported. Decided by Title IX office": {"index"},
            "Title IX office": {*SETTINGS, "set"},
        },
    )


def _claim(name: str) -> Row:
    signed = {"officer": "Dr. Vale", "office": "Registrar", "signed_on": DAY,
              "review_on": "2027-11-23"}  # fmt: skip
    return Row(
        _set(f"claim-{name}", signed),
        {
            "Signed by Dr. Vale, Registrar": {"promises"},
            "Dr. Vale": {"promises", *SETTINGS, "succession", "set"},
        },
    )


def _line(now: datetime) -> object:
    days: Any = {"checked_on": date(2026, 11, 23), "review_on": date(2027, 5, 1)}
    line = Line("Night line", "555-0177", hours="day and night", **days)
    return save_line(line=line, checked_by="Cora", by=SYSTEM, now=now)


def _every(pages: dict[str, str]) -> set[str]:
    return set(pages) - PIECES


TABLE: dict[str, Row] = {
    **{f"topic-{name}": _topic(name) for name in TOPICS},
    **{f"claim-{name}": _claim(name) for name in CLAIMS},
    "pledge": Row(
        lambda now: change_pledge(text="I keep it to myself.", grace=7, by=SYSTEM, now=now),
        {
            "I keep it to myself.": {"pledge", "history", "set"},
            "Please sign what supporters promise": {"console"},
            "Every supporter signs a pledge of confidentiality": {"promises"},
            "Version 2, since": {"index"},
        },
    ),
    "talked": Row(
        _set("talked", {"name": "Dr. Reyes, ombuds", "phone": "555-0144", "email": ""}),
        {
            "Dr. Reyes, ombuds": {"talked", *SETTINGS, "succession", "set"},
            "tel:555-0144": {"talked"},
        },
    ),
    "small-school": Row(
        _set("small-school", True),
        {
            "They could know you from both sides": {"promises", "talked"},
            "Yes, and the promises say so": {"index", "succession"},
        },
    ),
    "notice": Row(
        _set("notice", {"text": "We meet in Room 9.", "until": SOON}),
        {"We meet in Room 9.": {"every"}},
    ),
    "critical": Row(
        _set("critical", {"text": "We lost a friend.", "until": SOON}),
        {"We lost a friend.": {"every"}},
    ),
    "closed": Row(
        _set("closed", {"until": None}),
        {
            "All hours are closed at the moment. The numbers above": {"every"},
            "Everything is closed until you open again.": {"close"},
        },
    ),
    "school": Row(
        _set("school", {"name": "Riverside peers", "zone": "America/New_York"}),
        {"Riverside peers": {"every"}},
    ),
    "place": Row(
        _set("place", {"room": "Lounge B"}),
        {"Lounge B": {"poster", "guide", "history", "succession"}},
    ),
    "supporter-events": Row(
        _set("supporter-events", "publish"),
        {
            "Yes, and they publish them themselves": {*SETTINGS, "set"},
            "Plan a workshop": {"planning"},
        },
    ),
    "handed-over": Row(
        _set("handed-over", {"pledge": DAY}), {"Looked at: Monday 23 November": {"succession"}}
    ),
    "crisis-lines": Row(_line, {"555-0177": {"every"}, "Night line": {"every"}}),
}


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    stand_behind(evening)
    return cast(evening)


def _screens(people: dict[str, Person], now: datetime, key: str) -> dict[str, str]:
    """Return every screen that a school's facts could stand on."""
    hours = hours_of(people["priya"], now, checked_in_at=now)
    door = f"/line/at/{hours.shift_id}/{door_code(hours.shift_id, now)}/"
    known = key if key.startswith(("topic-", "claim-")) else "pledge"
    own = key if key in ("talked", "small-school", "supporter-events") else known
    seen: dict[str, dict[str, str]] = {
        "": {
            "today": "/", "board": "/board/", "help": "/help-now/", "friend": "/help-now/friend/",
            "promises": "/promises/", "keep": "/what-we-keep/", "talked": "/program/talked/",
            "sign-in": "/accounts/sign-in/", "door": door, "line": "/line/",
            "nowhere": "/nowhere/",
        },
        "ana": {
            "mine": "/", "booking": "/visits/book/", "visits": "/visits/",
            "join": f"/line/join/{hours.shift_id}/", "account": "/accounts/",
        },
        "priya": {
            "console": "/hours/", "pledge": "/program/pledge/", "new": "/hours/new/",
            "paper": f"/hours/{hours.pk}/paper/", "cover": "/hours/cover/",
        },
        "cora": {
            "index": "/program/", "history": "/program/history/", "guide": "/program/first/",
            "succession": "/program/succession/", "set": f"/program/set/{own}/",
            "crisis": "/program/crisis/", "coverage": "/program/coverage/",
            "milestones": "/program/milestones/", "terms": "/program/terms/",
            "poster": "/program/poster/", "cards": "/program/cards/", "close": "/program/close/",
            "hours": "/hours/program/", "sign": "/hours/program/sign/",
        },
    }  # fmt: skip
    if key == "supporter-events":  # nobody finds that page before
        seen["priya"]["planning"] = "/events/plan/"
    pages = {}
    for who, addresses in seen.items():
        client = sign_in(people[who]) if who else Client()
        for name, address in addresses.items():
            answer = client.get(address)
            assert answer.status_code == (404 if name == "nowhere" else 200), address
            pages[name] = unescape(answer.content.decode())
    return pages


def test_everything_a_school_can_set_has_a_row() -> None:
    assert set(TABLE) == set(KNOWN)


@pytest.mark.parametrize("key", KNOWN)
def test_a_key_says_its_words_where_it_should_and_nowhere_else(
    people: dict[str, Person], evening: datetime, key: str
) -> None:
    row = TABLE[key]
    with time_machine.travel(evening, tick=False):
        row.set_it(evening)
        pages = _screens(people, evening, key)

    for words, screens in row.says.items():
        expected = _every(pages) if screens == {"every"} else screens
        assert {name for name, page in pages.items() if words in page} == expected, words


@pytest.mark.parametrize("key", ["topic-threats", "claim-mspe", "talked", "small-school"])
def test_until_somebody_sets_it_no_screen_says_so(
    people: dict[str, Person], evening: datetime, key: str
) -> None:
    with time_machine.travel(evening, tick=False):
        pages = _screens(people, evening, key)

    unset = {words for row in TABLE.values() for words in row.says} - {"Title IX office"}
    found = {(words, name) for words in unset for name, page in pages.items() if words in page}
    assert found == set()


@pytest.mark.parametrize("key", ["notice", "critical", "closed"])
def test_what_has_an_end_is_gone_everywhere_after_it(
    people: dict[str, Person], evening: datetime, key: str
) -> None:
    row, later = TABLE[key], evening + timedelta(days=2)
    with time_machine.travel(evening, tick=False):
        row.set_it(evening)
        if key == "closed":
            change_setting(key=key, value={"until": SOON}, by=SYSTEM, now=evening)
    with time_machine.travel(later, tick=False):
        pages = _screens(people, later, key)

    words = next(iter(row.says))
    assert {name for name, page in pages.items() if words in page} <= {"history"}
