"""Key files on the wrong side's host, and on the right one."""

from pathlib import Path
from typing import Any

import pytest

from peersupport.core import crypto, keyfiles
from peersupport.portal.key_places import fault_of
from peersupport.portal.startup import RefusedToStart, refuse_unsafe_start

WEB = (keyfiles.KEYRING, keyfiles.DAYKEY)
CARE = (
    keyfiles.CARE_KEYRING,
    keyfiles.CARE_ROOT_KEY,
    keyfiles.CARE_EPOCHS,
    keyfiles.CARE_KEY,
)
PUBLIC = (keyfiles.CARE_ROOT_PUB, keyfiles.CARE_PUB)


def _host(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).touch()
    return place


@pytest.mark.parametrize("plane", ["web", "worker"])
def test_a_host_of_the_web_side(tmp_path: Path, plane: str) -> None:
    assert fault_of(plane, _host(tmp_path, *WEB, *PUBLIC, "tagkey.json")) == ""
    assert fault_of(plane, _host(tmp_path, *WEB)) == ""  # "more help" says that it cannot now


@pytest.mark.parametrize("plane", ["web", "worker"])
@pytest.mark.parametrize("secret", CARE)
def test_a_secret_of_the_care_side_on_the_web_side(
    tmp_path: Path, plane: str, secret: str
) -> None:
    assert secret in fault_of(plane, _host(tmp_path, *WEB, secret))


def test_the_care_host(tmp_path: Path) -> None:
    assert fault_of("care", _host(tmp_path, *CARE, *PUBLIC)) == ""


@pytest.mark.parametrize("secret", [*WEB, "tagkey.json"])
def test_a_key_of_the_web_side_on_the_care_host(tmp_path: Path, secret: str) -> None:
    assert secret in fault_of("care", _host(tmp_path, *CARE, secret))


@pytest.mark.parametrize("missing", CARE)
def test_the_care_host_without_its_own(tmp_path: Path, missing: str) -> None:
    here = _host(tmp_path, *(name for name in CARE if name != missing))

    assert missing in fault_of("care", here)
    assert "init_care_keys" in fault_of("care", here)


def test_the_demo_has_everything_in_one_place(tmp_path: Path) -> None:
    assert fault_of("all", _host(tmp_path, *WEB, *CARE)) == ""


def test_the_start_asks(settings: Any, keys_dir: Path) -> None:
    keyfiles.write_private(keys_dir / keyfiles.CARE_KEYRING, keyfiles.new_keyring())

    with pytest.raises(RefusedToStart, match=r"care-keyring\.json"):
        refuse_unsafe_start()
    (keys_dir / keyfiles.CARE_KEYRING).unlink()
    crypto.forget_keyring()
