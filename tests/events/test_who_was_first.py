"""Whoever was offered a place can take it, whatever the planners have narrowed since."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import Person
from events import rules
from events.models import Event, Invited, Rsvp
from events.queries import plans
from events.rules import Going
from events.services import places, planning
from peersupport.core.actors import SYSTEM
from tests.events.scene import event
from tests.people import cast, sign_in
from tests.roles import drain

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


@pytest.mark.parametrize(
    ("ahead", "before"),
    [
        (timedelta(hours=2), rules.FREE_FOR_ALL),  # the line ends half an hour before it
        (timedelta(minutes=45), timedelta(0)),  # it has as good as ended: until the start
        (timedelta(hours=30), None),  # later: as it was said
    ],
)
def test_an_offer_never_outlasts_an_event_that_begins_earlier(
    people: dict[str, Person], evening: datetime, ahead: timedelta, before: timedelta | None
) -> None:
    row = _offered(people, evening)
    said = Rsvp.objects.get(state=Going.OFFERED).offer_until
    drain(now=lambda: evening)
    mail.outbox.clear()

    _move(row, evening + ahead, evening)

    until = Rsvp.objects.get(state=Going.OFFERED).offer_until
    assert until == (said if before is None else evening + ahead - before)
    # Told that it changed, and once more until when it is theirs.
    drain(now=lambda: evening)
    assert len(mail.outbox) == (1 if before is None else 2)
    assert {one.to[0] for one in mail.outbox} == {"ana@school.example"}
    assert places.accept(event=row.pk, person=people["ana"], now=evening).state == Going.GOING


def _move(row: Event, starts_at: datetime, now: datetime) -> None:
    before = plans.read([row])[row.pk]
    after = replace(before, starts_at=starts_at, ends_at=starts_at + HOUR)
    planning.change(event=row.pk, facts=after, seen=None, by=SYSTEM, now=now)
