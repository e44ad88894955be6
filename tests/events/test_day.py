"""The day itself: the code at the door, the list of who runs it, two taps afterwards."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from events import keys, rules
from events.models import Event, Host, Rsvp, Said
from events.services import places
from tests.events.scene import event
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


def _soon(evening: datetime, **more: Any) -> Event:
    """Return an event that begins in ten minutes."""
    return event(evening, starts_at=evening + timedelta(minutes=10), **more)


def _door(row: Event, now: datetime) -> str:
    return f"/events/{row.pk}/door/{keys.key_of(row, now).door()}/"


def _goes(row: Event, person: Person, now: datetime) -> None:
    places.answer(event=row.pk, person=person, now=now)


def test_looking_at_the_door_page_changes_nothing_and_a_tap_marks_once(
    people: dict[str, Person], evening: datetime
) -> None:
    row, ana = _soon(evening), sign_in(people["ana"])
    _goes(row, people["ana"], evening)
    door = _door(row, evening)

    assert "Are you here?" in ana.get(door).content.decode()
    assert Rsvp.objects.get().came_by == ""
    for _twice in range(2):
        assert "Good that you are here" in ana.post(door, follow=True).content.decode()
    assert Rsvp.objects.get().came_by == "door"
    assert Event.objects.get().came == 1


def test_a_walk_in_takes_a_free_place_and_a_stranger_is_a_number(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening, capacity=1, visibility=rules.Visibility.PUBLIC)
    door, ana, ben = _door(row, evening), sign_in(people["ana"]), sign_in(people["ben"])

    assert "Good that you are here" in ana.post(door, follow=True).content.decode()
    assert "Every place is taken" in ben.post(door, follow=True).content.decode()
    stranger = Client()
    for _twice in range(2):
        assert "Good that you are here" in stranger.post(door, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.taken, row.came, row.walk_ins) == (1, 1, 1)
    assert Rsvp.objects.count() == 1


@pytest.mark.parametrize(
    ("shift", "words"),
    [(timedelta(hours=2), "A little early"), (timedelta(hours=-2), "This is over")],
)
def test_the_code_works_around_the_event_alone(
    people: dict[str, Person], evening: datetime, shift: timedelta, words: str
) -> None:
    row = event(evening, starts_at=evening + shift)
    for client in (sign_in(people["ana"]), Client()):
        assert words in client.post(_door(row, evening)).content.decode()
    row.refresh_from_db()
    assert (row.came, row.walk_ins) == (0, 0)


def test_another_code_is_no_code(people: dict[str, Person], evening: datetime) -> None:
    row, other = _soon(evening), _soon(evening)
    wrong = _door(other, evening).replace(str(other.pk), str(row.pk))

    assert Client().get(wrong).status_code == 404
    assert Client().post(wrong).status_code == 404
    assert sign_in(people["ana"]).post(wrong).status_code == 404
    assert not Rsvp.objects.exists()


def test_once_places_are_closed_whoever_is_in_the_room_is_counted(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening, closes_at=evening - timedelta(minutes=1))

    here = sign_in(people["ana"]).post(_door(row, evening), follow=True)
    assert "Good that" in here.content.decode()
    row.refresh_from_db()
    assert (row.taken, row.came, row.walk_ins) == (0, 0, 1)


def test_whoever_runs_it_marks_and_counts_and_nobody_else_sees_the_list(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening)
    _goes(row, people["ana"], evening)
    Host.objects.create(event=row, person=people["priya"])
    rsvp, priya = Rsvp.objects.get(), sign_in(people["priya"])
    path = f"/events/{row.pk}/day/"

    shown = priya.get(path).content.decode()
    assert people["ana"].email in shown or people["ana"].called in shown
    mark = f"{path}{rsvp.pk}/"
    for came, total in (("yes", 1), ("yes", 1), ("no", 0), ("no", 0), ("yes", 1)):
        assert priya.post(mark, {"came": came}).status_code == 302
        assert Event.objects.get().came == total

    bad = priya.post(f"{path}heads/", {"heads": "many"})
    assert bad.status_code == 400
    assert "Write a whole number" in bad.content.decode()
    priya.post(f"{path}heads/", {"heads": "14"})
    assert Event.objects.get().heads == 14

    for who in ("ana", "marcus", "ida"):
        client = sign_in(people[who])
        assert client.get(path).status_code == 404, who
        assert client.get(f"{path}sign/").status_code == 404, who
        assert client.post(mark, {"came": "no"}).status_code == 404, who
        assert client.post(f"{path}heads/", {"heads": "1"}).status_code == 404, who
    assert Client().get(path).status_code == 302
    row.refresh_from_db()
    assert (row.came, row.heads) == (1, 14)


def test_of_a_discreet_event_nobody_sees_who_comes(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _soon(evening, is_sensitive=True)
    _goes(row, people["ana"], evening)
    for who in ("priya", "cora"):
        Host.objects.create(event=row, person=people[who])
    names = [people["ana"].email, people["ana"].called or "Ana"]

    for who in ("priya", "cora"):
        client = sign_in(people[who])
        shown = client.get(f"/events/{row.pk}/day/").content.decode()
        assert "Places taken: 1" in " ".join(shown.split())
        assert not [name for name in names if name in shown]
        marked = client.post(f"/events/{row.pk}/day/{Rsvp.objects.get().pk}/", {"came": "yes"})
        assert marked.status_code == 404
        sign = client.get(f"/events/{row.pk}/day/sign/").content.decode()
        assert row.title not in sign.split("doorsign")[1]


def test_a_debrief_is_its_hosts_alone(people: dict[str, Person], evening: datetime) -> None:
    row = _soon(
        evening,
        kind=rules.Kind.DEBRIEF,
        is_sensitive=True,
        visibility=rules.Visibility.PRIVATE,
    )
    Host.objects.create(event=row, person=people["priya"])

    assert sign_in(people["priya"]).get(f"/events/{row.pk}/day/").status_code == 200
    assert sign_in(people["cora"]).get(f"/events/{row.pk}/day/").status_code == 404


def test_how_it_was_is_said_once_and_in_time(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = _soon(evening)
    for who in ("ana", "ben"):
        _goes(row, people[who], evening)
    path = f"/events/{row.pk}/how-was-it/"
    assert sign_in(people["ana"]).get(path).status_code == 404  # not over yet

    time_machine.move_to(row.ends_at + timedelta(hours=1), tick=False)
    ana = sign_in(people["ana"])
    half = ana.post(path, {"good": "yes"})
    assert half.status_code == 400
    assert "Choose an answer." in half.content.decode()
    assert not Said.objects.exists()
    for _twice in range(2):
        ana.post(path, {"good": "yes", "again": "no"})
    assert Rsvp.objects.filter(said__isnull=False).count() == 1
    assert not Said.objects.exists()  # counted later, with what others say: test_said.py
    assert "nobody can tell whose they were" in ana.get(path).content.decode()
    assert sign_in(people["marcus"]).get(path).status_code == 404  # had no place

    time_machine.move_to(row.ends_at + rules.SAY_FOR, tick=False)
    late = ana.post(path, {"good": "no", "again": "no"})
    assert "The time to say how it was is over" in late.content.decode()


def test_a_list_asks_the_same_number_of_queries_for_two_and_for_thirty(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    row, cora = _soon(evening, capacity=None), sign_in(people["cora"])
    counts = []
    for number in (2, 30):
        key = keys.key_of(row, evening)
        for each in range(number):
            email = f"s{number}-{each}@school.example"
            person = Person.objects.create(email=email, joined_on=evening.date())
            Rsvp.objects.create(
                event=row, tag=key.tag(person.pk), holder=key.seal_holder(person.pk), state="going"
            )
        with django_assert_max_num_queries(14) as seen:
            assert cora.get(f"/events/{row.pk}/day/").status_code == 200
        counts.append(len(seen.captured_queries))
    assert counts[0] == counts[1], counts


@pytest.mark.parametrize(
    ("places", "boxes"),
    [(1, 10), (5, 10), (6, 20), (12, 20), (None, 60), (140, 150), (145, 150), (2000, 150)],
)
def test_a_tally_sheet_has_whole_rows_for_whoever_may_come(places: int | None, boxes: int) -> None:
    assert rules.boxes_for(places) == boxes


@pytest.mark.parametrize("is_sensitive", [True, False])
def test_a_tally_sheet_says_no_name_and_of_a_discreet_event_no_title(
    people: dict[str, Person], evening: datetime, is_sensitive: bool
) -> None:
    row = _soon(evening, is_sensitive=is_sensitive, title="Group for the bereaved", place="Room 9")
    _goes(row, people["ana"], evening)
    Host.objects.create(event=row, person=people["priya"])
    path = f"/events/{row.pk}/day/tally/"

    page = sign_in(people["priya"]).get(path).content.decode()

    assert page.count("<td></td>") == 20
    assert ("Group for the bereaved" in page) is not is_sensitive
    assert ("Appointment" in page) is is_sensitive
    assert "Room 9" not in page
    assert not [word for word in (people["ana"].email, people["ana"].called) if word in page]
    assert (
        f'href="{path}"' in sign_in(people["priya"]).get(f"/events/{row.pk}/day/").content.decode()
    )
    for who in ("ana", "marcus", "ida"):
        assert sign_in(people[who]).get(path).status_code == 404, who
