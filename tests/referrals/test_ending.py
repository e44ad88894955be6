"""What ends is in the ledger before it goes, and is destroyed again after a restore."""

from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from peersupport.core import clock, ids
from referrals import care_keys, care_ledger
from referrals.content import Content, to_bytes
from referrals.models import (
    Asked,
    CareSession,
    EmergencyContact,
    Opening,
    Referral,
    Sealed,
    Taken,
    Told,
    Withdrawal,
    Wrap,
)
from referrals.services import chain, destroying, ending, restoring, rotation
from tests.care import care_cast, sit_down
from tests.referrals.care_host import ended, hand_over, outside, prepare, put_in, sent
from tests.roles import SUPERUSER, acting_as, no_triggers

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def host(keys_dir: Path, evening: datetime) -> Path:
    return prepare(keys_dir, evening)


def _rows() -> int:
    models = (Referral, Sealed, Wrap, Withdrawal, Told, Taken, EmergencyContact)
    return sum(model._default_manager.count() for model in models)


def test_everything_goes_90_days_after_the_end_and_the_ledger_says_so(evening: datetime) -> None:
    over, live = ended(evening), sent(evening)
    with acting_as("web"):
        Told.objects.bulk_create([Told(referral=over, word="got in", on=evening.date())])
    Taken.objects.create(referral=over, verb="refuse", to="refused", at=evening, by="x")

    assert ending.forget_ended(now=evening + 89 * DAY) == 0
    assert care_ledger.erased() == {}
    assert ending.forget_ended(now=evening + 90 * DAY) > 0

    assert Referral.objects.get() == live
    assert _rows() == 3
    assert care_ledger.erased() == {care_ledger.mark_of(over.pk): "whole"}


def test_the_ledger_names_it_before_it_goes_and_without_the_ledger_it_stays(
    evening: datetime,
) -> None:
    ended(evening)
    with (
        mock.patch.object(care_ledger, "note_erased", side_effect=OSError("the disk is full")),
        pytest.raises(OSError, match="full"),
    ):
        ending.forget_ended(now=evening + 90 * DAY)
    assert Referral.objects.count() == 1

    with (
        mock.patch.object(Referral.objects.none().__class__, "delete", side_effect=DatabaseError),
        pytest.raises(DatabaseError),
    ):
        ending.forget_ended(now=evening + 90 * DAY)
    assert len(care_ledger.erased()) == 1  # a line too many: it is due anyway
    ending.forget_ended(now=evening + 90 * DAY)
    assert Referral.objects.count() == 0


def test_the_ledger_shows_nobody_which_referral_it_was(host: Path, evening: datetime) -> None:
    over = ended(evening)
    ending.forget_ended(now=evening + 90 * DAY)

    said = (host / "care-erased.log").read_text()
    assert over.pk.hex not in said
    assert over.code not in said
    assert str(over.pk) not in said


def test_what_was_refused_loses_its_content_at_once_and_keeps_its_outside(
    evening: datetime,
) -> None:
    one = sent(evening)
    hand_over(one, b"x", evening + 2 * DAY)

    with transaction.atomic():
        destroying.destroy(referral=one.pk, now=evening)

    assert Referral.objects.get() == one
    assert _rows() == 1
    assert care_ledger.erased() == {care_ledger.mark_of(one.pk): "content"}
    Referral.objects.update(state="refused", ended_on=evening.date())
    ending.forget_ended(now=evening + 90 * DAY)
    assert care_ledger.erased() == {care_ledger.mark_of(one.pk): "whole"}


def _copy_of(referral: Referral) -> tuple[Referral, Sealed, list[Wrap]]:
    return (
        referral,
        Sealed.objects.get(pk=referral.pk),
        list(Wrap.objects.filter(referral=referral)),
    )


def _bring_back(copies: list[tuple[Referral, Sealed, list[Wrap]]]) -> None:
    """As an older copy of the database does."""
    with acting_as(SUPERUSER):
        for referral, sealed, wraps in copies:
            Referral.objects.bulk_create([referral], ignore_conflicts=True)
            Sealed.objects.bulk_create([sealed])
            Wrap.objects.bulk_create(wraps)


def test_what_a_restored_copy_brings_back_is_destroyed_again(evening: datetime) -> None:
    over, refused, live = ended(evening), sent(evening), sent(evening)
    copies = [_copy_of(over), _copy_of(refused)]
    destroying.destroy(referral=refused.pk, now=evening)
    ending.forget_ended(now=evening + 90 * DAY)
    _bring_back(copies)
    assert rotation.is_whole(over)  # what the ledger is for
    assert rotation.is_whole(refused)

    done = restoring.restore(now=evening + 91 * DAY)

    assert (done.wholes, done.contents) == (1, 1)
    assert set(Referral.objects.all()) == {refused, live}
    assert list(Sealed.objects.values_list("pk", flat=True)) == [live.pk]
    assert rotation.is_whole(live)
    again = restoring.restore(now=evening + 91 * DAY)
    assert (again.wholes, again.contents) == (0, 0)


def test_a_restored_copy_of_a_gone_epoch_opens_nothing_and_its_key_stays_refused(
    host: Path, evening: datetime
) -> None:
    referral = sent(evening)
    copy, store = _copy_of(referral), (host / "care-epochs.json").read_bytes()
    Referral.objects.all().delete()
    rotation.rotate(now=evening + care_keys.EPOCH)
    both = (host / "care-epochs.json").read_bytes()
    assert store in both or len(both) > len(store)
    rotation.rotate(now=evening + 2 * care_keys.EPOCH)
    assert care_ledger.gone_epochs() == {1}
    _bring_back([copy])
    from peersupport.core import keyfiles

    keyfiles.write_private(host / "care-epochs.json", both)  # the file of half a year ago

    done = restoring.restore(now=evening + 2 * care_keys.EPOCH)

    assert done.epochs == (1,)
    assert done.closed == 1
    assert not rotation.is_whole(referral)
    assert [one.number for one in care_keys.epochs()] == [2]


def test_contacts_go_after_two_days(evening: datetime) -> None:
    contact = hand_over(sent(evening), b"x", evening + 2 * DAY)

    assert ending.forget_ended(now=evening + 2 * DAY - timedelta(seconds=1)) == 0
    assert ending.forget_ended(now=evening + 2 * DAY) == 1
    assert not EmergencyContact.objects.filter(pk=contact.pk).exists()


def _openings(now: datetime, *ages: timedelta) -> list[Opening]:
    row = {"referral_id": ids.new_id(), "name": "Dee", "what": "case"}
    return [Opening.objects.create(at=now - age, **row) for age in ages]


def test_openings_go_after_two_years() -> None:
    """By the clock on the wall, which the database goes by."""
    now = clock.now()
    _openings(now, 730 * DAY, 729 * DAY)
    chain.seal_chain(now=now)

    assert ending.forget_openings(now=now) == 0
    assert ending.forget_openings(now=now + timedelta(seconds=1)) == 1
    assert Opening.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE referrals_opening SET name = 'Eli'",
        "UPDATE referrals_opening SET at = '2001-01-01 00:00:00'",
        "UPDATE referrals_opening SET id = id",
        "DELETE FROM referrals_opening",
    ],
)
@pytest.mark.parametrize("side", ["owner", SUPERUSER])
def test_the_database_itself_keeps_openings(statement: str, side: str) -> None:
    """Whatever rights somebody has, but for who takes the trigger away."""
    _openings(clock.now(), 728 * DAY, 900 * DAY)
    before = list(Opening.objects.order_by("at").values())

    refused = pytest.raises(DatabaseError, match="referrals_opening_is_append_only")
    with acting_as(side), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Opening.objects.order_by("at").values()) == before

    with no_triggers(), connection.cursor() as cursor:  # the control
        cursor.execute(statement)
        assert cursor.rowcount == 2


def test_a_wrong_clock_ends_no_opening_early() -> None:
    """A care host whose clock has run ahead by years forgets none; the next round tries again."""
    _openings(clock.now(), DAY)

    with pytest.raises(DatabaseError, match="referrals_opening_is_append_only"):
        ending.forget_openings(now=clock.now() + 3650 * DAY)
    assert Opening.objects.count() == 1


def test_the_care_side_may_end_them_and_never_change_them() -> None:
    old, _young = _openings(clock.now(), 731 * DAY, DAY)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM referrals_opening WHERE at < %s", [clock.now() - 730 * DAY])
        assert cursor.rowcount == 1
    assert not Opening.objects.filter(pk=old.pk).exists()
    if connection.vendor == "postgresql":
        refused = pytest.raises(ProgrammingError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE referrals_opening SET name = 'Eli'")


def test_sign_ins_go_when_they_are_over(evening: datetime) -> None:
    dee = care_cast(evening)["dee"]
    sit_down(dee, evening)
    Asked.objects.create(
        purpose="sign in", counselor=dee, state=b"x", until=evening + timedelta(minutes=5)
    )

    assert ending.forget_signing_in(now=evening + timedelta(minutes=4)) == 0
    assert ending.forget_signing_in(now=evening + timedelta(minutes=5)) == 1
    assert ending.forget_signing_in(now=evening + timedelta(minutes=10)) == 1
    assert not CareSession.objects.exists()
    sit_down(dee, evening)
    CareSession.objects.update(used_at=evening + timedelta(hours=8))
    assert ending.forget_signing_in(now=evening + timedelta(hours=8)) == 1


def test_the_forgetting_job_does_all_of_it(evening: datetime, settings: object) -> None:
    from peersupport.core.datamap.services import forget_everything

    settings.PLANE = "care"  # type: ignore[attr-defined]
    from peersupport.core import crypto

    crypto.forget_keyring()
    ended(evening)
    put_in(outside(evening), to_bytes(Content()))

    counts = forget_everything(now=evening + 90 * DAY)

    assert -1 not in counts.values()
    assert counts["referrals"] > 0
    assert counts["care-keys"] == 0
    assert Referral.objects.count() == 1
