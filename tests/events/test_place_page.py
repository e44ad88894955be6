"""The page behind the link in a letter: it shows, it acts when told to, and it names nothing."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Person
from events.models import Event, Rsvp
from events.queries import refs
from events.rules import Going, State
from events.services import places
from tests.events.scene import event, rsvp
from tests.people import cast, sign_in
from tests.roles import drain

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
HOUR = timedelta(hours=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.fixture
def full(evening: datetime, people: dict[str, Person]) -> Event:
    """One place, taken by Ana; Ben waits. A sensitive group, whose name must not show."""
    row = event(evening, capacity=1, is_sensitive=True, title="Grief canary", place="Basement")
    for who in ("ana", "ben"):
        places.answer(event=row.pk, person=people[who], now=evening)
    return row


def _of(row: Event, number: int | None = None) -> Rsvp:
    return Rsvp.objects.get(event=row, number=number)


def _address(answer: Rsvp) -> str:
    return refs.path_of(answer.event, answer.pk)


def _state(answer: Rsvp) -> str:
    return str(Rsvp.objects.get(pk=answer.pk).state)


def test_looking_changes_nothing_and_says_nothing(full: Event) -> None:
    """Programs that look after mail follow every link in it."""
    address = _address(_of(full))

    for answer in (Client().get(address), Client().head(address), Client().get(address)):
        assert answer.status_code == 200
        assert answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
    page = Client().get(address).content.decode()
    assert "You have a place" in page
    for word in ("canary", "Grief", "Basement", str(full.pk), "ana@", "6:10pm"):
        assert word not in page
    assert [_state(_of(full)), _state(_of(full, 1))] == ["going", "waiting"]


def test_one_click_gives_the_place_to_who_waits_and_tells_them(
    full: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    drain(now=lambda: evening)
    mailoutbox.clear()
    mine, other = _of(full), _of(full, 1)

    shown = Client().post(_address(mine), {"what": "give-back"}, follow=True)

    assert "You are not coming" in shown.content.decode()
    assert (_state(mine), _state(other)) == ("left", "going")
    drain(now=lambda: evening)
    (mail,) = mailoutbox
    assert mail.to == ["ben@school.example"]
    assert "now one is yours" in mail.body
    # And from that letter, once more, in the same way.
    (path,) = re.findall(r"http://127.0.0.1:8000(/events/place/\S+)", mail.body)
    Client().post(path, {"what": "give-back"})
    assert _state(other) == "left"
    assert Event.objects.get(pk=full.pk).taken == 0


def test_twice_is_once(full: Event) -> None:
    mine = _of(full)
    for _ in range(2):
        assert Client().post(_address(mine), {"what": "give-back"}).status_code == 302

    assert Event.objects.get(pk=full.pk).taken == 1  # Ben


def test_an_offer_is_taken_or_let_go_by_it(full: Event, evening: datetime) -> None:
    soon = full.starts_at - 12 * HOUR
    with time_machine.travel(soon, tick=False):
        Client().post(_address(_of(full)), {"what": "give-back"})
        offered = _of(full, 1)
        assert offered.state == Going.OFFERED
        page = Client().get(_address(offered)).content.decode()
        assert "A place is kept for you" in page
        assert "Until 8:10am" not in page  # nobody has to answer at night
        assert "tomorrow at 9am" in page or "Until 9am" in page
        Client().post(_address(offered), {"what": "take"})
        assert _state(offered) == "going"


def test_an_offer_that_ran_out_is_not_taken_any_more(full: Event) -> None:
    soon = full.starts_at - 20 * HOUR
    with time_machine.travel(soon, tick=False):
        Client().post(_address(_of(full)), {"what": "give-back"})
    offered = _of(full, 1)
    assert offered.offer_until is not None
    with time_machine.travel(offered.offer_until, tick=False):
        assert "has gone to the next person" in Client().get(_address(offered)).content.decode()
        shown = Client().post(_address(offered), {"what": "take"}, follow=True)
        assert "has gone to the next person" in shown.content.decode()

    assert _state(offered) != "going"
    places.sweep(now=offered.offer_until)
    assert _state(offered) == "lapsed"


@pytest.mark.parametrize("what", ["", "take", "x\x00", "everything"])
def test_what_cannot_be_done_changes_nothing(full: Event, what: str) -> None:
    mine = _of(full)
    assert Client().post(_address(mine), {"what": what}).status_code == 302
    assert _state(mine) == "going"


def test_a_form_of_another_site_does_nothing(full: Event) -> None:
    mine = _of(full)
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(_address(mine), {"what": "give-back"}).status_code == 403
    assert _state(mine) == "going"


def test_of_a_cancelled_event_it_says_so(full: Event, evening: datetime) -> None:
    Event.objects.filter(pk=full.pk).update(state=State.CANCELLED, cancelled_at=evening)

    page = Client().get(_address(_of(full))).content.decode()

    assert "This will not take place" in page
    assert '<form method="post">' not in page


def test_afterwards_it_leads_whoever_it_was_to_how_it_was_and_then_nowhere(
    full: Event, people: dict[str, Person]
) -> None:
    address = _address(_of(full))
    with time_machine.travel(full.ends_at, tick=False):
        shown = sign_in(people["ana"]).get(address)
        assert shown["Location"] == f"/events/{full.pk}/how-was-it/"
        # Whoever else has the letter does not learn which event it was.
        assert sign_in(people["ben"]).get(address).status_code == 404
        for asked in (
            Client().get(address),
            Client().post(address, {"what": "take"}, follow=True),
        ):
            assert str(full.pk) not in f"{asked.headers} {asked.content!r}"
        assert "/accounts/sign-in/" in Client().get(address)["Location"]
    with time_machine.travel(full.forget_at, tick=False):
        assert Client().get(address).status_code == 404
        assert Client().post(address, {"what": "give-back"}).status_code == 404


def test_what_was_planned_stands_behind_signing_in(people: dict[str, Person]) -> None:
    assert Client().get("/events/mine/")["Location"].startswith("/accounts/sign-in/")
    assert sign_in(people["ana"]).get("/events/mine/")["Location"] == "/events/"


def test_it_asks_few_questions(full: Event, django_assert_max_num_queries: Any) -> None:
    address = _address(_of(full))
    Client().get(address)

    with django_assert_max_num_queries(6):
        Client().get(address)
    with django_assert_max_num_queries(18):
        Client().post(address, {"what": "give-back"})


def test_a_place_in_a_later_answer_is_not_the_link_of_an_earlier_person(
    full: Event, people: dict[str, Person], evening: datetime
) -> None:
    """A link is of one answer: nothing is left of it for anybody else's."""
    old = rsvp(full, people["priya"], evening, Going.LEFT)
    Client().post(_address(old), {"what": "give-back"})

    assert [_state(_of(full, 1))] == ["waiting"]
    assert Rsvp.objects.get(event=full, number=None, state="going")
