"""A team asks a named person for a debrief; taken, it becomes a private event."""

from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from accounts.models import Person, RoleGrant
from events.models import Event, Host, Request, Taker
from events.services import leaving
from peersupport.core import clock
from peersupport.core.outbox.models import Outgoing
from tests.events.debriefs import asks, key_of, sent, with_priya_to_ask
from tests.people import sign_in
from tests.roles import acting_as, forget_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


@pytest.fixture
def people(evening: datetime, frozen: None) -> dict[str, Person]:
    return with_priya_to_ask(evening)


def test_whoever_is_asked_reads_it_and_nobody_else(
    people: dict[str, Person], evening: datetime
) -> None:
    ana = sign_in(people["ana"])
    key = key_of(ana)
    for _twice in range(2):
        assert "You hear as soon as they answer" in asks(ana, request_key=key).content.decode()
    row = Request.objects.get()
    assert sent(evening) == [("priya@school.example", "You have a message")]
    for stored in (row.sealed, row.holder, row.tag):
        assert b"CANARY" not in bytes(stored)
        assert people["ana"].pk.bytes not in bytes(stored)

    assert "CANARY-5W" in sign_in(people["priya"]).get("/events/debriefs/asked/").content.decode()
    for who in ("marcus", "cora", "ida", "ben"):
        client = sign_in(people[who])
        assert client.get("/events/debriefs/asked/").status_code == 404, who
        assert client.get(f"/events/debriefs/{row.pk}/take/").status_code == 404, who
        declined = client.post(f"/events/debriefs/{row.pk}/decline/")
        assert declined.status_code == 404, who
        seen = client.get("/events/debriefs/")
        assert "CANARY" not in seen.content.decode(), who
    assert Request.objects.get().state == "asked"


@pytest.mark.usefixtures("keys_dir")
def test_taken_it_is_a_private_event_whose_address_is_the_invitation(
    people: dict[str, Person], evening: datetime
) -> None:
    ana, priya = sign_in(people["ana"]), sign_in(people["priya"])
    asks(ana)
    row = Request.objects.get()
    take = f"/events/debriefs/{row.pk}/take/"
    day = clock.now().date() + timedelta(days=2)
    when = {"day": day.isoformat(), "starts": "18:30", "minutes": "60", "place": "Room 9 CANARY"}
    sent(evening)

    past = priya.post(take, {**when, "day": "2020-01-01"})
    assert past.status_code == 400
    assert "This day is over" in past.content.decode()
    assert not Event.objects.exists()

    assert priya.post(take, when).status_code == 302
    event = Event.objects.get()
    assert (event.visibility, event.is_sensitive, event.state) == ("private", True, "published")
    assert Host.objects.get().person_id == people["priya"].pk
    again = priya.post(take, when, follow=True)
    assert "answered meanwhile" in again.content.decode()
    assert Event.objects.count() == 1
    assert sent(evening) == [("ana@school.example", "You have a message")]

    assert str(event.pk) in ana.get("/events/debriefs/").content.decode()
    page = f"/events/{event.pk}/"
    assert sign_in(people["ben"]).get(page).status_code == 200  # who has the address may come
    for who in ("ben", "cora", "marcus"):
        assert str(event.pk) not in sign_in(people[who]).get("/events/").content.decode(), who
    assert Client().get(page).status_code == 404

    assert Request.objects.get().forget_at == event.forget_at
    forget_all(event.forget_at)
    assert not Request.objects.exists()


def test_declined_it_says_where_else_to_go(people: dict[str, Person], evening: datetime) -> None:
    ana = sign_in(people["ana"])
    asks(ana)
    sent(evening)
    row = Request.objects.get()

    sign_in(people["priya"]).post(f"/events/debriefs/{row.pk}/decline/")

    assert sent(evening) == [("ana@school.example", "You have a message")]
    seen = ana.get("/events/debriefs/").content.decode()
    assert "cannot do it this time" in seen
    gone = ana.post(f"/events/debriefs/{row.pk}/back/", follow=True)
    assert "answered meanwhile" in gone.content.decode()
    assert Request.objects.get().state == "declined"


@pytest.mark.parametrize("how", ["list", "account"])
def test_whoever_asked_hears_when_the_asked_one_is_gone(
    people: dict[str, Person], evening: datetime, how: str
) -> None:
    ana = sign_in(people["ana"])
    asks(ana)
    sent(evening)
    if how == "list":
        taker = Taker.objects.get().pk
        sign_in(people["cora"]).post(f"/events/debriefs/takers/{taker}/end/")
    else:
        with transaction.atomic():
            leaving.leave(people["priya"], evening)

    assert sent(evening) == [("ana@school.example", "You have a message")]
    assert "cannot do it this time" in ana.get("/events/debriefs/").content.decode()


def test_whoever_left_the_program_reads_nothing_and_cannot_be_asked(
    people: dict[str, Person], evening: datetime
) -> None:
    ana = sign_in(people["ana"])
    asks(ana)
    RoleGrant.objects.filter(person=people["priya"]).update(revoked_on=evening.date())

    assert sign_in(people["priya"]).get("/events/debriefs/asked/").status_code == 404
    assert "Priya:" not in ana.get("/events/debriefs/").content.decode()


def test_a_deleted_account_takes_its_requests_along(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    with transaction.atomic():
        leaving.leave(people["ana"], evening)
    assert not Request.objects.exists()


def test_taken_back_nobody_is_told_and_nothing_can_be_made_of_it(
    people: dict[str, Person], evening: datetime
) -> None:
    ana, ben, priya = (sign_in(people[who]) for who in ("ana", "ben", "priya"))
    asks(ana)
    row = Request.objects.get()

    assert ben.post(f"/events/debriefs/{row.pk}/back/").status_code == 404
    assert (
        "Taken back." in ana.post(f"/events/debriefs/{row.pk}/back/", follow=True).content.decode()
    )
    assert sent(evening) == []
    assert sent(evening + timedelta(days=3)) == []
    assert not Outgoing.objects.exists()
    assert "CANARY" not in priya.get("/events/debriefs/asked/").content.decode()
    assert priya.get(f"/events/debriefs/{row.pk}/take/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("taker", "", "Choose whom you ask."),
        ("taker", "00000000-0000-0000-0000-000000000001", "They can no longer be asked."),
        ("taker", "nobody", "They can no longer be asked."),
        ("team", "", "Say which team it is."),
        ("team", "x" * 121, "at most 120"),
        ("suits", "", "Say when it would suit"),
        ("team", "a\x00b", "holds a character we cannot use"),
    ],
)
def test_bad_input_is_said_next_to_the_field_and_the_rest_kept(
    people: dict[str, Person], field: str, value: str, words: str
) -> None:
    seen = asks(sign_in(people["ana"]), **{field: value})

    assert seen.status_code == 400
    assert words in seen.content.decode()
    assert "after 6pm" in seen.content.decode() or field == "suits"
    assert not Request.objects.exists()


def test_a_planner_keeps_the_list(people: dict[str, Person], evening: datetime) -> None:
    cora, path = sign_in(people["cora"]), "/events/debriefs/takers/"
    cora.post(path, {"person": str(people["marcus"].pk), "about": "Listens"})
    assert Taker.objects.count() == 2
    assert cora.post(path, {"person": str(people["ana"].pk)}).status_code == 400

    cora.post(f"{path}{Taker.objects.get(person=people['marcus']).pk}/end/")
    assert Taker.objects.get().person == people["priya"]
    Taker.objects.all().delete()
    assert "Nobody is named" in sign_in(people["ana"]).get("/events/debriefs/").content.decode()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")
def test_the_worker_cannot_read_what_a_team_wrote(people: dict[str, Person]) -> None:
    asks(sign_in(people["ana"]))
    with acting_as("worker"), pytest.raises(ProgrammingError, match="permission denied"):
        Request.objects.values_list("sealed", flat=True).get()
