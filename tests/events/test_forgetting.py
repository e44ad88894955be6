"""Events forget who came; whoever leaves the program gives their places on."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Person
from events import keys, rules
from events.models import Event, Host, Request, Rsvp
from events.queries.mine import my_rsvp_rows
from events.rules import Going
from events.services import leaving, places
from events.services.forgetting import forget_requests, forget_rsvps
from tests.events.scene import event
from tests.people import cast
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.mark.parametrize(
    ("is_sensitive", "kept"), [(True, timedelta(hours=24)), (False, timedelta(days=7))]
)
def test_answers_go_when_the_event_forgets(
    evening: datetime, is_sensitive: bool, kept: timedelta
) -> None:
    row, person = event(evening, is_sensitive=is_sensitive), Person.objects.create
    someone = person(email="x@school.example", joined_on=evening.date())
    key = keys.key_of(row, evening)
    Rsvp.objects.create(
        event=row, tag=key.tag(someone.pk), holder=key.seal_holder(someone.pk), state=Going.GOING
    )
    Event.objects.filter(pk=row.pk).update(taken=1, heads=4)
    due = row.ends_at + kept

    with acting_as("worker"):
        assert forget_rsvps(now=due - timedelta(seconds=1)) == 0
    assert my_rsvp_rows(someone.pk, due - timedelta(seconds=1))
    assert my_rsvp_rows(someone.pk, due) == []  # although no job ran
    with acting_as("worker"):
        assert forget_rsvps(now=due) == 1
        assert forget_rsvps(now=due) == 0

    row.refresh_from_db()
    assert (row.is_forgotten, row.key, row.taken, row.heads) == (True, None, 1, 4)
    assert not Rsvp.objects.exists()
    with pytest.raises(keys.Forgotten):
        keys.key_of(row, evening)


def test_requests_go(evening: datetime) -> None:
    for hours in (1, 2):
        at = evening + timedelta(hours=hours)
        Request.objects.create(
            asked_on=evening.date(), forget_at=at, sealed=b"x", holder=b"z", tag=b"y"
        )

    with acting_as("worker"):
        assert forget_requests(now=evening + timedelta(hours=1)) == 1
    assert Request.objects.count() == 1


def test_one_reads_ones_own_answers(people: dict[str, Person], evening: datetime) -> None:
    row = event(evening)
    places.answer(event=row.pk, person=people["ana"], now=evening)

    [mine] = my_rsvp_rows(people["ana"].pk, evening)
    assert (mine["event"], mine["state"]) == (row.title, "going")
    assert my_rsvp_rows(people["ben"].pk, evening) == []


def test_whoever_deletes_their_account_gives_their_place_on(
    people: dict[str, Person], evening: datetime
) -> None:
    row, past = event(evening, capacity=1), event(evening)
    for who in ("ana", "ben"):
        places.answer(event=row.pk, person=people[who], now=evening)
    places.answer(event=past.pk, person=people["ana"], now=evening)
    Event.objects.filter(pk=past.pk).update(
        starts_at=evening - timedelta(hours=3), ends_at=evening - timedelta(hours=2)
    )

    leaving.leave(people["ana"], evening)

    ben = Rsvp.objects.get()
    key = keys.key_of(row, evening)
    assert (key.open_holder(bytes(ben.holder)), ben.state) == (people["ben"].pk, Going.GOING)
    row.refresh_from_db()
    assert (row.taken, row.waiting) == (1, 0)


def test_whoever_alone_runs_what_is_to_come_hands_it_over_first(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening)
    Host.objects.create(event=row, person=people["priya"])
    assert leaving.refuses(people["priya"], evening)
    assert not leaving.refuses(people["priya"], row.ends_at)

    Host.objects.create(event=row, person=people["marcus"])
    assert not leaving.refuses(people["priya"], evening)

    Host.objects.filter(person=people["marcus"]).delete()
    Event.objects.filter(pk=row.pk).update(state=rules.State.CANCELLED, cancelled_at=evening)
    assert not leaving.refuses(people["priya"], evening)
