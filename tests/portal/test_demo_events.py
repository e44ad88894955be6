"""The demo's events: every state of them is there to be looked at, and once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from events.models import Event, Request, Rsvp
from events.rules import Going, State
from peersupport.portal.demo_events import lay_out_events
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def test_every_state_is_there_and_once(evening: datetime, time_machine: Any) -> None:
    time_machine.move_to(evening, tick=False)
    people = cast(evening)
    lay_out_events(people, now=evening)
    count = Event.objects.count()
    lay_out_events(people, now=evening)
    assert Event.objects.count() == count == 9

    states = set(Rsvp.objects.values_list("state", flat=True))
    assert {Going.GOING, Going.WAITING, Going.OFFERED, Going.LEFT} <= states
    assert Event.objects.filter(state=str(State.CANCELLED)).count() == 1
    assert Event.objects.filter(is_sensitive=True).count() == 1
    assert Event.objects.filter(ends_at__lt=evening, came=2, heads=9).count() == 1
    assert Rsvp.objects.filter(said__isnull=False).count() == 2
    assert Request.objects.count() == 1

    ben = sign_in(people["ben"]).get("/events/").content.decode()
    assert "A place is yours until" in ben
    ana = sign_in(people["ana"]).get("/events/").content.decode()
    assert "You are waiting" in ana
    assert "Yoga in the atrium" in ana


def test_it_is_laid_out_anew_when_the_week_is_over(evening: datetime, time_machine: Any) -> None:
    people = cast(evening)
    lay_out_events(people, now=evening)
    before = Event.objects.count()
    later = evening + timedelta(days=30)
    time_machine.move_to(later, tick=False)

    lay_out_events(people, now=later)

    assert Event.objects.count() > before
    assert Request.objects.count() == 1
