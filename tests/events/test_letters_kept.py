"""Letters of events on their way: many at once, what the audit puts back, nothing afterwards."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Person
from events import emails, telling_rules
from events.models import Event, Rsvp
from events.queries import refs
from events.rules import Going
from peersupport.core import daykey, ids
from peersupport.core.outbox import auditors
from peersupport.core.outbox.models import Outgoing
from program.queries import facts
from tests.events.scene import event, rsvp
from tests.events.telling import call_off, offer, tell
from tests.people import cast
from tests.roles import acting_as, drain

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.fixture
def yoga(evening: datetime) -> Event:
    return event(evening, is_sensitive=True)


def _send(at: datetime) -> None:
    drain(now=lambda: at)


def _due(kind: str) -> list[Outgoing]:
    return list(Outgoing.objects.filter(kind=kind, state=Outgoing.State.DUE))


# -- many, and the audit --------------------------------------------------------------------------
@pytest.mark.parametrize("say", [emails.tell_changed, emails.tell_cancelled])
def test_five_hundred_are_told_with_as_many_queries_as_one(
    say: Callable[[Event, datetime], None],
    people: dict[str, Person],
    evening: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    big = event(evening, capacity=None, places=None)
    Rsvp.objects.bulk_create(
        Rsvp(event=big, tag=ids.new_id().bytes * 2, holder=b"x" * 60, state=Going.GOING)
        for _ in range(500)
    )

    # Read the facts and who comes, ask after marks, insert: so many, and a savepoint around it.
    # SQLite takes so many values in a statement and no more.
    most = 6 if connection.vendor == "postgresql" else 40
    with django_assert_max_num_queries(most), transaction.atomic():
        say(big, evening)

    assert Outgoing.objects.filter(due_at=evening).count() == 500
    refs_seen = {bytes(ref) for ref in Outgoing.objects.values_list("ref", flat=True)}
    assert len(refs_seen) == Outgoing.objects.count()


def test_the_audit_puts_back_a_lost_reminder_and_nothing_else(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    soon = event(evening, starts_at=evening + 2 * DAY)
    answer = rsvp(soon, people["ana"], evening)
    tell(emails.tell_going, soon, answer, evening)
    with acting_as("worker"):
        assert auditors.audit(now=evening)["events"] == 0

    Outgoing.objects.filter(kind=emails.REMINDER).delete()
    with acting_as("worker"):
        assert auditors.audit(now=evening)["events"] == 1
        assert auditors.audit(now=evening)["events"] == 0
    _send(telling_rules.remind_at(soon.starts_at, facts().zone))
    assert "tomorrow" in mailoutbox[-1].body


def test_the_audit_puts_back_an_offer_and_a_cancellation_but_no_old_one(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    soon = event(evening, starts_at=evening + 12 * HOUR)
    offered = rsvp(soon, people["ana"], evening, Going.WAITING, number=1)
    offer(offered, evening)
    off = event(evening, starts_at=evening + 9 * DAY)
    call_off(rsvp(off, people["ben"], evening), evening)
    assert Outgoing.objects.count() == 2
    with acting_as("worker"):
        assert auditors.audit(now=evening)["events"] == 0

    Outgoing.objects.all().delete()
    with acting_as("worker"):
        assert auditors.audit(now=evening + HOUR)["events"] == 2
    _send(evening + HOUR)
    assert sorted(mail.to[0] for mail in mailoutbox) == [
        "ana@school.example",
        "ben@school.example",
    ]
    with acting_as("worker"):  # said: not again; and a day later nobody needs to hear it
        assert auditors.audit(now=evening + HOUR)["events"] == 0
        assert list(emails.expected(evening + DAY)) == []


def test_the_audit_asks_as_much_for_many_as_for_one(
    people: dict[str, Person], evening: datetime, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        soon = event(evening, starts_at=evening + 2 * DAY + number * MINUTE)
        for who in ("ana", "ben", "priya"):
            rsvp(soon, people[who], evening)

    with django_assert_num_queries(3):
        found = list(emails.expected(evening))

    assert len(found) == 30


# -- afterwards -----------------------------------------------------------------------------------
def test_after_the_day_neither_rows_nor_links_lead_to_anybody(
    keys_dir: object, people: dict[str, Person], yoga: Event, evening: datetime
) -> None:
    answer = rsvp(yoga, people["ana"], evening)
    tell(emails.tell_going, yoga, answer, evening)
    ref = bytes(_due(emails.THANKS)[0].ref)
    token = refs.token_of(yoga, answer.pk)
    assert refs.find(ref, evening)
    assert refs.rsvp_of(token, evening)

    assert refs.find(ref, yoga.forget_at) is None  # by the clock
    daykey.advance(yoga.forget_at + DAY)
    assert refs.find(ref, evening) is None  # by a copy, by whoever does not ask the clock
    assert refs.rsvp_of(token, evening) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 66, "é", "-_" * 33, "A" * 3000])
def test_a_token_of_nothing_opens_nothing(token: str, evening: datetime) -> None:
    assert refs.rsvp_of(token, evening) is None


def test_a_row_of_the_outbox_is_no_link(
    people: dict[str, Person], yoga: Event, evening: datetime
) -> None:
    (ref,) = refs.seal_refs(yoga, [(rsvp(yoga, people["ana"], evening).pk, 0)])

    assert refs.rsvp_of(base64.urlsafe_b64encode(ref).decode(), evening) is None
