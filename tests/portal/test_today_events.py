"""Today says somebody's own next events, to them alone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from events import rules
from events.models import Event, Rsvp
from events.rules import Going
from events.services import places
from program.services import touch_public
from tests.events.scene import event
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


def _today(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def _go(row: Event, person: Person, now: datetime) -> None:
    places.answer(event=row.pk, person=person, now=now)


def test_a_place_a_wait_and_an_offer_are_a_line_each_for_whose_they_are(
    people: dict[str, Person], evening: datetime
) -> None:
    ana, ben = people["ana"], people["ben"]
    held = event(evening, title="Yoga held", visibility=rules.Visibility.PUBLIC)
    waits = event(evening, title="Dinner waited for", capacity=1)
    offered = event(
        evening, title="Writing offered", capacity=1, starts_at=evening + timedelta(hours=22)
    )
    for row in (waits, offered):
        _go(row, people["marcus"], evening)
    for row in (held, waits, offered):
        _go(row, ana, evening)
    places.leave(event=offered.pk, person=people["marcus"], now=evening)
    assert Rsvp.objects.get(state=Going.OFFERED)

    seen = _today(sign_in(ana))
    for title, word in (
        ("Yoga held", "You are going"),
        ("Dinner waited for", "You are waiting"),
        ("Writing offered", "A place is yours until"),
    ):
        assert word in seen[seen.index(title) :][:400], title
    assert seen.index("Writing offered") < seen.index("Yoga held")
    assert f'href="/events/{held.pk}/"' in seen

    for other in (sign_in(ben), sign_in(people["cora"]), Client()):
        page = _today(other)
        assert "Yours in the next days" not in page
        assert not [row for row in (held, waits, offered) if row.title in page]


def test_a_discreet_one_has_the_neutral_name(people: dict[str, Person], evening: datetime) -> None:
    row = event(evening, title="Group CANARY", place="Room CANARY", is_sensitive=True)
    _go(row, people["ana"], evening)

    seen = _today(sign_in(people["ana"]))
    assert "CANARY" not in seen
    assert ">Appointment</a>" in seen


def test_what_was_given_back_lapsed_or_is_far_away_is_not_there(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    ana = people["ana"]
    left, far = event(evening), event(evening, starts_at=evening + timedelta(days=20))
    soon = event(evening, capacity=1, starts_at=evening + timedelta(hours=22))
    _go(soon, people["marcus"], evening)
    for row in (left, far, soon):
        _go(row, ana, evening)
    places.leave(event=left.pk, person=ana, now=evening)
    places.leave(event=soon.pk, person=people["marcus"], now=evening)
    offer = Rsvp.objects.get(state=Going.OFFERED)
    assert "Yours in the next days" in _today(sign_in(ana))

    assert offer.offer_until is not None
    time_machine.move_to(offer.offer_until, tick=False)
    assert "Yours in the next days" not in _today(sign_in(ana))


def test_one_that_is_off_says_so(people: dict[str, Person], evening: datetime) -> None:
    row = event(evening)
    _go(row, people["ana"], evening)
    Event.objects.filter(pk=row.pk).update(state=rules.State.CANCELLED, cancelled_at=evening)

    assert "Cancelled" in _today(sign_in(people["ana"]))


@pytest.mark.parametrize("events", [1, 60])
def test_events_cost_today_two_queries_however_many_there_are(
    people: dict[str, Person], evening: datetime, events: int
) -> None:
    """One for the keys, one for the answers that only the keys can find.

    While the board is remembered, as it is unless something changed, the page stays below the
    seven that it may ask without any event.
    """
    hours_of(people["priya"], evening, checked_in_at=evening)
    for number in range(events):
        row = event(evening, starts_at=evening + timedelta(days=2, minutes=number))
        _go(row, people["ana"], evening)
    ana = sign_in(people["ana"])
    touch_public()
    for most in (9, 6):
        with CaptureQueriesContext(connection) as asked:
            seen = _today(ana)
        queries = [q for q in asked.captured_queries if "BEGIN" not in q["sql"]]
        assert len(queries) <= most, [q["sql"][:90] for q in queries]
    assert seen.count("You are going") == min(events, 5)
