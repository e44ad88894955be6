"""The one door: who may, the record first, then the content; and nothing in between."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from peersupport.core import careseal
from peersupport.core.crypto import CannotOpen
from referrals import envelope, permissions
from referrals.content import Content, NotContent, to_bytes
from referrals.models import (
    Card,
    Counselor,
    EmergencyContact,
    Opening,
    Referral,
    Routed,
)
from referrals.rules import NotAllowed
from referrals.services import opening
from referrals.services.opening import NotInsideATransaction, NotRecorded
from tests.care import care_cast
from tests.referrals.care_host import (
    CANARY,
    content,
    hand_over,
    leave_out,
    outside,
    prepare,
    put_in,
    sent,
    take_back,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]


@pytest.fixture(autouse=True)
def _host(keys_dir: Path, evening: datetime) -> None:
    prepare(keys_dir, evening)


@pytest.fixture
def dee(evening: datetime) -> Counselor:
    return care_cast(evening)["dee"]


def _open(referral: Referral, by: Counselor, now: datetime, what: str = "case") -> Content:
    return opening.open_case(referral=referral, counselor=by, what=what, now=now)


def _openings() -> list[str]:
    return list(Opening.objects.order_by("at", "what").values_list("what", flat=True))


def _chain_of(error: BaseException | None) -> list[BaseException]:
    """Return an error with everything that hangs on it, suppressed or not."""
    found: list[BaseException] = []
    todo = [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in found:
            found.append(one)
            todo += [one.__cause__, one.__context__]
    return found


# -- who may, and the record ----------------------------------------------------------------------


def test_a_counselor_opens_and_the_record_says_who(evening: datetime, dee: Counselor) -> None:
    referral = sent(evening)

    found = _open(referral, dee, evening)

    assert (found.words, found.name) == (CANARY, "Zoe Canary")
    row = Opening.objects.get()
    assert (row.referral_id, row.counselor_id, row.name, row.what, row.at) == (
        *(referral.pk, dee.pk, "Dee", "case", evening),
    )
    _open(referral, dee, evening, "chart")
    assert _openings() == ["case", "chart"]
    with pytest.raises(ValueError, match="opens a case"):
        _open(referral, dee, evening, "routing")


def _forge(dee: Counselor) -> None:
    """A row somebody wrote into the table: no seal fits."""
    Counselor.objects.filter(pk=dee.pk).update(email="evil@school.example")


def _end(dee: Counselor) -> None:
    Counselor.objects.filter(pk=dee.pk).update(state="ended")


@pytest.mark.parametrize("act", [_forge, _end])
def test_whoever_is_not_genuine_or_not_active_opens_nothing(
    evening: datetime, dee: Counselor, act: Callable[[Counselor], None]
) -> None:
    referral = sent(evening)
    act(dee)  # the object at hand still says otherwise

    with pytest.raises(NotAllowed):
        _open(referral, dee, evening)
    assert _openings() == []


def test_excluded_withdrawn_and_missing_are_refused_without_a_record(
    evening: datetime, dee: Counselor
) -> None:
    excluded, withdrawn, gone = sent(evening), sent(evening), sent(evening)
    leave_out(excluded, dee)
    take_back(withdrawn, evening)
    Referral.objects.filter(pk=gone.pk).delete()

    for referral in (excluded, withdrawn, gone):
        with pytest.raises(NotAllowed):
            _open(referral, dee, evening)
    assert _openings() == []
    with mock.patch.object(permissions, "may_see", return_value=True):
        assert _open(excluded, dee, evening).words == CANARY  # what the question is for


def test_what_was_sent_itself_says_who_is_left_out(evening: datetime, dee: Counselor) -> None:
    """The row that says so was taken away by somebody who writes the whole database."""
    plain = to_bytes(content(not_by=(dee.pk,)))
    referral = put_in(outside(evening), plain)
    Routed.objects.create(referral=referral)

    with pytest.raises(NotAllowed):
        _open(referral, dee, evening)

    assert [row.what for row in Opening.objects.order_by("pk")].count("refused") == 1
    eli = Counselor.objects.get(email="eli@school.example")
    assert _open(referral, eli, evening).words == CANARY


def test_the_program_reads_a_new_referral_once(evening: datetime) -> None:
    referral = sent(evening)
    with pytest.raises(NotAllowed):  # it is routed
        opening.read_routing(referral=referral, now=evening)
    Routed.objects.all().delete()

    assert opening.read_routing(referral=referral, now=evening).words == CANARY
    row = Opening.objects.get()
    assert (row.what, row.counselor_id, row.name) == ("routing", None, "")
    take_back(referral, evening)
    with pytest.raises(NotAllowed):
        opening.read_routing(referral=referral, now=evening)


# -- record before content ------------------------------------------------------------------------


def test_the_record_is_committed_before_anything_is_decrypted(
    evening: datetime, dee: Counselor
) -> None:
    referral, real, seen = sent(evening), envelope.open_envelope, []

    def look(*args: Any, **more: Any) -> bytes:
        # Another connection sees it already: it is committed.
        link = connection.copy()
        try:
            with link.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM referrals_opening")
                seen.append((cursor.fetchone()[0], connection.in_atomic_block))
        finally:
            link.close()
        return real(*args, **more)

    with mock.patch.object(envelope, "open_envelope", look):
        _open(referral, dee, evening)
    assert seen == [(1, False)]


def test_nothing_opens_inside_a_transaction(evening: datetime, dee: Counselor) -> None:
    referral = sent(evening)
    Routed.objects.all().delete()

    acts: list[Callable[[], Content]] = [
        lambda: _open(referral, dee, evening),
        lambda: opening.read_routing(referral=referral, now=evening),
    ]
    with transaction.atomic():
        for act in acts:
            with pytest.raises(NotInsideATransaction) as caught:
                act()
            assert str(caught.value) == "Nothing sealed is opened inside a transaction."
            assert referral.code not in str(caught.value)
    connection.set_autocommit(False)
    try:
        with pytest.raises(NotInsideATransaction):
            _open(referral, dee, evening)
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert _openings() == []


def test_without_the_guard_a_failing_view_would_take_the_record_back(
    evening: datetime, dee: Counselor
) -> None:
    referral = sent(evening)

    def unguarded(ask: Any, referral_id: Any, what: str, now: datetime) -> None:
        opening._write(ask(), referral_id, what, now)

    def view() -> None:
        with transaction.atomic():
            seen.append(_open(referral, dee, evening).words)
            raise ZeroDivisionError

    seen: list[str] = []
    with mock.patch.object(opening, "_record", unguarded), pytest.raises(ZeroDivisionError):
        view()
    assert seen == [CANARY]
    assert _openings() == []  # read, and nobody will ever know


def test_the_record_stays_when_the_view_fails_later(evening: datetime, dee: Counselor) -> None:
    referral = sent(evening)

    def view() -> None:
        _open(referral, dee, evening)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        view()
    assert _openings() == ["case"]


def test_without_a_record_nothing_is_decrypted(evening: datetime, dee: Counselor) -> None:
    referral = sent(evening)
    failing = mock.Mock(side_effect=DatabaseError("the disk is full: " + CANARY))
    untouched = mock.Mock()

    with (
        mock.patch.object(Opening, "save", failing),
        mock.patch.object(envelope, "open_envelope", untouched),
        pytest.raises(NotRecorded) as caught,
    ):
        _open(referral, dee, evening)

    assert isinstance(caught.value, OperationalError)  # the calm page for it is a 503
    assert _chain_of(caught.value) == [caught.value]
    untouched.assert_not_called()
    assert _openings() == []


def test_a_page_of_it_is_a_calm_503(evening: datetime, dee: Counselor, rf: Any) -> None:
    from peersupport.core.ui.errors import server_error

    referral = sent(evening)
    with mock.patch.object(Opening, "save", mock.Mock(side_effect=DatabaseError)):
        try:
            _open(referral, dee, evening)
        except NotRecorded:
            answer = server_error(rf.get("/care/"))
    assert answer.status_code == 503
    assert answer["Cache-Control"] == "no-store"
    assert CANARY not in answer.content.decode()


# -- where somebody in danger is ------------------------------------------------------------------


def _contact(referral: Referral, plain: bytes, now: datetime) -> EmergencyContact:
    return hand_over(referral, careseal.seal(plain), now + timedelta(hours=48))


def test_a_contact_opens_to_who_may_see_the_case(evening: datetime, dee: Counselor) -> None:
    referral = sent(evening, kind="danger", consent="awaiting", urgency="urgent")
    contact = _contact(referral, json.dumps(["Room 4", "212-555-0100"]).encode(), evening)

    def ask(now: datetime = evening) -> tuple[str, str]:
        return opening.open_contact(contact=contact, counselor=dee, now=now)

    assert ask() == ("Room 4", "212-555-0100")
    assert _openings() == ["contact"]
    assert Opening.objects.get().referral_id == referral.pk
    with pytest.raises(NotAllowed):
        ask(evening + timedelta(hours=48))
    with transaction.atomic(), pytest.raises(NotInsideATransaction):
        ask()
    leave_out(referral, dee)
    with pytest.raises(NotAllowed):
        ask()
    assert _openings() == ["contact"]


@pytest.mark.parametrize("plain", [b"", b"{}", b'["one"]', b'["one", 2]', b'["a", "b", "c"]'])
def test_a_contact_that_is_none_is_refused(
    evening: datetime, dee: Counselor, plain: bytes
) -> None:
    contact = _contact(sent(evening), plain, evening)

    with pytest.raises(NotContent):
        opening.open_contact(contact=contact, counselor=dee, now=evening)
    assert _openings() == ["contact", "refused"]
    contact.sealed = b"nothing sealed"
    with pytest.raises(CannotOpen):
        opening.open_contact(contact=contact, counselor=dee, now=evening)


def test_a_card_by_itself_opens_nothing(evening: datetime) -> None:
    referral = sent(evening)
    nobody = Counselor(card=Card.objects.create(name="Ghost"), email="g@x.example", role="lead")

    with pytest.raises(NotAllowed):
        _open(referral, nobody, evening)
    assert _openings() == []
