"""Every address of events, for everybody, about every kind of event: an address without a row,
or an answer that is not the one of the table, fails. Who is refused changes nothing."""

from datetime import datetime

import pytest

from events.urls import urlpatterns
from tests.events.matrix import (
    MISSING,
    OBJECTS,
    REFUSED,
    ROLES,
    SIGN_IN,
    ask,
    browser,
    cells,
    let_supporters_plan,
    set_scene,
    stored,
)
from tests.events.matrix_table import TABLE

pytestmark = [pytest.mark.anydb]
# Not about one event, or about none of these.
ABOUT_NONE = "-"


def _is_about_one(route: str) -> bool:
    return any(part in route for part in ("<uuid:event>", "<uuid:series>", "place/<slug:token>"))


def test_every_address_verb_and_object_has_one_row() -> None:
    ought = [
        (pattern.name, verb, of)
        for pattern in urlpatterns
        for verb in ("GET", "POST")
        for of in (OBJECTS if _is_about_one(str(pattern.pattern)) else [ABOUT_NONE])
    ]
    found = [(name, verb, of) for name, verb, of, _letters in cells(TABLE)]
    assert sorted(found) == sorted(map(tuple, ought))
    assert {len(letters) for *_cell, letters in cells(TABLE)} == {len(ROLES)}


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("role", ROLES)
def test_everybody_is_answered_as_the_table_says(role: str, evening: datetime) -> None:
    scene, mine = set_scene(evening), list(ROLES).index(role)
    if role == "let":
        let_supporters_plan(evening)
    client, before = browser(scene, role), stored()
    wrong, told = [], []
    for name, verb, of, letters in cells(TABLE):
        got = ask(scene, client, before, name, verb, of)
        if got.letter != letters[mine]:
            wrong.append((name, verb, of, got.letter, letters[mine]))
        if got.letter in REFUSED and got.has_changed:
            wrong.append((name, verb, of, got.letter, "something is stored all the same"))
        if got.letter in (MISSING, SIGN_IN) and f"Title-{of}" in got.body:
            told.append((name, verb, of))
    assert (wrong, told) == ([], [])


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_control_what_is_stored_is_seen_and_put_back(evening: datetime) -> None:
    scene = set_scene(evening)
    client, before = browser(scene, "student"), stored()

    assert ask(scene, client, before, "going", "POST", "open").has_changed
    assert stored() == before
    assert not ask(scene, client, before, "going", "POST", "draft").has_changed
    assert "Title-open" in ask(scene, client, before, "event", "GET", "open").body


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("of", ["discreet", "debrief"])
def test_no_page_about_a_discreet_event_names_who_comes(of: str, evening: datetime) -> None:
    """Sol comes and Cara waits: whatever page anybody is shown, by address or by mistake."""
    scene = set_scene(evening)
    told = []
    for role in ("student", "supporter", "host", "lead", "coordinator"):
        client = browser(scene, role)
        for name, verb, about, _letters in cells(TABLE):
            if verb == "GET" and about == of:
                body = ask(scene, client, "", name, verb, of).body
                told += [
                    (role, name, who)
                    for who in ("sol", "cara")
                    if scene.people[who].email in body or f">{scene.people[who].called}<" in body
                ]
    # Whom a planner can choose as host is not whom an event has.
    assert {one for one in told if one[1] not in ("plan-change",)} == set()
