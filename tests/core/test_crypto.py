"""The keyring and the day key fail closed."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from peersupport.core import crypto, daykey
from peersupport.core.crypto import CannotOpen, Keyring, KeysUnusable
from peersupport.core.daykey import Forgotten

RING = Keyring(current=2, versions={1: b"a" * 32, 2: b"b" * 32})
DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_what_was_sealed_opens_also_after_a_rotation() -> None:
    old = Keyring(current=1, versions={1: b"a" * 32})
    sealed = old.seal(b"words", purpose="p", context="c")

    assert RING.open(sealed, purpose="p", context="c") == b"words"
    assert RING.mac(b"m", purpose="p") == old.mac(b"m", purpose="p")


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_one_changed_bit_anywhere_opens_nothing(place: int) -> None:
    sealed = bytearray(RING.seal(b"words that are long", purpose="p", context="c"))
    sealed[place] ^= 1

    with pytest.raises(CannotOpen):
        RING.open(bytes(sealed), purpose="p", context="c")


@pytest.mark.parametrize("length", range(0, 45, 4))
def test_a_cut_value_opens_nothing(length: int) -> None:
    sealed = RING.seal(b"words", purpose="p", context="c")

    with pytest.raises(CannotOpen):
        RING.open(sealed[: min(length, len(sealed) - 1)], purpose="p", context="c")


@pytest.mark.parametrize("planted", [b"", b"plain text", b"\x01" * 60, b"\0" * 60])
def test_planted_text_is_never_shown_as_content(planted: bytes) -> None:
    with pytest.raises(CannotOpen):
        RING.open(planted, purpose="p", context="c")


def test_a_value_moved_elsewhere_opens_nothing() -> None:
    sealed = RING.seal(b"words", purpose="p", context="row 1")

    with pytest.raises(CannotOpen):
        RING.open(sealed, purpose="p", context="row 2")
    with pytest.raises(CannotOpen):
        RING.open(sealed, purpose="q", context="row 1")


def test_an_unknown_version_opens_nothing() -> None:
    sealed = RING.seal(b"words", purpose="p", context="c")

    with pytest.raises(CannotOpen):
        Keyring(current=1, versions={1: b"a" * 32}).open(sealed, purpose="p", context="c")


def test_nothing_printed_shows_a_key_or_a_reason() -> None:
    assert "aaaa" not in repr(RING)
    assert str(CannotOpen()) == "This cannot be opened."


def test_no_nonce_comes_twice() -> None:
    seen = {RING.seal(b"", purpose="p", context="c")[5:17] for _ in range(5000)}

    assert len(seen) == 5000


def test_a_day_can_seal_ahead_and_never_back(keys_dir: Path) -> None:
    ahead = DAY + timedelta(days=14)
    sealed = daykey.seal(ahead, b"words", context="c")
    then = datetime(2026, 12, 7, 12, tzinfo=UTC)

    daykey.advance(NOON)
    assert daykey.open_sealed(ahead, sealed, context="c", now=then) == b"words"
    with pytest.raises(Forgotten):
        daykey.seal(DAY - timedelta(days=3), b"words", context="c")


def test_many_open_as_each_of_them_does(keys_dir: Path) -> None:
    """The ratchet is walked once for all of them, in whatever order they are asked for."""
    now = datetime(2026, 12, 7, 12, tzinfo=UTC)
    days = [DAY + timedelta(days=n) for n in (30, 14, 0, 21, 14)]
    boxes = [(day, daykey.seal(day, b"words", context="c"), "c") for day in days]
    boxes.append((days[0], boxes[1][1], "c"))

    def alone(day: date, sealed: bytes, context: str) -> bytes | None:
        try:
            return daykey.open_sealed(day, sealed, context=context, now=now)
        except (daykey.Forgotten, daykey.CannotOpen):
            return None

    for _each in range(2):
        found = daykey.open_many(boxes, now=now)
        assert found == [alone(*box) for box in boxes]
        assert found == [b"words", b"words", None, b"words", b"words", None]
        daykey.advance(now)


def test_a_clock_set_back_moves_nothing_back(keys_dir: Path) -> None:
    daykey.advance(NOON)
    before = daykey.ratchet().day

    assert daykey.advance(NOON - timedelta(days=5)) == 0
    assert daykey.ratchet().day == before


def test_two_hosts_from_one_copy_agree(keys_dir: Path) -> None:
    other = daykey.ratchet()

    daykey.advance(NOON)

    assert daykey.ratchet().at(DAY + timedelta(days=3)) == other.at(DAY + timedelta(days=3))


def test_after_its_end_and_a_day_a_day_is_closed_to_the_second(keys_dir: Path) -> None:
    sealed = daykey.seal(DAY, b"words", context="c")
    gone = daykey.gone_at(DAY)

    last = gone - timedelta(microseconds=1)
    assert daykey.open_sealed(DAY, sealed, context="c", now=last) == b"words"
    with pytest.raises(Forgotten):
        daykey.open_sealed(DAY, sealed, context="c", now=gone)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", json.dumps({"format": 1, "current": 1, "versions": {"1": "eA=="}})]
)
def test_a_malformed_keyring_is_refused(keys_dir: Path, content: str) -> None:
    (keys_dir / "keyring.json").write_text(content)
    crypto.forget_keyring()

    with pytest.raises(KeysUnusable):
        crypto.keyring()
