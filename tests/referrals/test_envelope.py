"""Envelopes of referrals: open for who may, closed for everybody else, and nothing in between."""

import os
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peersupport.core import ids
from peersupport.core.crypto import CannotOpen
from referrals import envelope
from referrals.envelope import BLOCK, LONGEST, Envelope, NoRecipient, Recipient, TooLong, Wrap

CANARY = b"canary-7f3a: I cannot sleep"
ONE, TWO, OTHER = (os.urandom(32) for _ in range(3))
HERE, ELSEWHERE = ids.new_id(), ids.new_id()


def _keys(*secrets: bytes) -> dict[str, bytes]:
    return {envelope.recipient_of(secret).name: secret for secret in secrets}


def _sealed(plain: bytes = CANARY, referral: UUID = HERE) -> Envelope:
    to = [envelope.recipient_of(secret) for secret in (ONE, TWO)]
    return envelope.seal(plain, referral=referral, recipients=to)


def _opens(one: Envelope, keys: dict[str, bytes], referral: UUID = HERE) -> bytes:
    return envelope.open_envelope(one, referral=referral, secrets=keys)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=3 * BLOCK) | st.just(b"\x80\0\0") | st.just(b"\0" * 9))
def test_each_recipient_opens_all_of_it(plain: bytes) -> None:
    made = _sealed(plain)
    assert _opens(made, _keys(ONE)) == _opens(made, _keys(TWO)) == plain
    assert len({wrap.sealed for wrap in made.wraps}) == 2


def test_length_says_nothing_and_two_of_the_same_differ() -> None:
    short, long = _sealed(b""), _sealed(b"x" * (BLOCK - 1))
    assert len(short.blob) == len(long.blob) < len(_sealed(b"x" * BLOCK).blob)
    assert _sealed().blob != _sealed().blob
    with pytest.raises(TooLong):
        _sealed(b"x" * (LONGEST + 1))
    assert _opens(_sealed(b"x" * LONGEST), _keys(ONE)) == b"x" * LONGEST
    with pytest.raises(NoRecipient):
        envelope.seal(CANARY, referral=HERE, recipients=[])


def _refused(one: Envelope, keys: dict[str, bytes], referral: UUID = HERE) -> None:
    with pytest.raises(CannotOpen) as caught:
        _opens(one, keys, referral)
    assert str(caught.value) == "This cannot be opened."
    assert b"canary" not in repr(one).encode()


def test_wrong_missing_and_unknown_keys() -> None:
    made = _sealed()
    named_wrongly = {envelope.recipient_of(ONE).name: OTHER}
    for keys in ({}, _keys(OTHER), named_wrongly, {made.wraps[0].recipient: b"short"}):
        _refused(made, keys)
    _refused(replace(made, wraps=()), _keys(ONE))
    _refused(replace(made, wraps=(made.wraps[1],)), _keys(ONE))


@pytest.mark.parametrize("keep", [0, 1, 5, 16, 17, 33, 100, BLOCK, -17, -1])
def test_cut_blobs_and_wraps(keep: int) -> None:
    made = _sealed()
    _refused(replace(made, blob=made.blob[:keep]), _keys(ONE))
    for wrap in made.wraps:
        shorter = Wrap(wrap.recipient, wrap.sealed[: keep % len(wrap.sealed)])
        _refused(replace(made, wraps=(shorter,)), _keys(ONE, TWO))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_flipped_bit_anywhere(data: st.DataObject) -> None:
    made = _sealed()
    at = data.draw(st.integers(0, len(made.blob) * 8 - 1))
    blob = bytearray(made.blob)
    blob[at // 8] ^= 1 << at % 8
    _refused(replace(made, blob=bytes(blob)), _keys(ONE))


def test_nothing_moves_to_another_referral() -> None:
    mine, theirs = _sealed(), _sealed(b"other", ELSEWHERE)
    _refused(mine, _keys(ONE), ELSEWHERE)
    _refused(replace(mine, blob=theirs.blob), _keys(ONE))
    _refused(replace(mine, wraps=theirs.wraps), _keys(ONE))
    _refused(replace(theirs, wraps=mine.wraps), _keys(ONE), ELSEWHERE)


def test_a_broken_wrap_does_not_hide_a_good_one() -> None:
    made = _sealed()
    broken = replace(made.wraps[0], sealed=b"junk" * 30)
    assert _opens(replace(made, wraps=(broken, made.wraps[1])), _keys(ONE, TWO)) == CANARY


def test_rotating_wraps_anew_and_the_old_key_may_go() -> None:
    made = _sealed()
    to = envelope.recipient_of(OTHER)
    wrap = envelope.wrap_for(made, referral=HERE, secrets=_keys(ONE), to=to)
    rotated = replace(made, wraps=(wrap,))
    assert rotated.blob == made.blob
    assert _opens(rotated, _keys(OTHER)) == CANARY
    _refused(rotated, _keys(ONE, TWO))
    with pytest.raises(CannotOpen):
        envelope.wrap_for(made, referral=ELSEWHERE, secrets=_keys(ONE), to=to)
    with pytest.raises(CannotOpen):  # nothing is wrapped for what is broken
        envelope.wrap_for(
            replace(made, blob=made.blob[:-1]), referral=HERE, secrets=_keys(ONE), to=to
        )


def test_the_web_side_cannot_open_what_it_makes() -> None:
    """All it has is public keys; the data key lives in memory for one call."""
    made = envelope.seal(CANARY, referral=HERE, recipients=[Recipient(os.urandom(32))])
    assert CANARY not in made.blob + b"".join(wrap.sealed for wrap in made.wraps)
    _refused(made, {made.wraps[0].recipient: bytes.fromhex(made.wraps[0].recipient) * 2})
