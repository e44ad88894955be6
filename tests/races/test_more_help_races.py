"""Sending, attaching and taking back at the same moment, each with its own connection."""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from peersupport.core import ids
from referrals.models import Attachment, Draft, Referral, Sealed, Withdrawal
from referrals.queries import drafts as reads
from referrals.queries.drafts import ACCOUNT, Gone
from referrals.queries.mine import Claim
from referrals.services import afterwards, attaching, drafts, sending
from tests.people import cast
from tests.races.at_once import at_once, without_locks
from tests.roles import acting_as
from tests.ways import publish_key, whole

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MANY = 6


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of a receipt is slow on purpose; here only who comes first matters."""
    monkeypatch.setattr("referrals.receipts.mark", lambda text: text.encode().ljust(32)[:32])


def test_sending_many_times_at_once_sends_one(evening: datetime) -> None:
    publish_key()
    handle = drafts.begin(answers=whole(), now=evening)

    done = at_once([lambda: sending.send(handle=handle, person=None, now=evening)] * MANY)

    assert len({repr(one) for one in done}) == 1, done
    with acting_as("care"):
        assert Referral.objects.count() == Sealed.objects.count() == 1
    assert not Draft.objects.exists()


def test_without_the_lock_some_of_them_would_be_told_that_it_failed(evening: datetime) -> None:
    """The control, on PostgreSQL: SQLite has one writer at a time, whatever locks do."""
    publish_key()
    if connection.vendor != "postgresql":
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        return
    failed = 0
    with without_locks("draft"), mock.patch("peersupport.core.locks.hold"):
        for _ in range(20):
            handle = drafts.begin(answers=whole(), now=evening)
            acts: list[Any] = [
                lambda h=handle: sending.send(handle=h, person=None, now=evening)
            ] * MANY
            failed += sum(isinstance(one, Exception) for one in at_once(acts))
    assert failed


def test_two_supporters_at_once_both_attach(evening: datetime) -> None:
    people = cast(evening)
    handle = drafts.begin(answers=whole(), now=evening)
    code = drafts.show_code(handle=handle, now=evening).code

    def attach(name: str) -> None:
        attaching.attach(
            supporter=people[name],
            code=code,
            words=f"From {name}",
            request_key=ids.new_id(),
            here=None,
            now=evening,
        )

    done = at_once([lambda: attach("priya"), lambda: attach("marcus")])

    assert done == [None, None]
    words = {one.words for one in reads.words_for(handle, whole())}
    assert words == {"From priya", "From marcus"}


def test_never_more_than_there_is_room_for(evening: datetime) -> None:
    people = cast(evening)
    handle = drafts.begin(answers=whole(), now=evening)
    code = drafts.show_code(handle=handle, now=evening).code

    def attach() -> None:
        attaching.attach(
            supporter=people["priya"],
            code=code,
            words="x",
            request_key=ids.new_id(),
            here=None,
            now=evening,
        )

    at_once([attach] * (2 * MANY))

    assert Attachment.objects.count() == reads.MOST_ATTACHED


def test_attaching_while_it_is_sent_is_either_in_it_or_refused(evening: datetime) -> None:
    people = cast(evening)
    publish_key()
    for _ in range(5):
        handle = drafts.begin(answers=whole(), now=evening)
        code = drafts.show_code(handle=handle, now=evening).code
        acts: list[Any] = [
            lambda h=handle: sending.send(handle=h, person=None, now=evening),
            lambda c=code: attaching.attach(
                supporter=people["priya"],
                code=c,
                words="x",
                request_key=ids.new_id(),
                here=None,
                now=evening,
            ),
        ]
        sent, attached = at_once(acts)
        assert isinstance(sent, sending.Sent), sent
        assert attached is None or isinstance(attached, attaching.WrongCode), attached
    assert not Attachment.objects.filter(state="waiting").exists()


def test_taking_back_twice_at_once_is_once(evening: datetime) -> None:
    people = cast(evening)
    publish_key()
    ana = people["ana"]
    handle = drafts.begin(answers=whole(keep=ACCOUNT, person=ana.pk), now=evening)
    sent = sending.send(handle=handle, person=ana, now=evening)
    claim = Claim(ana.pk)

    done = at_once(
        [lambda: afterwards.withdraw(claim=claim, referral=sent.id, now=evening)] * MANY
    )

    assert done == [None] * MANY
    assert Withdrawal.objects.count() == 1


def test_two_tabs_answering_at_once_lose_nothing(evening: datetime) -> None:
    handle = drafts.begin(answers=whole(), now=evening)

    at_once(
        [
            lambda: drafts.change(handle=handle, now=evening, name="Sam"),
            lambda: drafts.change(handle=handle, now=evening, urgency="soon"),
            lambda: drafts.change(handle=handle, now=evening, times="mornings"),
        ]
    )

    assert reads.read(handle, evening) == whole(name="Sam", urgency="soon", times="mornings")
    with pytest.raises(Gone):
        reads.read(handle, evening + timedelta(hours=2))
