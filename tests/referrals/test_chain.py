"""The chain over openings and grants: whatever is edited, taken out or put in is named."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.rules import Role
from accounts.services import grant_role, revoke_role
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from peersupport.core.audit.services import forget_old, record
from referrals import care_ledger
from referrals.models import Link, Opening
from referrals.services import chain, ending
from tests.people import cast
from tests.races.at_once import at_once, without_locks
from tests.referrals.care_host import as_superuser, prepare
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


def _opened(now: datetime, count: int = 1) -> list[Opening]:
    rows = [
        Opening(
            at=now + timedelta(seconds=number),
            referral_id=ids.new_id(),
            counselor_id=ids.new_id(),
            name="Dee",
            what="case",
        )
        for number in range(count)
    ]
    return Opening.objects.bulk_create(rows)


def _granted(now: datetime) -> Entry:
    return record(
        by=SYSTEM, verb="grant role", thing="person", thing_id="7", now=now, note="coordinator"
    )


def _named(now: datetime) -> list[tuple[int, str]]:
    return [(one.number, one.what) for one in chain.verify(now=now)]


def _five(now: datetime) -> list[Opening]:
    """Three openings, a grant and another opening, sealed in that order: numbers 1 to 5."""
    rows = _opened(now, 3)
    _granted(now + timedelta(minutes=1))
    rows += _opened(now + timedelta(minutes=2))
    assert chain.seal_chain(now=now) == 5
    assert _named(now) == []
    return rows


def test_openings_and_grants_are_sealed_once_in_their_order(evening: datetime) -> None:
    with acting_as(SUPERUSER):
        people = cast(evening)
    chain.seal_chain(now=evening)
    before = chain.length()
    with acting_as("web"):
        grant_role(person=people["ben"], role=Role.SUPPORTER, by=people["ida"], now=evening)
        revoke_role(person=people["ben"], role=Role.SUPPORTER, by=people["ida"], now=evening)
    record(by=SYSTEM, verb="try", thing="test", thing_id="1", now=evening)  # no grant
    record(by=SYSTEM, verb="confirm", thing="counselor", thing_id="1", now=evening)
    _opened(evening + DAY)

    assert chain.seal_chain(now=evening) == 4
    assert chain.seal_chain(now=evening) == 0
    assert _named(evening) == []
    assert chain.length() == before + 4
    assert Link.objects.order_by("-number")[0].thing == "opening"


_CHANGES: dict[str, tuple[str, list[Any]]] = {
    "name": ("UPDATE referrals_opening SET name = 'Eli'", []),
    "what": ("UPDATE referrals_opening SET what = 'routing'", []),
    "time": ("UPDATE referrals_opening SET at = %s", [datetime(2026, 11, 1)]),
    "who": ("UPDATE referrals_opening SET counselor_id = NULL", []),
    "which": ("UPDATE referrals_opening SET referral_id = id", []),
}


@pytest.mark.parametrize("column", list(_CHANGES))
def test_an_edited_opening_is_named(column: str, evening: datetime) -> None:
    row = _five(evening)[1]
    statement, values = _CHANGES[column]
    key = row.pk.hex if connection.vendor == "sqlite" else str(row.pk)
    as_superuser(f"{statement} WHERE id = %s", [*values, key])

    assert (2, "edited") in _named(evening)
    (found,) = [one for one in chain.verify(now=evening) if one.what == "edited"]
    assert (found.row_id, found.thing) == (row.pk, "opening")


def test_an_edited_grant_is_named(evening: datetime) -> None:
    _five(evening)
    as_superuser("UPDATE audit_entry SET note = 'student' WHERE verb = 'grant role'", [])

    assert _named(evening) == [(4, "edited")]


def _delete_row(rows: list[Opening]) -> None:
    with no_triggers():
        Opening.objects.filter(pk=rows[1].pk)._raw_delete("default")


def _delete_grant(rows: list[Opening]) -> None:
    with no_triggers():
        Entry.objects.filter(verb="grant role")._raw_delete("default")


def _hide(rows: list[Opening]) -> None:
    """Edited, and its salt taken away, as if its two years were over."""
    Link.objects.filter(number=2).update(salt=None)
    as_superuser("UPDATE referrals_opening SET name = 'Eli'", [])


def _delete_and_hide(rows: list[Opening]) -> None:
    _delete_row(rows)
    Link.objects.filter(number=2).update(salt=None)


def _delete_link(rows: list[Opening]) -> None:
    Link.objects.filter(number=3).delete()


def _cut(rows: list[Opening]) -> None:
    Link.objects.filter(number__gte=4).delete()
    with no_triggers():
        Opening.objects.filter(pk=rows[-1].pk)._raw_delete("default")
    with no_triggers():
        Entry.objects.filter(verb="grant role")._raw_delete("default")


def _cut_all(rows: list[Opening]) -> None:
    Link.objects.all().delete()
    with no_triggers():
        Opening.objects.all()._raw_delete("default")


def _swap_links(rows: list[Opening]) -> None:
    one, two = Link.objects.get(number=1), Link.objects.get(number=2)
    Link.objects.filter(number=2).update(row_id=ids.new_id())
    Link.objects.filter(number=1).update(row_id=two.row_id, salt=two.salt, row_hash=two.row_hash)
    Link.objects.filter(number=2).update(row_id=one.row_id, salt=one.salt, row_hash=one.row_hash)


def _new_salt(rows: list[Opening]) -> None:
    Link.objects.filter(number=2).update(salt=b"s" * 16)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (_delete_row, (2, "missing")),
        (_delete_grant, (4, "missing")),
        (_hide, (2, "edited")),
        (_delete_and_hide, (2, "missing")),
        (_delete_link, (3, "missing")),
        (_cut, (5, "cut")),
        (_cut_all, (5, "cut")),
        (_swap_links, (1, "broken")),
        (_new_salt, (2, "edited")),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_taken_out_cut_off_or_exchanged_is_named(
    evening: datetime, act: Callable[[list[Opening]], None], said: tuple[int, str]
) -> None:
    act(_five(evening))
    assert said in _named(evening)


def test_a_row_put_in_later_is_named_before_and_after_it_is_sealed(evening: datetime) -> None:
    _five(evening)
    chain.seal_chain(now=evening)
    (planted,) = _opened(evening - timedelta(hours=2))

    assert _named(evening) == [(6, "inserted")]
    chain.seal_chain(now=evening)
    assert _named(evening) == [(6, "inserted")]
    assert chain.verify(now=evening)[0].row_id == planted.pk
    # A transaction that was a little slow is nothing.
    _opened(evening)
    chain.seal_chain(now=evening)
    assert _named(evening) == [(6, "inserted")]


def test_a_chain_cut_and_written_anew_does_not_pass(evening: datetime) -> None:
    """The sealer itself would do it, for whoever deletes the links of what they edited."""
    rows = _five(evening)
    as_superuser("UPDATE referrals_opening SET name = 'Eli' WHERE what = 'case'", [])
    Link.objects.all().delete()
    assert chain.seal_chain(now=evening) == 5
    assert rows

    assert _named(evening) == [(5, "rewritten")]
    # Without what lies off the database nobody could tell.
    with mock.patch.object(care_ledger, "heads", return_value=[]):
        assert _named(evening) == []


def test_a_link_needs_the_keyring(evening: datetime, keys_dir: Path) -> None:
    """Whoever can write the whole database and lacks the care side's keyring can make none."""
    from peersupport.core import crypto, keyfiles

    _five(evening)
    real = (keys_dir / "care-keyring.json").read_bytes()
    keyfiles.write_private(keys_dir / "care-keyring.json", keyfiles.new_keyring())
    crypto.forget_keyring()
    _opened(evening + DAY)
    chain.seal_chain(now=evening)
    keyfiles.write_private(keys_dir / "care-keyring.json", real)
    crypto.forget_keyring()

    assert (6, "broken") in _named(evening)
    assert (6, "edited") in _named(evening)


# -- one sealer -----------------------------------------------------------------------------------


@contextmanager
def _meeting() -> Iterator[None]:
    """Let two sealers both have read before either writes, if nothing keeps them apart."""
    real, gate = chain._unsealed, threading.Barrier(2)

    def meet(since: datetime) -> Any:
        found = real(since)
        with suppress(threading.BrokenBarrierError):
            gate.wait(1.5)
        return found

    with mock.patch.object(chain, "_unsealed", meet):
        yield


def test_of_two_sealers_one_goes_first(evening: datetime) -> None:
    _opened(evening, 10)

    with _meeting():
        done = at_once([lambda: chain.seal_chain(now=evening)] * 2)

    assert sorted(done, key=str) == [0, 10]
    assert _named(evening) == []


def test_without_the_lock_they_would_collide(evening: datetime) -> None:
    _opened(evening, 10)

    with _meeting(), without_locks("chain"):
        done = at_once([lambda: chain.seal_chain(now=evening)] * 2)

    # On SQLite a transaction is the one writer from its beginning: that is the lock there.
    collided = any(isinstance(one, Exception) for one in done)
    assert collided == (connection.vendor == "postgresql")


def test_a_sealer_killed_before_it_notes_the_end_loses_nothing(evening: datetime) -> None:
    _opened(evening, 2)
    with (
        mock.patch.object(care_ledger, "note_head", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        chain.seal_chain(now=evening)
    assert care_ledger.heads() == []

    assert chain.seal_chain(now=evening) == 0
    assert [head.number for head in care_ledger.heads()] == [2]
    assert _named(evening) == []


# -- two years ------------------------------------------------------------------------------------


def test_after_two_years_the_salt_goes_and_the_chain_holds() -> None:
    """By the clock on the wall, which the database goes by."""
    later = clock.now()
    _five(later - 731 * DAY)
    _opened(later - DAY, 2)
    chain.seal_chain(now=later)

    assert ending.forget_openings(now=later) == 4
    with acting_as("worker"):
        assert forget_old(now=later) >= 1

    assert not Link.objects.filter(number__lte=5, salt__isnull=False).exists()
    assert _named(later) == []
    assert Link.objects.count() == 7
    # What is younger is still watched.
    as_superuser("UPDATE referrals_opening SET name = 'Eli'", [])
    assert _named(later) == [(6, "edited"), (7, "edited")]


def test_the_web_side_may_have_deleted_a_grant_before_its_salt_went(evening: datetime) -> None:
    _five(evening)
    later = evening + 731 * DAY
    with acting_as("worker"):
        forget_old(now=later)

    assert _named(later) == []


def test_nobody_can_end_a_row_early_by_taking_its_salt(evening: datetime) -> None:
    _five(evening)
    later = evening + 690 * DAY
    Link.objects.filter(number=2).update(salt=None)
    with no_triggers():
        Opening.objects.filter(pk=Link.objects.get(number=2).row_id)._raw_delete("default")

    assert _named(later) == [(2, "missing")]


def test_what_is_older_than_the_chain_is_none_of_its_business(evening: datetime) -> None:
    _granted(evening - 40 * DAY)
    _granted(evening - 20 * DAY)

    assert chain.seal_chain(now=evening) == 1
    assert _named(evening) == []
    assert chain.seal_chain(now=evening + 400 * DAY) == 0


# -- a restored database, and the words -----------------------------------------------------------


def test_after_a_restore_it_goes_on_and_still_names_an_edit(evening: datetime) -> None:
    rows = _five(evening)
    # The copy that is restored was made when there were three.
    Link.objects.filter(number__gt=3).delete()
    with no_triggers():
        Entry.objects.filter(verb="grant role")._raw_delete("default")
    with no_triggers():
        Opening.objects.filter(pk=rows[-1].pk)._raw_delete("default")
    assert _named(evening) == [(5, "cut")]

    assert chain.note_restored(now=evening) == 3

    assert _named(evening) == []
    _opened(evening + DAY)
    chain.seal_chain(now=evening + DAY)
    assert _named(evening + DAY) == []
    as_superuser("UPDATE referrals_opening SET name = 'Eli'", [])
    assert _named(evening + DAY) == [(n, "edited") for n in (1, 2, 3, 4)]


def test_the_command_says_it_in_plain_words(evening: datetime, frozen: None) -> None:
    row = _five(evening)[0]
    key = row.pk.hex if connection.vendor == "sqlite" else str(row.pk)
    as_superuser("UPDATE referrals_opening SET name = 'Eli' WHERE id = %s", [key])
    out = StringIO()

    with pytest.raises(CommandError, match="1 not as they must be"):
        call_command("care_verify", stdout=out)
    assert "links of the chain: 5, 1 wrong" in out.getvalue()
    assert f"link 1: opening {row.pk} is not as it was" in out.getvalue()
