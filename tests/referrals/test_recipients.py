"""To whom the web side seals: only what the pinned root has signed, whatever lies in the table."""

import base64
import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from peersupport.core import keyfiles
from referrals import care_keys, recipients
from referrals.models import PublishedKey
from referrals.published import signed
from referrals.rules import NotSealed
from tests.referrals.care_host import prepare

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),  # planting needs its rights; asking does not
]


@pytest.fixture
def web(keys_dir: Path, evening: datetime) -> Path:
    """The web host: no secret of the care side is on it."""
    prepare(keys_dir, evening)
    for name in ("care-root.key", "care-epochs.json", "care-keyring.json", "care.key"):
        (keys_dir / name).rename(keys_dir.parent / name)
    return keys_dir


def _sealed_to() -> bytes:
    (one,) = recipients.recipients()
    return one.public


def test_it_is_the_newest_signed_key(web: Path, evening: datetime) -> None:
    first = _sealed_to()
    assert recipients.is_ready()
    assert recipients.sealed_to_since() == evening.date()
    root = SigningKey(base64.b64decode((web.parent / "care-root.key").read_bytes()))
    signed(root, epoch=2, public=b"n" * 32, since=evening.date()).save(force_insert=True)

    assert _sealed_to() == b"n" * 32 != first


def _plant(evening: datetime, **changes: object) -> PublishedKey:
    row = PublishedKey.objects.get(epoch=1)
    row.epoch = 7
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def test_planted_unsigned_edited_and_foreign_rows_are_passed_by(
    web: Path, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _sealed_to()
    theirs = SigningKey.generate()
    evil = os.urandom(32)
    foreign = signed(theirs, epoch=9, public=evil, since=evening.date())
    plants: list[dict[str, object]] = [
        {"public": evil},  # the signature of another key
        {"public": evil, "signature": b"\0" * 64},
        {"public": evil, "signature": b""},
        {"public": evil[:31]},
        {},  # the same, under another number
        {"epoch": 9, "public": evil, "signature": foreign.signature, "since": foreign.since},
    ]
    for plant in plants:
        row = _plant(evening, **plant)
        assert _sealed_to() == mine
        row.delete()
    PublishedKey.objects.update(since=date(2030, 1, 1))
    assert not recipients.is_ready()

    # Without the signature the newest row would be believed.
    foreign.save(force_insert=True)
    monkeypatch.setattr("referrals.published.is_genuine", lambda row, root: True)
    assert _sealed_to() == evil


def test_nothing_is_sealed_without_a_key_or_a_pin(web: Path) -> None:
    pin = web / keyfiles.CARE_ROOT_PUB
    for broken in (b"", b"AAAA", base64.b64encode(b"r" * 32)):
        kept = pin.read_bytes()
        keyfiles.write_private(pin, broken)
        assert not recipients.is_ready()
        with pytest.raises(NotSealed):
            recipients.recipients()
        keyfiles.write_private(pin, kept)
    assert recipients.is_ready()
    PublishedKey.objects.all().delete()
    with pytest.raises(NotSealed):
        recipients.recipients()
    assert recipients.sealed_to_since() is None
    pin.unlink()
    assert not recipients.is_ready()


def test_newer_keys_taken_away_lead_to_an_older_one_of_ours(
    keys_dir: Path, evening: datetime
) -> None:
    prepare(keys_dir, evening)
    care_keys.begin_epoch(evening + timedelta(days=91), after=1)
    care_keys.publish()
    PublishedKey.objects.filter(epoch=2).delete()

    (one,) = recipients.recipients()
    assert one.name in care_keys.secrets()
