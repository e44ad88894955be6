"""The page of what did not arrive: counts and causes, and never whose."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Person
from bench.counting import counted
from peersupport.core.audit.models import Entry
from peersupport.core.outbox import kinds
from peersupport.core.outbox.models import DrainRun, Outgoing, Tombstone
from peersupport.core.outbox.services import enqueue
from tests.people import cast, sign_in
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.usefixtures("frozen"),
]
PAGE = "/program/messages/"


def give_up(now: datetime, count: int, *, kind: str = "check-in", error: str = "address") -> None:
    with transaction.atomic():
        for number in range(count):
            enqueue(
                kind=kind,
                key=f"{kind}|{error}|{number}",
                due_at=now,
                expires_at=now + timedelta(hours=1),
                now=now,
            )
    Outgoing.objects.filter(kind=kind, state="due").update(
        state="dead", error=error, attempts=8, done_at=now
    )


def note_well(now: datetime, **wrong: Any) -> None:
    with acting_as("worker"):
        DrainRun.objects.create(pk=1, **{"last_at": now, "tick_at": now, **wrong})


def _cora(now: datetime) -> tuple[Any, Person]:
    cora = cast(now)["cora"]
    return sign_in(cora), cora


def test_it_counts_by_kind_and_cause_and_names_nobody(evening: datetime) -> None:
    client, _ = _cora(evening)
    give_up(evening, 3)
    give_up(evening, 2, error="later")

    shown = client.get(PAGE).content.decode()

    assert "3 messages." in shown
    assert "The address does not exist" in shown
    assert "Put off again and again" in shown
    assert "school.example" not in shown.replace("cora@school.example", "")


def test_messages_about_visits_do_not_stand_by_themselves(evening: datetime) -> None:
    client, _ = _cora(evening)
    give_up(evening, 1, kind="time-changed")
    give_up(evening, 2, kind="gone-kind")

    shown = client.get(PAGE).content.decode()

    assert "3 messages." in shown
    assert "Personal messages" in shown
    assert "time-changed" not in shown
    kind = kinds.kind_of("time-changed")
    assert kind is not None
    assert str(kind.title) not in shown


def test_trying_again_is_written_down(evening: datetime) -> None:
    client, cora = _cora(evening)
    give_up(evening, 2)
    give_up(evening, 1, error="later")

    client.post(f"{PAGE}retry/", {"kind": "check-in", "error": "address"})

    rows = Outgoing.objects.values_list("state", "attempts", "error").order_by("state", "error")
    assert list(rows) == [("dead", 8, "later"), ("due", 0, ""), ("due", 0, "")]
    entry = Entry.objects.get(verb="retry messages")
    assert (entry.actor_id, entry.note) == (cora.actor_id, "address: 2")


def test_what_would_come_too_late_is_not_tried_again(evening: datetime) -> None:
    client, _ = _cora(evening)
    give_up(evening, 1)
    Outgoing.objects.update(expires_at=evening - timedelta(minutes=1))

    done = client.post(f"{PAGE}retry/", {"kind": "check-in", "error": "address"}, follow=True)

    assert "too late" in done.content.decode()
    assert Outgoing.objects.get().state == "dead"


def test_what_is_let_go_is_not_said_later(evening: datetime) -> None:
    client, _ = _cora(evening)
    give_up(evening, 2, kind="time-changed")

    client.post(f"{PAGE}drop/", {"kind": "personal", "error": "address"})

    assert not Outgoing.objects.exists()
    assert Tombstone.objects.count() == 2
    assert Entry.objects.get(verb="let messages go").note == "address: 2"


@pytest.mark.parametrize("sent", [{}, {"kind": "check-in", "error": "x"}, {"kind": "a\0b"}])
def test_a_line_that_is_not_there_changes_nothing(evening: datetime, sent: Any) -> None:
    client, _ = _cora(evening)
    give_up(evening, 1)

    assert client.post(f"{PAGE}retry/", sent).status_code == 404
    assert client.post(f"{PAGE}drop/", sent).status_code == 404
    assert Outgoing.objects.get().state == "dead"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "Everything arrives"),
        ({"tick_at": timedelta(seconds=100)}, "The timer has stopped"),
        ({"last_at": timedelta(seconds=100)}, "Nothing has been delivered for two minutes"),
        ({"trouble": "credentials"}, "refuses our name, password or sender"),
        ({"trouble": "refusing"}, "refuses every address"),
        ({"trouble": "server", "last_at": timedelta(seconds=100)}, "cannot be reached"),
        ({"trouble": "server"}, "Everything arrives"),
        ({"tick_at": -timedelta(seconds=100)}, "The timer has stopped"),
    ],
)
def test_the_alarm_stands_on_the_schools_facts_and_in_health(
    evening: datetime, wrong: dict[str, Any], said: str
) -> None:
    client, _ = _cora(evening)
    times = {k: evening - v if isinstance(v, timedelta) else v for k, v in wrong.items()}
    note_well(evening, **times)

    assert said in client.get("/program/").content.decode()
    assert client.get("/healthz").json()["outbox"]["ok"] is (said == "Everything arrives")
    if said != "Everything arrives":
        assert said in client.get(PAGE).content.decode()


def test_failed_ones_are_on_the_schools_facts(evening: datetime) -> None:
    client, _ = _cora(evening)
    note_well(evening)
    give_up(evening, 2)

    assert "2 messages could not be delivered" in client.get("/program/").content.decode()


def test_queries_do_not_grow_with_what_failed(evening: datetime) -> None:
    client, _ = _cora(evening)
    client.get(PAGE)
    seen = []
    for count in (1, 40):
        give_up(evening, count, error=f"{count}")
        with counted(connection) as queries:
            client.get(PAGE)
        seen.append(queries[0])

    assert seen[0] == seen[1]
