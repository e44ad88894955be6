"""The demo's events: every state of them is there to be looked at, and once."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.models import Event, Request, Rsvp
from events.rules import Going, State
from events.services import planning
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


def test_each_day_has_its_week_and_nothing_twice(evening: datetime, time_machine: Any) -> None:
    """Whatever is over is there again; on no day is anything of it ahead twice."""
    people = cast(evening)
    for day in range(9):
        now = evening + timedelta(days=day, hours=day % 5)
        time_machine.move_to(now, tick=False)
        lay_out_events(people, now=now)
        ahead = Event.objects.on().ahead(now).filter(starts_at__gt=now)
        found = Counter(ahead.filter(series=None).values_list("title", flat=True))
        assert set(found.values()) == {1}, (day, found)
        assert len(found) == 4
        assert ahead.exclude(series=None).exists()
        assert Event.objects.filter(came=2, ends_at__gt=now - timedelta(days=3)).exists()
    assert Event.objects.count() < 9 + 9 * 3


def test_a_day_that_has_everything_costs_a_look(
    evening: datetime, time_machine: Any, django_assert_max_num_queries: Any
) -> None:
    time_machine.move_to(evening, tick=False)
    people = cast(evening)
    lay_out_events(people, now=evening)
    with django_assert_max_num_queries(2):
        lay_out_events(people, now=evening + timedelta(minutes=30))


def test_what_a_visitor_cancelled_stays_so(evening: datetime, time_machine: Any) -> None:
    time_machine.move_to(evening, tick=False)
    people = cast(evening)
    lay_out_events(people, now=evening)
    yoga = Event.objects.get(title="Yoga in the atrium")
    planning.cancel(event=yoga.pk, by=people["cora"], now=evening)
    lay_out_events(people, now=evening + timedelta(hours=1))
    assert Event.objects.filter(title=yoga.title).count() == 1


def test_it_is_laid_out_anew_when_the_week_is_over(evening: datetime, time_machine: Any) -> None:
    people = cast(evening)
    lay_out_events(people, now=evening)
    before = Event.objects.count()
    later = evening + timedelta(days=30)
    time_machine.move_to(later, tick=False)

    lay_out_events(people, now=later)

    assert Event.objects.count() > before
    assert Request.objects.count() == 1
