"""One's own: found by account or receipt alone; taken back once; "I got in" once."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from peersupport.core import ids
from referrals import receipts
from referrals.models import Card, Opening, Referral, Told, Withdrawal
from referrals.queries import mine as reads
from referrals.queries.drafts import ACCOUNT
from referrals.queries.mine import Claim, NotMine
from referrals.rules import KEPT, State, Word
from referrals.services import afterwards, drafts, sending
from referrals.services.sending import Sent
from referrals.views.said import opened_words, standing
from tests.people import cast
from tests.roles import acting_as
from tests.ways import publish_key, whole

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
HOUR = timedelta(hours=1)
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def people(evening: datetime) -> dict[str, Any]:
    publish_key()
    return cast(evening)


def _send(now: datetime, person: Any = None) -> Sent:
    said = {"keep": ACCOUNT, "person": person.pk} if person else {}
    handle = drafts.begin(answers=whole(**said), now=now)
    return sending.send(handle=handle, person=person, now=now)


@acting_as("care")
def _set(sent: Sent, **fields: Any) -> None:
    Referral.objects.filter(pk=sent.id).update(**fields)


def test_by_account(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening, people["ana"])

    assert [one.id for one in reads.mine(people["ana"].pk, evening)] == [sent.id]
    assert reads.mine(people["ben"].pk, evening) == []
    assert reads.found(Claim(people["ana"].pk), sent.id, evening).code == sent.code


def test_by_receipt(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening)

    assert reads.by_receipt(receipts.mark(sent.receipt)) == sent.id
    assert reads.by_receipt(receipts.mark("1" * 16)) is None
    assert reads.found(Claim(shown=sent.id), sent.id, evening).by_receipt


def test_foreign_forgotten_and_missing_are_the_same(
    people: dict[str, Any], evening: datetime
) -> None:
    anas, other = _send(evening, people["ana"]), _send(evening)
    ben = people["ben"].pk
    for claim, which in (
        (Claim(), anas.id),
        (Claim(ben), anas.id),
        (Claim(ben), ids.new_id()),
        (Claim(ben, shown=other.id), anas.id),
        # An account's is not opened by a receipt's way, should somebody forge one.
        (Claim(ben, shown=anas.id), anas.id),
        (Claim(people["ana"].pk), other.id),
    ):
        with pytest.raises(NotMine):
            reads.found(claim, which, evening)


def test_danger_is_nobodys_own(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening)
    _set(sent, kind="danger", consent="awaiting")
    with pytest.raises(NotMine):
        reads.found(Claim(shown=sent.id), sent.id, evening)


def test_the_list_takes_as_many_queries_for_many(
    people: dict[str, Any],
    evening: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in (1, 6):
        for _ in range(count):
            _send(evening, people["ana"])
        with django_assert_num_queries(3):
            assert reads.mine(people["ana"].pk, evening)


def test_taken_back_twice_is_once(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening, people["ana"])
    claim = Claim(people["ana"].pk)
    for _ in range(2):
        afterwards.withdraw(claim=claim, referral=sent.id, now=evening)

    row = Withdrawal.objects.get()
    assert (row.at.minute, row.at.second) == (0, 0)
    assert not Referral.objects.live().exists()
    assert reads.found(claim, sent.id, evening).is_live is False
    assert Referral.objects.get().state == "received"  # the counselors' side settles it


def test_nobody_else_takes_it_back(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening, people["ana"])
    for claim in (Claim(), Claim(people["ben"].pk), Claim(shown=sent.id)):
        with pytest.raises(NotMine):
            afterwards.withdraw(claim=claim, referral=sent.id, now=evening)
        with pytest.raises(NotMine):
            afterwards.tell(claim=claim, referral=sent.id, word=Word.GOT_IN, now=evening)
    assert not Withdrawal.objects.exists()


def test_what_is_over_is_not_taken_back(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening)
    _set(sent, state="closed", outcome="connected", ended_on=evening.date())
    with pytest.raises(afterwards.NotNow):
        afterwards.withdraw(claim=Claim(shown=sent.id), referral=sent.id, now=evening)


def test_the_first_word_stands_and_only_while_in_contact(
    people: dict[str, Any], evening: datetime
) -> None:
    sent = _send(evening)
    claim = Claim(shown=sent.id)
    with pytest.raises(afterwards.NotNow):
        afterwards.tell(claim=claim, referral=sent.id, word=Word.GOT_IN, now=evening)
    with acting_as("care"):
        card = Card.objects.create(name="Dee")
    _set(sent, state="in contact", owner=card)
    afterwards.tell(claim=claim, referral=sent.id, word=Word.COULD_NOT, now=evening)
    afterwards.tell(claim=claim, referral=sent.id, word=Word.GOT_IN, now=evening)
    assert Told.objects.get().word == "could not"


def test_how_it_stands_in_plain_words(people: dict[str, Any], evening: datetime) -> None:
    sent = _send(evening)
    with acting_as("care"):
        dee, eli = Card.objects.create(name="Dee"), Card.objects.create(name="Eli")

    def said(**fields: Any) -> str:
        _set(sent, **fields)
        return " ".join(
            standing(reads.found(Claim(shown=sent.id), sent.id, evening), evening, ZONE)
        )

    assert "next reading time" in said()
    assert "By tomorrow noon a counselor says" in said(
        acknowledge_by=evening + timedelta(hours=18, minutes=40)
    )
    assert "Dee has it and will call." in said(state="acknowledged", owner=dee)
    assert "Dee will call by Wednesday 5:30pm." in said(
        contact_by=evening + timedelta(days=2, minutes=5)
    )
    assert "is late with calling" in said(contact_by=evening - HOUR)
    assert "Dee has reached you." in said(state="in contact")
    assert "It was handed on to Eli." in said(state="transferred", owner=None, asked=eli)
    ended = {"state": "closed", "ended_on": evening.date(), "asked": None}
    for outcome, words in (
        ("connected", "You got in."),
        ("other help", "You chose other help."),
        ("could not reach", "They could not reach you"),
        ("declined", "You did not want it any more."),
    ):
        assert words in said(**ended, outcome=outcome)
    for state, words in (
        (State.REDIRECTED, "It was passed on"),
        (State.REFUSED, "It was not taken on"),
        (State.WITHDRAWN, "You took it back"),
    ):
        assert words in said(state=str(state), outcome="", owner=dee)
    # Nobody had it: everybody was left out, or it did not open.
    assert "Nobody here could take it" in said(state=str(State.REDIRECTED), owner=None)


def test_who_opened_it_by_the_hour_and_nobody_for_routing(
    people: dict[str, Any], evening: datetime
) -> None:
    sent = _send(evening)
    for what, name in (
        ("routing", "the program"),
        ("case", "Dee"),
        ("chart", "Eli"),
        ("refused", "Max"),
    ):
        with acting_as("care"):
            Opening.objects.create(at=evening, referral_id=sent.id, name=name, what=what)
    with acting_as("care"):
        Opening.objects.create(at=evening, referral_id=ids.new_id(), name="Foreign", what="case")

    said = opened_words(reads.openings(sent.id), ZONE)

    assert sorted(said) == [
        "Copied to the service's own chart by Eli, Monday 23 November, 5pm to 6pm",
        "Opened by Dee, Monday 23 November, 5pm to 6pm",
    ]


def test_after_a_year_an_account_finds_it_no_more(
    people: dict[str, Any], evening: datetime
) -> None:
    sent = _send(evening, people["ana"])
    assert timedelta(days=180) > KEPT
    with pytest.raises(NotMine):
        reads.found(Claim(people["ana"].pk), sent.id, evening + timedelta(days=366))
