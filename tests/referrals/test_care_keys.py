"""The care host's key store: made once, read strictly, nothing shown, what is gone stays gone."""

import json
import stat
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from peersupport.core import keyfiles
from peersupport.core.crypto import CannotOpen
from peersupport.core.keyfiles import KeysUnusable
from referrals import care_keys, care_ledger
from referrals.models import PublishedKey
from tests.referrals.care_host import prepare

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]


@pytest.fixture
def host(keys_dir: Path, evening: datetime) -> Path:
    return prepare(keys_dir, evening)


def _begin(now: datetime) -> None:
    assert care_keys.begin_epoch(now, after=care_keys.current().number)


def test_all_files_are_made_once_for_their_owner_alone(host: Path, evening: datetime) -> None:
    before = {path.name: path.read_bytes() for path in host.iterdir()}

    assert not care_keys.create(host, evening + timedelta(days=400))

    assert {path.name: path.read_bytes() for path in host.iterdir()} == before
    assert {
        "care-root.key",
        "care-root.pub",
        "care-epochs.json",
        "care-keyring.json",
        "care.key",
        "care.pub",
    } <= set(before)
    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in host.iterdir())


def test_many_who_make_them_at_once_make_one_set(tmp_path: Path, evening: datetime) -> None:
    made: list[bool] = []
    together = [
        threading.Thread(target=lambda: made.append(care_keys.create(tmp_path, evening)))
        for _ in range(8)
    ]
    for one in together:
        one.start()
    for one in together:
        one.join()

    assert sorted(made) == [False] * 7 + [True]
    root = care_keys.root(tmp_path)
    assert (tmp_path / "care-root.pub").read_bytes() in json.dumps(
        __import__("base64").b64encode(bytes(root.verify_key)).decode()
    ).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"format": 1, "epochs": []}',
        b'{"format": 2, "epochs": [{"epoch": 1, "since": "2026-10-01", "secret": "AAAA"}]}',
        b'{"format": 1, "epochs": [{"epoch": 1, "since": "2026-10-01", "secret": "AAAA"}]}',
        b'{"format": 1, "epochs": [{"epoch": 1, "since": "soon", "secret": ""}]}',
    ],
)
def test_a_malformed_store_is_refused_without_a_word_of_it(host: Path, content: bytes) -> None:
    keyfiles.write_private(host / "care-epochs.json", content)

    with pytest.raises(KeysUnusable) as caught:
        care_keys.secrets()
    assert "AAAA" not in str(caught.value)


def test_a_store_that_others_can_read_or_that_is_missing_is_refused(host: Path) -> None:
    (host / "care-epochs.json").chmod(0o644)
    with pytest.raises(KeysUnusable):
        care_keys.secrets()
    (host / "care-epochs.json").unlink()
    with pytest.raises(KeysUnusable):
        care_keys.secrets()


def test_a_printed_epoch_shows_no_key(host: Path) -> None:
    epoch = care_keys.current()

    for said in (repr(epoch), str(epoch), f"{epoch}"):
        assert repr(epoch.secret)[2:-1] not in said
        assert "secret" not in said


def test_of_two_who_begin_an_epoch_one_does(host: Path, evening: datetime) -> None:
    assert care_keys.begin_epoch(evening, after=1)
    assert not care_keys.begin_epoch(evening, after=1)
    assert [one.number for one in care_keys.epochs()] == [1, 2]


def test_a_destroyed_key_leaves_no_bytes_and_does_not_come_back_with_its_file(
    host: Path, evening: datetime
) -> None:
    first = care_keys.current()
    path = host / "care-epochs.json"
    for quarter in (1, 2):
        _begin(evening + quarter * care_keys.EPOCH)
    copy = path.read_bytes()
    later = evening + 2 * care_keys.EPOCH

    with path.open("rb") as held:  # whoever still has the old file open
        care_keys.destroy_epoch(first, now=later)
        assert set(held.read()) == {0}
    assert first.number not in {one.number for one in care_keys.epochs()}

    keyfiles.write_private(path, copy)
    assert first.recipient.name not in care_keys.secrets()
    assert care_keys.purge_gone() == [1]
    encoded = __import__("base64").b64encode(first.secret)
    assert encoded in copy
    assert encoded not in path.read_bytes()
    # Without the ledger it would have come back.
    keyfiles.write_private(path, copy)
    (host / "care-erased.log").unlink()
    assert first.recipient.name in care_keys.secrets()


def test_only_what_is_older_than_the_previous_for_90_days_is_outdated(
    host: Path, evening: datetime
) -> None:
    assert care_keys.outdated(evening + timedelta(days=999)) == []
    _begin(evening)
    assert care_keys.outdated(evening + timedelta(days=999)) == []
    _begin(evening + timedelta(days=10))

    assert care_keys.outdated(evening + timedelta(days=89)) == []
    assert [one.number for one in care_keys.outdated(evening + timedelta(days=90))] == [1]


def test_published_rows_are_those_of_the_store_and_nothing_else(
    host: Path, evening: datetime
) -> None:
    assert PublishedKey.objects.count() == 1
    assert care_keys.publish() == 0
    planted = {"public": b"p" * 32, "signature": b"s" * 64, "since": evening.date()}
    PublishedKey.objects.create(epoch=9, **planted)
    PublishedKey.objects.filter(epoch=1).update(public=b"q" * 32)

    assert care_keys.publish() == 1

    row = PublishedKey.objects.get()
    assert (row.epoch, bytes(row.public)) == (1, care_keys.current().recipient.public)


def test_the_ledger_passes_by_a_line_that_a_crash_cut_short(host: Path, evening: datetime) -> None:
    care_ledger.note_gone(1, on=evening.date())
    path = host / "care-erased.log"
    path.write_bytes(path.read_bytes() + b"2026-11-23 epoch 12")  # it was to say 123
    care_ledger.note_gone(4, on=evening.date())

    assert care_ledger.gone_epochs() == {1, 4}
    path.write_bytes(b"one two .\n")
    with pytest.raises(KeysUnusable):
        care_ledger.gone_epochs()


def test_a_contact_box_opens_with_the_right_key_alone(host: Path) -> None:
    from peersupport.core import careseal

    sealed = careseal.seal(b'["Room 4", "212"]')
    assert care_keys.open_contact_box(sealed) == b'["Room 4", "212"]'
    for wrong in (sealed[:-1], sealed[:20], b"", b"\0" * len(sealed)):
        with pytest.raises(CannotOpen):
            care_keys.open_contact_box(wrong)
    (host / "care.key").unlink()
    (host / "care.pub").unlink()
    careseal.create(host)
    with pytest.raises(CannotOpen):
        care_keys.open_contact_box(sealed)
