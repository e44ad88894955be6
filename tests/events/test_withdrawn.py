"""What public calendars learn of an event that is removed, or no longer public."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Person
from events.models import Event, Withdrawn
from events.queries import plans
from events.rules import Visibility
from events.services import planning
from events.services.forgetting import forget_withdrawn
from tests.core import calendar_reader
from tests.events.plans import facts
from tests.people import cast

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def _at(now: datetime) -> Any:
    with time_machine.travel(now, tick=False):
        return Client().get("/events/calendar.ics")


def _entries(answer: Any) -> list[dict[str, str]]:
    return calendar_reader.read(answer.content)


def _planned(people: dict[str, Person], now: datetime) -> Event:
    made = facts(title="Yoga canary", place="Atrium canary", visibility=Visibility.PUBLIC)
    row = planning.write(facts=made, by=people["cora"], now=now)
    return planning.publish(event=row.pk, by=people["cora"], now=now)


def test_one_that_is_removed_is_cancelled_in_calendars_for_thirty_days(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _planned(people, evening)
    (before,) = _entries(_at(evening))
    planning.drop(event=row.pk, by=people["cora"], now=evening + HOUR)

    answer = _at(evening + HOUR)
    (gone,) = _entries(answer)
    assert (gone["UID"], gone["STATUS"]) == (before["UID"], "CANCELLED")
    assert int(gone["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    assert (gone["DTSTART"], gone["DTEND"]) == (before["DTSTART"], before["DTEND"])
    assert b"canary" not in answer.content
    assert "URL" not in gone
    assert _entries(_at(evening + HOUR + 30 * DAY)) == []
    assert forget_withdrawn(now=evening + 30 * DAY) == 0
    assert forget_withdrawn(now=evening + HOUR + 30 * DAY) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"visibility": Visibility.STUDENTS},
        {"visibility": Visibility.PRIVATE, "is_sensitive": True, "title": "Group canary"},
        {"visibility": Visibility.STUDENTS, "place": "Garden canary"},
    ],
)
def test_one_that_stops_being_public_is_cancelled_until_it_is_back(
    people: dict[str, Person], evening: datetime, more: dict[str, Any]
) -> None:
    row, cora = _planned(people, evening), people["cora"]
    before = plans.read([row])[row.pk]
    (shown,) = _entries(_at(evening))
    after = replace(before, **more)
    planning.change(event=row.pk, facts=after, seen=None, by=cora, now=evening + HOUR)

    answer = _at(evening + HOUR)
    (gone,) = _entries(answer)
    assert (gone["UID"], gone["STATUS"]) == (shown["UID"], "CANCELLED")
    assert int(gone["SEQUENCE"]) > int(shown["SEQUENCE"])
    assert b"canary" not in answer.content

    if not after.is_sensitive:  # what was discreet once stays so
        planning.change(event=row.pk, facts=before, seen=None, by=cora, now=evening + 2 * HOUR)
        (back,) = _entries(_at(evening + 2 * HOUR))
        assert (back["UID"], back["STATUS"]) == (shown["UID"], "CONFIRMED")
        assert int(back["SEQUENCE"]) > int(gone["SEQUENCE"])


def test_what_was_never_public_leaves_nothing_there(
    people: dict[str, Person], evening: datetime
) -> None:
    hidden = planning.write(facts=facts(), by=people["cora"], now=evening)
    planning.publish(event=hidden.pk, by=people["cora"], now=evening)
    draft = facts(visibility=Visibility.PUBLIC)
    never = planning.write(facts=draft, by=people["cora"], now=evening)
    for row in (hidden, never):
        planning.drop(event=row.pk, by=people["cora"], now=evening)
    assert not Withdrawn.objects.exists()
    assert _entries(_at(evening)) == []
