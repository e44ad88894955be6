"""Sending: one transaction that only adds rows, and nothing of it in the clear anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from peersupport.core import ids
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.models import Outgoing
from referrals import receipts, tagkey
from referrals.content import Reach
from referrals.envelope import TooLong
from referrals.models import Draft, Opening, PublishedKey, Referral, Sealed, Wrap
from referrals.queries.drafts import ACCOUNT, Gone, Handle
from referrals.queries.mine import Claim
from referrals.rules import NotSealed
from referrals.services import afterwards, drafts, sending
from referrals.services.sending import AnotherAccount, NobodyReads, Unanswered
from tests.people import cast
from tests.roles import acting_as
from tests.ways import WORDS, everything_kept, opened, publish_key, somebody_reads, whole

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def _begun(now: datetime, **more: Any) -> Handle:
    return drafts.begin(answers=whole(**more), now=now)


@contextmanager
def _statements() -> Iterator[list[str]]:
    said: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield said
    said += [one["sql"] for one in captured.captured_queries]


def test_with_a_receipt(evening: datetime) -> None:
    secrets = publish_key()
    dee = somebody_reads()
    handle = _begun(evening, not_by=(dee.pk,))

    sent = sending.send(handle=handle, person=None, now=evening)

    row = Referral.objects.get()
    assert (row.pk, row.code, row.state, row.kind) == (sent.id, sent.code, "received", "student")
    assert (row.tag, bytes(row.receipt or b"")) == (None, receipts.mark(sent.receipt))
    assert (row.owner, row.acknowledge_by, row.ring_at) == (None, None, None)
    content = opened(row, secrets)
    assert (content.words, content.name, content.pronouns) == (WORDS, "Ash CANARY-NAME", "they")
    assert content.reach == whole().reach
    assert content.not_by == (dee.pk,)
    assert not Draft.objects.exists()


def test_on_an_account(evening: datetime) -> None:
    publish_key()
    ana = cast(evening)["ana"]
    handle = _begun(evening, keep=ACCOUNT, person=ana.pk)

    sent = sending.send(handle=handle, person=ana, now=evening)

    row = Referral.objects.get()
    assert sent.receipt == ""
    assert row.receipt is None
    assert bytes(row.tag or b"") in tagkey.tags_for(ana.pk, evening)


def test_the_time_is_kept_by_the_hour(evening: datetime) -> None:
    publish_key()
    sending.send(handle=_begun(evening), person=None, now=evening + timedelta(minutes=7))
    at = Referral.objects.get().received_at
    assert (at.minute, at.second, at.microsecond) == (0, 0, 0)


def test_sending_twice_is_sending_once(evening: datetime) -> None:
    publish_key()
    handle = _begun(evening)
    first = sending.send(handle=handle, person=None, now=evening)
    second = sending.send(handle=handle, person=None, now=evening + timedelta(minutes=1))

    assert first == second
    with acting_as("care"):
        assert Referral.objects.count() == Sealed.objects.count() == Wrap.objects.count() == 1


def test_nothing_of_what_was_written_is_anywhere_in_the_clear(evening: datetime) -> None:
    """The control: the words are inside, for whoever has the key."""
    secrets = publish_key()
    ana = cast(evening)["ana"]
    handle = _begun(evening, keep=ACCOUNT, person=ana.pk)
    with _statements() as said:
        sending.send(handle=handle, person=ana, now=evening)
    kept = everything_kept()

    for canary in ("CANARY", "canary.example", "555-0142", "October"):
        assert canary not in kept
        assert not [one for one in said if canary in one]
    assert "CANARY" in opened(Referral.objects.get(), secrets).words


def test_no_row_but_the_account_names_the_student(evening: datetime) -> None:
    publish_key()
    ana = cast(evening)["ana"]
    handle = _begun(evening, keep=ACCOUNT, person=ana.pk)
    audited = Entry.objects.count()
    sending.send(handle=handle, person=ana, now=evening)

    row = dict(Referral.objects.values().get())
    del row["tag"]
    assert ana.pk.hex not in str(row).replace("-", "")
    assert Entry.objects.count() == audited
    assert not Outgoing.objects.exists()
    assert not Opening.objects.exists()


def test_the_web_side_only_adds(evening: datetime) -> None:
    """INSERT and SELECT alone, on everything that the counselors' side changes."""
    publish_key()
    ana = cast(evening)["ana"]
    handle = _begun(evening, keep=ACCOUNT, person=ana.pk)
    claim = Claim(person=ana.pk)
    with _statements() as said:
        sent = sending.send(handle=handle, person=ana, now=evening)
        afterwards.withdraw(claim=claim, referral=sent.id, now=evening)

    ours = [
        one
        for one in said
        for table in ("referral", "sealed", "wrap", "withdrawal", "told", "opening")
        if f'"referrals_{table}"' in one
    ]
    assert [one for one in ours if one.startswith("INSERT")]
    assert not [one for one in ours if one.split()[0] in ("UPDATE", "DELETE")]
    assert not [one for one in ours if "FOR UPDATE" in one]
    assert not [one for one in said if "SELECT" in one and '"referrals_sealed"' in one]
    assert not [one for one in said if "SELECT" in one and '"referrals_wrap"' in one]


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ({"keep": ""}, "keep"),
        ({"urgency": ""}, "soon"),
        ({"words": ""}, "what"),
        ({"name": None}, "name"),
        ({"reach": ()}, "reach"),
        ({"not_by": None}, "leave-out"),
    ],
)
def test_every_question_is_answered_first(
    evening: datetime, missing: dict[str, Any], step: str
) -> None:
    publish_key()
    handle = _begun(evening, **missing)

    with pytest.raises(Unanswered) as wrong:
        sending.send(handle=handle, person=None, now=evening)
    assert wrong.value.step == step
    assert Draft.objects.exists()


def test_urgent_is_not_taken_when_nobody_reads(evening: datetime) -> None:
    publish_key()
    somebody_reads(starts=time(9), ends=time(17))  # it is 5:10pm
    handle = _begun(evening, urgency="urgent")

    with pytest.raises(NobodyReads):
        sending.send(handle=handle, person=None, now=evening)
    assert Draft.objects.exists()
    sending.send(handle=handle, person=None, now=evening - timedelta(minutes=11))
    assert Referral.objects.get().urgency == "urgent"


def test_an_account_is_only_its_owners(evening: datetime) -> None:
    publish_key()
    people = cast(evening)
    handle = _begun(evening, keep=ACCOUNT, person=people["ana"].pk)

    for who in (None, people["ben"], people["cora"]):
        with pytest.raises(AnotherAccount):
            sending.send(handle=handle, person=who, now=evening)
    assert not Referral.objects.exists()


def test_on_a_borrowed_phone_nobody_who_is_signed_in_is_touched(evening: datetime) -> None:
    publish_key()
    priya = cast(evening)["priya"]
    handle = _begun(evening, is_borrowed=True)
    sending.send(handle=handle, person=priya, now=evening)

    row = Referral.objects.get()
    assert row.tag is None
    assert bytes(row.receipt or b"") not in tagkey.tags_for(priya.pk, evening)


def test_without_a_key_nothing_is_sent_and_nothing_lost(evening: datetime) -> None:
    with acting_as("care"):
        PublishedKey.objects.all().delete()
    handle = _begun(evening)

    with pytest.raises(NotSealed):
        sending.send(handle=handle, person=None, now=evening)
    assert not Referral.objects.exists()
    publish_key()
    assert sending.send(handle=handle, person=None, now=evening).code


def test_too_long_is_said_and_nothing_lost(evening: datetime) -> None:
    publish_key()
    handle = _begun(evening)
    with mock.patch("referrals.envelope.LONGEST", 100), pytest.raises(TooLong):
        sending.send(handle=handle, person=None, now=evening)
    assert Draft.objects.exists()
    assert not Referral.objects.exists()


def test_a_stranger_sends_nothing(evening: datetime) -> None:
    publish_key()
    _begun(evening)
    with pytest.raises(Gone):
        sending.send(handle=Handle(bytes(32)), person=None, now=evening)


def test_a_code_that_is_taken_is_not_a_fault(evening: datetime) -> None:
    publish_key()
    first = sending.send(handle=_begun(evening), person=None, now=evening)
    codes = iter([first.code, first.code, "NEW-NEW"])
    with mock.patch.object(ids, "new_reference", side_effect=codes):
        second = sending.send(handle=_begun(evening), person=None, now=evening)
    assert second.code == "NEW-NEW"


def test_if_anything_fails_nothing_was_sent(evening: datetime) -> None:
    publish_key()
    handle = _begun(evening)
    failing = mock.patch.object(Wrap.objects, "bulk_create", side_effect=RuntimeError)
    with failing, pytest.raises(RuntimeError):
        sending.send(handle=handle, person=None, now=evening)
    assert not Referral.objects.exists()
    with acting_as("care"):
        assert not Sealed.objects.exists()
    assert Draft.objects.exists()


def test_what_is_sent_has_few_lengths(evening: datetime) -> None:
    publish_key()
    for words, reach in (("x", 1), ("y" * 3000, 3)):
        ways = tuple(Reach("text", "555-0142") for _ in range(reach))
        sending.send(handle=_begun(evening, words=words, reach=ways), person=None, now=evening)
    with acting_as("care"):
        assert len({len(bytes(one.blob)) for one in Sealed.objects.all()}) == 1
