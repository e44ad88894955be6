"""Tags: found for this half-year and the one before, and meaningless afterwards in any copy."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from peersupport.core import ids
from peersupport.core.keyfiles import KeysUnusable
from referrals import tagkey

NOV = datetime(2026, 11, 23, 22, tzinfo=UTC)
FEB = datetime(2027, 2, 1, tzinfo=UTC)
JULY = datetime(2027, 7, 1, tzinfo=UTC)
ANA, BEN = ids.new_id(), ids.new_id()


def test_half_years_begin_in_january_and_july() -> None:
    halves = [
        tagkey.half_of(datetime(2026, 6, 30, 23, 59, tzinfo=UTC)),
        tagkey.half_of(datetime(2026, 7, 1, tzinfo=UTC)),
        tagkey.half_of(datetime(2026, 12, 31, 23, tzinfo=UTC)),
        tagkey.half_of(datetime(2027, 1, 1, tzinfo=UTC)),
    ]
    assert [half - halves[0] for half in halves] == [0, 1, 1, 2]


def test_a_tag_is_found_in_its_half_year_and_in_the_next(keys_dir: Path) -> None:
    tag = tagkey.tag_for(ANA, NOV)

    assert len(tag) == 32
    assert tag in tagkey.tags_for(ANA, NOV)
    assert tag in tagkey.tags_for(ANA, FEB)
    assert tag not in tagkey.tags_for(ANA, JULY)
    assert tag not in tagkey.tags_for(BEN, NOV)
    assert tagkey.tag_for(ANA, FEB) != tag


def test_supporters_and_students_have_tags_of_their_own(keys_dir: Path) -> None:
    assert tagkey.tag_for(ANA, NOV) != tagkey.tag_for(ANA, NOV, tagkey.SUPPORTER)


def test_the_same_tags_are_found_when_the_file_has_moved_on(keys_dir: Path) -> None:
    before = tagkey.tags_for(ANA, FEB)

    assert tagkey.advance(FEB) == 1
    assert tagkey.tags_for(ANA, FEB) == before
    assert tagkey.advance(FEB) == 0
    assert tagkey.advance(NOV) == 0


def test_an_older_tag_cannot_be_made_again_from_what_is_left(keys_dir: Path) -> None:
    """The control: with the file as it was, the walk leads to the tag."""
    path = keys_dir / tagkey.FILE
    old_file, tag = path.read_bytes(), tagkey.tag_for(ANA, NOV)
    tagkey.advance(JULY)

    state = json.loads(path.read_bytes())
    assert old_file != path.read_bytes()
    assert state["half"] == tagkey.half_of(JULY) - 1
    for now in (NOV, FEB, JULY):
        assert tag not in tagkey.tags_for(ANA, now)
    path.write_bytes(old_file)
    assert tag in tagkey.tags_for(ANA, NOV)


def test_nothing_of_the_old_key_stays_in_its_blocks(keys_dir: Path) -> None:
    path = keys_dir / tagkey.FILE
    with path.open("rb") as held:
        old = held.read()
        tagkey.advance(JULY)
        held.seek(0)
        assert held.read() == b"\0" * len(old)


def test_whoever_has_no_key_cannot_enumerate(keys_dir: Path) -> None:
    tag = tagkey.tag_for(ANA, NOV)

    guesses = {hmac.new(key, ANA.bytes, hashlib.sha256).digest() for key in (b"", b"\0" * 32)}
    assert tag not in guesses | {hashlib.sha256(ANA.bytes).digest()}


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": 1, "half": 1, "key": "AAAA"}'])
def test_a_broken_file_is_refused(keys_dir: Path, content: bytes) -> None:
    path = keys_dir / tagkey.FILE
    path.write_bytes(content)

    with pytest.raises(KeysUnusable):
        tagkey.tag_for(ANA, NOV)
    with pytest.raises(KeysUnusable):
        tagkey.check()


def test_a_file_that_others_can_read_is_refused(keys_dir: Path) -> None:
    tagkey.check()
    (keys_dir / tagkey.FILE).chmod(0o644)
    with pytest.raises(KeysUnusable):
        tagkey.check()


def test_it_is_made_once(keys_dir: Path) -> None:
    before = (keys_dir / tagkey.FILE).read_bytes()
    assert tagkey.create(NOV) is False
    assert (keys_dir / tagkey.FILE).read_bytes() == before
