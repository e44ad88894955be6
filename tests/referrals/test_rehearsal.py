"""Key stores: never a number twice, the wrong keys, and the rehearsal of loss and restore."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from peersupport.core import keyfiles
from peersupport.core.keyfiles import KeysUnusable
from referrals import care_keys
from referrals.models import PublishedKey, Sealed
from referrals.recipients import recipients
from referrals.services import rehearsing, rotation
from tests.referrals.care_host import prepare, sent
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


# -- numbers, wrong keys, losing and finding ------------------------------------------------------


def test_a_store_restored_from_before_a_rotation_never_uses_a_number_twice(
    host: Path, evening: datetime
) -> None:
    path = host / "care-epochs.json"
    old = path.read_bytes()
    rotation.rotate(now=evening + QUARTER)
    lost = care_keys.current()
    keyfiles.write_private(path, old)

    assert rotation.unlike_store() == [(2, "published without a key here")]
    done = rotation.rotate(now=evening + QUARTER)

    assert done.epoch == 3
    assert lost.recipient.name not in {one.name for one in recipients()}
    assert PublishedKey.objects.filter(epoch=2).count() == 0  # nobody could open what it seals


def test_with_the_wrong_or_no_keys_nothing_is_whole_and_everything_says_so(
    host: Path, evening: datetime
) -> None:
    referral = sent(evening)
    (host / "care-epochs.json").unlink()
    for act in (rotation.rotate, rotation.destroy_old):
        with pytest.raises(KeysUnusable):
            act(now=evening)
    assert rotation.tend(now=evening) == 0  # not here: nothing to keep
    assert not rotation.is_here()
    with pytest.raises(CommandError, match="care host"):
        call_command("care_keys", "verify")

    care_keys.create(host, evening)
    assert not rotation.is_whole(referral)
    with pytest.raises(CommandError, match="not as they must be"):
        call_command("care_keys", "verify", stdout=StringIO())


def test_the_rehearsal_shows_loss_restore_and_an_end(host: Path, evening: datetime) -> None:
    sent(evening)
    before = {path.name: path.read_bytes() for path in host.iterdir() if path.is_file()}

    steps = rehearsing.rehearse(now=evening)

    assert len(steps) == 9
    assert all(step.is_good for step in steps), [s.name for s in steps if not s.is_good]
    after = {path.name: path.read_bytes() for path in host.iterdir() if path.is_file()}
    assert after == before  # the store was only read
    assert not [path for path in host.iterdir() if path.is_dir()]


def _short(copy: Path) -> None:
    (copy / "care-keyring.json").unlink()


def _foreign(copy: Path) -> None:
    (copy / "care-epochs.json").unlink()
    (copy / "care-root.key").unlink()
    (copy / "care-root.pub").unlink(missing_ok=True)
    care_keys.create(copy, datetime(2026, 11, 23))


def _too_old(copy: Path) -> None:
    """Made before the last two rotations."""


@pytest.mark.parametrize("spoil", [_short, _foreign, _too_old], ids=lambda one: one.__name__)
def test_the_rehearsal_finds_a_copy_that_would_not_do(
    host: Path, evening: datetime, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    copy = tmp_path / "copy"
    rehearsing._copy(host, copy)
    sent(evening)
    if spoil is _too_old:
        for quarter in (1, 2):
            rotation.rotate(now=evening + quarter * QUARTER)
    spoil(copy)

    steps = rehearsing.rehearse(now=evening, copy=copy)
    assert [step.name for step in steps if not step.is_good]


def test_the_words_of_the_commands(
    host: Path, evening: datetime, frozen: None, tmp_path: Path, settings: Any
) -> None:
    one = sent(evening)

    def said(*words: str) -> str:
        out = StringIO()
        call_command("care_keys", *words, stdout=out)
        return out.getvalue()

    assert "Everything was published." in said("publish")
    assert "Epoch 1 goes on; it is over on 22 February 2027." in said("rotate")
    assert "Epoch 2 began" in said("rotate", "--early")
    assert "Wrapped 1 for it" not in said("rotate")
    assert "referrals: 1, all well" in said("verify")
    assert "NO" not in said("rehearse")
    assert "Destroyed again: 0 referrals" in said("restore")
    out = StringIO()
    call_command("care_verify", stdout=out)
    assert "links of the chain: 0, all well" in out.getvalue()
    with acting_as(SUPERUSER):
        Sealed.objects.update(blob=b"cut")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("care_verify", stdout=out)
    assert f"{one.code} does not open" in out.getvalue()

    with pytest.raises(CommandError, match="care host"):
        call_command("init_care_keys")
    settings.PLANE = "care"
    with pytest.raises(CommandError, match="already"):
        call_command("init_care_keys")
    settings.KEYS_DIR = tmp_path / "fresh"
    out = StringIO()
    call_command("init_care_keys", stdout=out)
    assert "care-root.pub" in out.getvalue()
    assert "care.pub" in out.getvalue()
    assert (tmp_path / "fresh" / "care-root.key").exists()
