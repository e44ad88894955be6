"""A new epoch under load, killed in the middle, and the old one retired."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction

from referrals import care_keys, care_ledger, envelope
from referrals.models import Opening, PublishedKey, Referral, Sealed, Wrap
from referrals.recipients import recipients
from referrals.services import rotation
from tests.referrals.care_host import ended, prepare, sent, take_back
from tests.roles import SUPERUSER, acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
QUARTER = care_keys.EPOCH


@pytest.fixture(autouse=True)
def host(keys_dir: Path, evening: datetime) -> Path:
    return prepare(keys_dir, evening)


def _names() -> dict[int, str]:
    return {one.number: one.recipient.name for one in care_keys.epochs()}


def _wrapped_for(referral: Referral) -> set[str]:
    return set(Wrap.objects.filter(referral=referral).values_list("recipient", flat=True))


def _all_whole() -> bool:
    return all(rotation.is_whole(one) for one in Referral.objects.all())


def test_it_is_due_when_a_quarter_is_over(evening: datetime) -> None:
    assert not rotation.is_due(evening + QUARTER - timedelta(days=1))
    assert rotation.is_due(evening + QUARTER)
    assert rotation.due_on() == (evening + QUARTER).date()


def test_everything_live_is_carried_over_and_the_blob_stays(evening: datetime) -> None:
    live, over, taken_back = sent(evening), ended(evening), sent(evening)
    take_back(taken_back, evening)
    blobs = {row.pk: bytes(row.blob) for row in Sealed.objects.all()}

    done = rotation.rotate(now=evening + QUARTER)

    assert (done.epoch, done.is_new, done.wrapped, done.broken) == (2, True, 1, 0)
    assert _wrapped_for(live) == set(_names().values())
    assert _wrapped_for(over) == _wrapped_for(taken_back) == {_names()[1]}
    assert {row.pk: bytes(row.blob) for row in Sealed.objects.all()} == blobs
    assert recipients()[0].name == _names()[2]
    assert _all_whole()
    again = rotation.rotate(now=evening + QUARTER)
    assert (again.epoch, again.is_new, again.wrapped) == (2, False, 0)
    assert not Opening.objects.exists()  # nobody has read anything


def test_wraps_of_neither_key_go_once_a_newer_one_stands(evening: datetime) -> None:
    live = sent(evening)
    rotation.rotate(now=evening + QUARTER)
    first = _names()[1]

    rotation.rotate(now=evening + QUARTER, is_early=True)

    assert _wrapped_for(live) == {_names()[2], _names()[3]}
    assert first in care_keys.secrets()  # its 90 days are not over


def test_nothing_rotates_inside_a_transaction(evening: datetime) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside of transactions"):
        rotation.rotate(now=evening + QUARTER)


# -- under load -----------------------------------------------------------------------------------


def test_referrals_that_arrive_meanwhile_are_carried_over_too(evening: datetime) -> None:
    """Some are sealed to the old key and come after the new one, as from a page that was slow."""
    for _ in range(12):
        sent(evening)
    old, stop = recipients(), threading.Event()
    arrived: list[Referral] = []

    def send() -> None:
        try:
            while not stop.is_set() and len(arrived) < 200:
                to = old if len(arrived) % 2 else None
                arrived.append(sent(evening, to=to))
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(3)]
    for one in senders:
        one.start()
    while len(arrived) < 3:
        stop.wait(0.01)
    done = rotation.rotate(now=evening + QUARTER)
    stop.set()
    for one in senders:
        one.join()

    assert done.wrapped >= 12
    assert _all_whole()
    rotation.tend(now=evening + QUARTER)  # whatever came after the last look
    newest = _names()[2]
    assert all(newest in _wrapped_for(one) for one in Referral.objects.all())
    assert Referral.objects.count() == 12 + len(arrived)
    assert len(arrived) >= 3


@pytest.mark.parametrize("place", ["before publishing", "while wrapping", "before storing"])
def test_killed_anywhere_it_is_taken_up_again(
    place: str, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        sent(evening)
    monkeypatch.setattr(rotation, "rewrap", lambda real=rotation.rewrap: real(batch=2))
    target, name, after = {
        "before publishing": (care_keys, "publish", 0),
        "while wrapping": (envelope, "wrap_for", 5),
        "before storing": (rotation, "_store", 1),
    }[place]
    real, calls = getattr(target, name), [0]

    class Killed(BaseException):
        """As a signal ends a process: nothing catches it."""

    def until(*args: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] > after:
            raise Killed
        return real(*args, **more)

    with mock.patch.object(target, name, until), pytest.raises(Killed):
        rotation.rotate(now=evening + QUARTER)
    assert _all_whole()  # at every moment
    first_half = Wrap.objects.filter(recipient=_names()[2]).count()
    assert first_half < 7

    done = rotation.rotate(now=evening + QUARTER)
    assert (done.epoch, done.is_new) == (2, False)
    assert done.wrapped == 7 - first_half
    assert Wrap.objects.filter(recipient=_names()[2]).count() == 7
    assert PublishedKey.objects.count() == 2


def test_two_runs_at_once_make_one_epoch_and_each_wrap_once(evening: datetime) -> None:
    for _ in range(20):
        sent(evening)
    gate, done = threading.Barrier(2), []

    def run() -> None:
        try:
            gate.wait()
            done.append(rotation.rotate(now=evening + QUARTER))
        finally:
            connection.close()

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert [one.epoch for one in done] == [2, 2]
    assert [one.is_new for one in done].count(True) == 1
    assert Wrap.objects.count() == 40
    assert _all_whole()


def test_a_referral_destroyed_meanwhile_stops_nothing(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = sent(evening), sent(evening)
    real = rotation._made_for

    def destroy_then(*args: Any) -> list[Wrap]:
        made = real(*args)
        Referral.objects.filter(pk=one.pk).delete()
        return made

    monkeypatch.setattr(rotation, "_made_for", destroy_then)
    rotation.rotate(now=evening + QUARTER)

    assert _names()[2] in _wrapped_for(other)
    assert not Wrap.objects.filter(referral=one.pk).exists()


def test_what_does_not_open_stops_nothing_and_keeps_no_key(evening: datetime) -> None:
    good, broken = sent(evening), sent(evening)
    with acting_as(SUPERUSER):
        Sealed.objects.filter(pk=broken.pk).update(blob=b"planted")

    done = rotation.rotate(now=evening + QUARTER)
    assert (done.wrapped, done.broken) == (1, 1)
    done = rotation.rotate(now=evening + 2 * QUARTER)
    done = rotation.rotate(now=evening + 3 * QUARTER)

    assert done.destroyed == (1,) or 1 in care_ledger.gone_epochs()
    assert rotation.is_whole(good)
    assert not rotation.is_whole(broken)


def test_a_wrap_planted_under_the_new_name_costs_nothing(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web side can add wraps: one that opens nothing must not pass for the real one."""
    victim = sent(evening)

    def plant(number: int) -> None:
        Wrap.objects.create(referral=victim, recipient=_names()[number], sealed=os.urandom(112))

    def live_on() -> None:
        for quarter in (1, 2, 3):
            now = evening + quarter * QUARTER
            care_keys.begin_epoch(now, after=quarter)
            plant(quarter + 1)
            rotation.rotate(now=now)
            rotation.tend(now=now + timedelta(days=90))

    live_on()
    assert 1 in care_ledger.gone_epochs()
    assert rotation.is_whole(victim)


def test_without_that_guard_the_content_would_be_lost(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_mend", lambda: 0)
    victim = sent(evening)
    for quarter in (1, 2, 3):
        now = evening + quarter * QUARTER
        care_keys.begin_epoch(now, after=quarter)
        Wrap.objects.create(
            referral=victim, recipient=_names()[quarter + 1], sealed=os.urandom(112)
        )
        rotation.rotate(now=now)
        rotation.tend(now=now + timedelta(days=90))
    assert not rotation.is_whole(victim)


# -- the old goes ---------------------------------------------------------------------------------


def test_the_key_before_the_previous_is_destroyed_after_90_days(evening: datetime) -> None:
    live = sent(evening)
    rotation.rotate(now=evening + QUARTER)
    first = _names()[1]
    now = evening + QUARTER + timedelta(days=30)
    assert rotation.rotate(now=now, is_early=True).destroyed == ()

    assert rotation.tend(now=evening + QUARTER + timedelta(days=89)) == 0
    assert rotation.tend(now=evening + QUARTER + timedelta(days=90)) == 1

    assert first not in care_keys.secrets()
    assert not Wrap.objects.filter(recipient=first).exists()
    assert sorted(PublishedKey.objects.values_list("epoch", flat=True)) == [2, 3]
    assert rotation.is_whole(live)


def test_what_ended_can_be_opened_until_it_is_destroyed(evening: datetime) -> None:
    """It ended the day before its key had a successor: wrapped by that one alone."""
    over = ended(evening + QUARTER - timedelta(days=1))
    rotation.rotate(now=evening + QUARTER)
    rotation.rotate(now=evening + QUARTER, is_early=True)

    rotation.tend(now=evening + QUARTER + timedelta(days=88))
    assert rotation.is_whole(over)
    assert Referral.objects.over(evening + QUARTER + timedelta(days=90)).get() == over


def test_an_old_copy_of_the_database_is_undecryptable_once_its_epochs_are_gone(
    evening: datetime,
) -> None:
    referral = sent(evening)
    copy = list(Wrap.objects.filter(referral=referral))
    rotation.rotate(now=evening + QUARTER)

    def with_old_copy() -> bool:
        """Whether it opens when its wraps are those of the day it came."""
        Wrap.objects.filter(referral=referral).delete()
        Wrap.objects.bulk_create(copy)
        return rotation.is_whole(referral)

    assert with_old_copy()
    assert rotation.rewrap() == (1, 0)
    assert rotation.rotate(now=evening + 2 * QUARTER).destroyed == (1,)
    assert rotation.is_whole(referral)
    assert not with_old_copy()
