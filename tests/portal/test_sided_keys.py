"""No host has the keys of the other side; each has its own, whole and for itself alone."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from peersupport.core import crypto, daykey, keyfiles
from peersupport.core.keyfiles import KeysUnusable
from peersupport.portal import sided_keys, startup
from referrals import care_keys

WEB = ("keyring.json", "daykey.json", "tagkey.json")
CARE = ("care-root.key", "care-epochs.json", "care.key", "care-keyring.json")
PINNED = ("care-root.pub", "care.pub")


@pytest.fixture
def whole(keys_dir: Path, evening: datetime) -> Path:
    """A directory with the keys of both sides, as the demo has it."""
    care_keys.create(keys_dir, evening)
    (keys_dir / "tagkey.json").touch(mode=0o600)
    return keys_dir


def _only(directory: Path, names: tuple[str, ...], settings: Any) -> Path:
    """Return a host of its own with these files."""
    host = directory.parent / "host"
    for name in names:
        keyfiles.write_private(host / name, (directory / name).read_bytes())
    settings.KEYS_DIR = host
    crypto.forget_keyring()
    return host


@pytest.mark.parametrize("plane", ["web", "worker"])
def test_the_web_side_starts_with_its_own_and_what_is_pinned(
    whole: Path, settings: Any, plane: str
) -> None:
    settings.PLANE = plane
    _only(whole, WEB + PINNED, settings)
    sided_keys.check_own()
    assert sided_keys.fault_of_place() == ""
    _only(whole, WEB, settings)  # it starts without, and says so where it matters
    sided_keys.check_own()
    assert sided_keys.fault_of_place() == ""


@pytest.mark.parametrize("plane", ["web", "worker"])
@pytest.mark.parametrize("name", CARE)
def test_the_web_side_refuses_every_key_that_opens(
    whole: Path, settings: Any, plane: str, name: str
) -> None:
    settings.PLANE = plane
    _only(whole, (*WEB, name), settings)

    assert name in sided_keys.fault_of_place()
    assert "Move them there and delete them here." in sided_keys.fault_of_place()


def test_the_care_side_starts_with_its_own(whole: Path, settings: Any) -> None:
    settings.PLANE = "care"
    _only(whole, CARE + PINNED, settings)
    sided_keys.check_own()
    assert sided_keys.fault_of_place() == ""


@pytest.mark.parametrize("name", WEB)
def test_the_care_side_refuses_what_knows_who_came(whole: Path, settings: Any, name: str) -> None:
    settings.PLANE = "care"
    _only(whole, (*CARE, *PINNED, name), settings)
    assert name in sided_keys.fault_of_place()


@pytest.mark.parametrize("name", [*CARE, "care-root.pub"])
@pytest.mark.parametrize("how", ["missing", "malformed", "open to others"])
def test_the_care_side_refuses_a_store_that_is_not_whole(
    whole: Path, settings: Any, name: str, how: str
) -> None:
    settings.PLANE = "care"
    path = _only(whole, CARE + PINNED, settings) / name
    if how == "missing":
        path.unlink()
    elif how == "malformed":
        path.write_bytes(b"{}")
    else:
        path.chmod(0o640)

    with pytest.raises(KeysUnusable, match=name):
        sided_keys.check_own()
    with pytest.raises(startup.RefusedToStart, match=name):
        startup._check_keys()


def test_the_demo_has_both(whole: Path, settings: Any) -> None:
    settings.PLANE = "all"
    sided_keys.check_own()
    assert sided_keys.fault_of_place() == ""
    assert daykey.lineage()
