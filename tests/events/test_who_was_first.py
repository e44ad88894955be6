"""Whoever was offered a place can take it, whatever the planners have narrowed since."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Person
from events import rules
from events.models import Event, Invited, Rsvp
from events.rules import Going
from events.services import places
from tests.events.scene import event
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
HOUR = timedelta(hours=1)


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


def _offered(people: dict[str, Person], now: datetime, **more: Any) -> Event:
    """Return an event of tomorrow whose one place has just been offered to Ana."""
    row = event(now, capacity=1, starts_at=now + 20 * HOUR, **more)
    for who in ("sol", "ana"):
        places.answer(event=row.pk, person=people[who], now=now)
    places.leave(event=row.pk, person=people["sol"], now=now)
    assert _state(row, "offered") == 1
    return row


def _state(row: Event, state: str) -> int:
    return Rsvp.objects.filter(event=row, state=state).count()


def test_an_offer_is_taken_on_the_page_after_the_audience_was_narrowed(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _offered(people, evening)
    Invited.objects.create(event=row, class_name="2031")
    ana, ben = sign_in(people["ana"]), sign_in(people["ben"])

    assert "Take the place" in ana.get(f"/events/{row.pk}/").content.decode()
    assert ana.post(f"/events/{row.pk}/going/").status_code == 302
    assert _state(row, "going") == 1
    # Once left it is left: now it is for somebody else.
    ana.post(f"/events/{row.pk}/not-going/")
    for client in (ana, ben):
        assert client.post(f"/events/{row.pk}/going/").status_code == 404
    assert Event.objects.get().taken == 0


def test_an_offer_is_taken_on_the_page_after_places_were_closed(
    people: dict[str, Person], evening: datetime
) -> None:
    """Offers are made within a day of the start; places may have been closed before that."""
    row = _offered(people, evening)
    Event.objects.update(closes_at=evening)
    ana, ben = sign_in(people["ana"]), sign_in(people["ben"])

    assert "Take the place" in ana.get(f"/events/{row.pk}/").content.decode()
    assert "You are going." in ana.post(f"/events/{row.pk}/going/", follow=True).content.decode()
    refused = ben.post(f"/events/{row.pk}/going/", follow=True).content.decode()
    assert "Places cannot be taken here at the moment." in refused
    assert (_state(row, "going"), Rsvp.objects.count()) == (1, 2)


def test_once_places_are_closed_nobody_who_waits_seizes_one(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, capacity=1, starts_at=evening + HOUR)
    for who in ("sol", "ana"):
        places.answer(event=row.pk, person=people[who], now=evening)
    late = row.starts_at - rules.FREE_FOR_ALL
    places.leave(event=row.pk, person=people["sol"], now=late)
    Event.objects.update(closes_at=evening)

    with pytest.raises(rules.NotOpen):
        places.answer(event=row.pk, person=people["ana"], now=late)
    # The control: with places open the first who taps has it.
    Event.objects.update(closes_at=None)
    assert places.answer(event=row.pk, person=people["ana"], now=late).state == Going.GOING
