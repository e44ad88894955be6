"""Who came: at the door, by whoever runs it, and taken back; by whoever may have a place."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role
from events import keys, rules
from events.models import Event, Host, Rsvp
from events.rules import NotAllowed, NotAllowedFrom, NotOpen, TooEarly
from events.services import attendance, leaving, places, planning
from peersupport.core.actors import SYSTEM
from tests.events.scene import event
from tests.people import cast, sign_in
from tests.races.at_once import at_once, between

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


@pytest.fixture
def only_supporter(evening: datetime) -> Person:
    """Somebody whose account says supporter and not student."""
    person = Person.objects.create(
        email="uma@school.example", called="Uma", joined_on=evening.date()
    )
    grant_role(person=person, role=Role.SUPPORTER, by=SYSTEM, now=evening)
    return Person.objects.get(pk=person.pk)


def _soon(evening: datetime, **more: Any) -> Event:
    return event(evening, starts_at=evening + 10 * MINUTE, **more)


def _door(row: Event, now: datetime) -> str:
    return f"/events/{row.pk}/door/{keys.key_of(row, now).door()}/"


def _there(row: Event, person: Person, now: datetime) -> Rsvp | None:
    token = keys.key_of(row, now).door()
    return attendance.check_in(event=row.pk, person=person, token=token, now=now)


# -- when somebody can be marked ------------------------------------------------------------------
_START = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
_FORGET = _START + timedelta(days=7)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (_START - timedelta(hours=1) - SECOND, False),
        (_START - timedelta(hours=1), True),
        (_START, True),
        (_FORGET - SECOND, True),
        (_FORGET, False),
    ],
)
def test_marking_is_open_from_an_hour_before_until_it_is_forgotten(
    now: datetime, is_open: bool
) -> None:
    assert rules.is_marking_open(_START, _FORGET, now) is is_open


def test_marked_too_early_is_refused_beside_the_name(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = event(evening, starts_at=evening + 2 * timedelta(hours=1))
    Host.objects.create(event=row, person=people["priya"])
    places.answer(event=row.pk, person=people["ana"], now=evening)
    rsvp, priya, path = Rsvp.objects.get(), sign_in(people["priya"]), f"/events/{row.pk}/day/"

    page = priya.get(path).content.decode()
    assert "you can mark here who is there" in page
    assert "Is there<" not in page
    assert "Note it" not in page
    refused = priya.post(f"{path}{rsvp.pk}/", {"came": "yes"})
    assert refused.status_code == 409
    card = refused.content.decode().split(f'id="p{rsvp.pk.hex}"')[1].split("</li>")[0]
    assert "Nobody can be there yet: this works from" in card
    early = priya.post(f"{path}heads/", {"heads": "3"})
    assert early.status_code == 400
    assert "Nobody can be there yet." in early.content.decode()
    row.refresh_from_db()
    assert (row.came, row.heads, Rsvp.objects.get().came_by) == (0, None, "")

    time_machine.move_to(row.starts_at - rules.MARKING_OPENS, tick=False)
    assert "Is there<" in priya.get(path).content.decode()
    assert priya.post(f"{path}{rsvp.pk}/", {"came": "yes"}).status_code == 302
    row.refresh_from_db()
    assert (row.came, Rsvp.objects.get().came_by) == (1, "host")


def test_a_mark_can_be_taken_back_although_the_event_was_moved_away(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    Host.objects.create(event=row, person=people["priya"])
    places.answer(event=row.pk, person=people["ana"], now=evening)
    mark = partial(
        attendance.mark, event=row.pk, rsvp=Rsvp.objects.get().pk, by=people["priya"], now=evening
    )
    mark(came=True)
    Event.objects.update(
        starts_at=evening + timedelta(hours=4), ends_at=evening + timedelta(hours=5)
    )
    with pytest.raises(TooEarly):
        mark(came=True)

    mark(came=False)

    assert Event.objects.get().came == 0


def test_of_an_event_cancelled_a_minute_ago_nothing_is_noted(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    Host.objects.create(event=row, person=people["priya"])
    places.answer(event=row.pk, person=people["ana"], now=evening)
    rsvp, priya, path = Rsvp.objects.get(), sign_in(people["priya"]), f"/events/{row.pk}/day/"
    planning.cancel(event=row.pk, by=SYSTEM, now=evening)

    for address, what in (
        (f"{path}{rsvp.pk}/", {"came": "yes"}),
        (f"{path}heads/", {"heads": "3"}),
    ):
        answer = priya.post(address, what, follow=True).content.decode()
        assert "Nothing was noted." in answer
        assert "This was cancelled." in answer
    for client in (sign_in(people["ana"]), Client()):
        for page in (client.get(_door(row, evening)), client.post(_door(row, evening))):
            assert "This is off" in page.content.decode()
    row.refresh_from_db()
    assert (row.came, row.heads, row.walk_ins) == (0, None, 0)
    # Somebody who does not run it sees nothing of all this.
    assert sign_in(people["ben"]).post(f"{path}{rsvp.pk}/", {"came": "yes"}).status_code == 404
    assert sign_in(people["ben"]).post(f"{path}heads/", {"heads": "3"}).status_code == 404


# -- gone again -----------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["door", "host"])
@pytest.mark.parametrize("way", ["page", "letter", "account"])
def test_whoever_gives_the_place_back_does_not_stay_counted(
    people: dict[str, Person], evening: datetime, by: str, way: str
) -> None:
    row, ana = _soon(evening), people["ana"]
    Host.objects.create(event=row, person=people["priya"])
    for who in ("ana", "ben"):
        places.answer(event=row.pk, person=people[who], now=evening)
        if by == "door":
            _there(row, people[who], evening)
        else:
            attendance.mark(event=row.pk, rsvp=Rsvp.objects.filter(came_by="").get().pk,
                            came=True, by=people["priya"], now=evening)  # fmt: skip
    assert Event.objects.get().came == 2
    mine = Rsvp.objects.get(tag=keys.key_of(row, evening).tag(ana.pk))

    if way == "page":
        for _twice in range(2):
            places.leave(event=row.pk, person=ana, now=evening + 20 * MINUTE)
    elif way == "letter":
        for _twice in range(2):
            places.decline(rsvp=mine.pk, now=evening + 20 * MINUTE)
    else:
        with transaction.atomic():
            leaving.leave(ana, evening + 20 * MINUTE)

    row.refresh_from_db()
    assert (row.came, row.taken) == (1, 1)
    assert not Rsvp.objects.filter(pk=mine.pk).exclude(came_by="").exists()
    with pytest.raises(NotAllowedFrom):
        attendance.mark(event=row.pk, rsvp=mine.pk, came=True, by=people["priya"], now=evening)


def test_whoever_gave_the_place_back_and_stands_at_the_door_again_is_there_again(
    people: dict[str, Person], evening: datetime
) -> None:
    row, ana = _soon(evening), sign_in(people["ana"])
    door = _door(row, evening)
    for _again in range(2):
        assert "Are you here?" in ana.get(door).content.decode()
        assert "Good that you are here" in ana.post(door, follow=True).content.decode()
        assert Event.objects.get().came == 1
        ana.post(f"/events/{row.pk}/not-going/")
        assert Event.objects.get().came == 0


def test_whoever_runs_it_is_told_that_a_place_was_given_back(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    Host.objects.create(event=row, person=people["priya"])
    places.answer(event=row.pk, person=people["ana"], now=evening)
    mark = f"/events/{row.pk}/day/{Rsvp.objects.get().pk}/"
    places.leave(event=row.pk, person=people["ana"], now=evening)

    told = sign_in(people["priya"]).post(mark, {"came": "yes"}, follow=True).content.decode()

    assert "This place has been given back." in told
    assert Event.objects.get().came == 0


def _total_is_true() -> bool:
    return Event.objects.get().came == Rsvp.objects.exclude(came_by="").count()


def _two(row: Event, people: dict[str, Person], now: datetime) -> dict[str, Rsvp]:
    key = keys.key_of(row, now)
    for who in ("ana", "ben"):
        places.answer(event=row.pk, person=people[who], now=now)
    return {who: Rsvp.objects.get(tag=key.tag(people[who].pk)) for who in ("ana", "ben")}


@pytest.mark.parametrize("by", ["door", "host"])
def test_marking_and_leaving_at_once_keep_the_total_true(
    people: dict[str, Person], evening: datetime, by: str
) -> None:
    """All hold the row of the event first, so that no two wait for each other for ever."""
    row = _soon(evening)
    Host.objects.create(event=row, person=people["priya"])

    def marks(mine: Rsvp) -> Callable[[], object]:
        if by == "door":
            return partial(attendance._note, mine, Rsvp.CameBy.DOOR)
        return partial(
            attendance.mark, event=row.pk, rsvp=mine.pk, came=True, by=people["priya"], now=evening
        )

    for _each in range(6):
        both = _two(row, people, evening)
        leave = partial(places.leave, event=row.pk, person=people["ana"], now=evening)
        marked, other, left = at_once([marks(both["ana"]), marks(both["ben"]), leave])
        assert left is True
        assert marked in (None, True, False) or isinstance(marked, NotAllowedFrom)
        assert not isinstance(other, Exception)
        assert _total_is_true()
        assert Event.objects.get().came == 1


def test_without_the_row_held_a_mark_of_somebody_else_is_lost(
    people: dict[str, Person], evening: datetime
) -> None:
    """The control: Ben is marked between the reading and the writing of Ana, who leaves."""
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite nobody else writes meanwhile, held or not")
    row = _soon(evening)
    ben = _two(row, people, evening)["ben"]
    leave = partial(places.leave, event=row.pk, person=people["ana"], now=evening)
    note = partial(attendance._note, ben, Rsvp.CameBy.DOOR)
    unheld = mock.patch.object(places, "hold_row", return_value=1)
    with unheld, between(places, "_fill", note) as meanwhile:
        assert at_once([leave, meanwhile]) == [True, True]

    assert not _total_is_true()


# -- a supporter who is no student here -----------------------------------------------------------
def test_a_supporter_alone_has_a_name_on_the_list_and_at_the_door_and_a_say_afterwards(
    people: dict[str, Person], only_supporter: Person, evening: datetime, time_machine: Any
) -> None:
    assert set(only_supporter.roles) == {Role.SUPPORTER}
    row = _soon(evening)
    Host.objects.create(event=row, person=people["priya"])
    places.answer(event=row.pk, person=only_supporter, now=evening)
    uma, priya = sign_in(only_supporter), sign_in(people["priya"])

    assert "Uma" in priya.get(f"/events/{row.pk}/day/").content.decode()
    asked = uma.get(_door(row, evening)).content.decode()
    assert "your place is marked as used" in asked
    assert "Good that you are here" in uma.post(_door(row, evening), follow=True).content.decode()
    row.refresh_from_db()
    assert (row.came, row.walk_ins, Rsvp.objects.get().came_by) == (1, 0, "door")

    time_machine.move_to(row.ends_at + MINUTE, tick=False)
    said = uma.post(f"/events/{row.pk}/how-was-it/", {"good": "yes", "again": "yes"}, follow=True)
    assert "Thank you" in said.content.decode()
    assert Rsvp.objects.filter(said__isnull=False).count() == 1


def test_a_supporter_alone_takes_and_gives_back_a_place_and_sees_it(
    only_supporter: Person, people: dict[str, Person], evening: datetime
) -> None:
    row, uma = event(evening, title="Yoga"), sign_in(only_supporter)
    page = f"/events/{row.pk}/"

    assert uma.post(f"{page}going/", follow=True).status_code == 200
    for seen in (page, "/events/", "/"):
        assert "You are going" in uma.get(seen).content.decode()
    uma.post(f"{page}not-going/")
    row.refresh_from_db()
    assert (row.taken, "You are going" in uma.get(page).content.decode()) == (0, False)


def test_a_supporter_alone_may_take_a_free_place_at_the_door(
    only_supporter: Person, people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    sign_in(only_supporter).post(_door(row, evening))
    row.refresh_from_db()
    assert (row.taken, row.came, row.walk_ins) == (1, 1, 0)


def test_whoever_may_have_no_place_is_a_number_at_the_door(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    ida = sign_in(people["ida"])
    assert "Who you are stays with you." in ida.get(_door(row, evening)).content.decode()
    ida.post(_door(row, evening))
    row.refresh_from_db()
    assert (row.taken, row.came, row.walk_ins) == (0, 0, 1)
    assert ida.get(f"/events/{row.pk}/how-was-it/").status_code == 404


# -- taps in a bad network ------------------------------------------------------------------------
def _tap_of(client: Client, door: str) -> str:
    found = re.search(r'name="tap" value="([0-9a-f]{32})"', client.get(door).content.decode())
    assert found
    return found[1]


def test_a_stranger_who_taps_twice_before_the_answer_comes_is_counted_once(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    door = _door(row, evening)
    stranger = Client()
    tap = _tap_of(stranger, door)
    for _twice in range(2):
        answer = Client().post(door, {"tap": tap})  # no cookie has come back yet
        assert answer.status_code == 302
        assert answer.cookies
    assert Event.objects.get().walk_ins == 1

    Client().post(door, {"tap": _tap_of(Client(), door)})
    assert Event.objects.get().walk_ins == 2


def test_the_page_after_the_tap_can_be_looked_at_again(
    people: dict[str, Person], evening: datetime
) -> None:
    row, stranger = _soon(evening), Client()
    door = _door(row, evening)
    assert stranger.post(door).status_code == 302
    for _again in range(2):
        assert "Good that you are here" in stranger.get(door).content.decode()
    ana = sign_in(people["ana"])
    assert ana.post(door).status_code == 302
    assert "Good that you are here" in ana.get(door).content.decode()
    assert not ana.post(door, follow=True).redirect_chain  # it stands there already


def test_a_page_at_the_door_and_its_tap_take_few_queries(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    row, ana = _soon(evening), sign_in(people["ana"])
    places.answer(event=row.pk, person=people["ana"], now=evening)
    with django_assert_max_num_queries(10):
        ana.get(_door(row, evening))
    with django_assert_max_num_queries(16):
        ana.post(_door(row, evening))


def test_who_may_not_is_refused(people: dict[str, Person], evening: datetime) -> None:
    row = _soon(evening)
    with pytest.raises(NotAllowed):
        attendance.count_heads(event=row.pk, heads=3, by=people["ben"], now=evening)
    with pytest.raises(NotOpen):
        attendance.count_heads(event=row.pk, heads=3, by=people["cora"], now=row.forget_at)
