"""What is not as it was sent opens nothing and says nothing; what is opened is written nowhere."""

import io
import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from peersupport.core import crypto, ids
from peersupport.core.crypto import CannotOpen
from peersupport.core.logs import PlainFormatter
from referrals import care_keys, envelope
from referrals.content import Attached, Content, NotContent, Reach, to_bytes
from referrals.models import (
    Counselor,
    Opening,
    Referral,
    Routed,
    Sealed,
    Wrap,
)
from referrals.services import opening
from tests.care import care_cast
from tests.referrals.care_host import (
    CANARY,
    outside,
    prepare,
    put_in,
    sent,
)
from tests.roles import SUPERUSER, acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]


@pytest.fixture(autouse=True)
def _host(keys_dir: Path, evening: datetime) -> None:
    prepare(keys_dir, evening)


@pytest.fixture
def dee(evening: datetime) -> Counselor:
    return care_cast(evening)["dee"]


def _open(referral: Referral, by: Counselor, now: datetime, what: str = "case") -> Content:
    return opening.open_case(referral=referral, counselor=by, what=what, now=now)


def _openings() -> list[str]:
    return list(Opening.objects.order_by("at", "what").values_list("what", flat=True))


def _chain_of(error: BaseException | None) -> list[BaseException]:
    """Return an error with everything that hangs on it, suppressed or not."""
    found: list[BaseException] = []
    todo = [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in found:
            found.append(one)
            todo += [one.__cause__, one.__context__]
    return found


def _refused(referral: Referral, by: Counselor, now: datetime) -> None:
    """It opens nothing, says always the same, holds nothing, and leaves both records."""
    before = _openings()
    with pytest.raises((CannotOpen, NotContent)) as caught:
        _open(referral, by, now)
    assert str(caught.value) in ("This cannot be opened.", "This is not what was sent.")
    for error in _chain_of(caught.value):
        assert CANARY not in repr(vars(error)) + repr(error.args)
        assert not isinstance(error, ValueError)  # a parser's holds the whole text
    assert sorted(_openings()) == sorted([*before, "case", "refused"])


# -- what is not as it was sent -------------------------------------------------------------------


def _flip(one: Referral, other: Referral) -> None:
    blob = bytearray(Sealed.objects.get(pk=one.pk).blob)
    blob[len(blob) // 2] ^= 1
    Sealed.objects.filter(pk=one.pk).update(blob=bytes(blob))


def _swap_rows(one: Referral, other: Referral) -> None:
    blob = Sealed.objects.get(pk=other.pk).blob
    Sealed.objects.filter(pk=one.pk).update(blob=bytes(blob))
    wrap = Wrap.objects.get(referral=other)
    Wrap.objects.filter(referral=one).update(sealed=bytes(wrap.sealed))


def _swap_fields(one: Referral, other: Referral) -> None:
    blob, wrap = Sealed.objects.get(pk=one.pk).blob, Wrap.objects.get(referral=one).sealed
    Sealed.objects.filter(pk=one.pk).update(blob=bytes(wrap))
    Wrap.objects.filter(referral=one).update(sealed=bytes(blob))


def _plant_plain(one: Referral, other: Referral) -> None:
    Sealed.objects.filter(pk=one.pk).update(blob=to_bytes(Content(words=CANARY)))


def _unknown_key(one: Referral, other: Referral) -> None:
    name = envelope.recipient_of(os.urandom(32)).name
    Wrap.objects.filter(referral=one).update(recipient=name)


def _cut(one: Referral, other: Referral) -> None:
    blob = Sealed.objects.get(pk=one.pk).blob
    Sealed.objects.filter(pk=one.pk).update(blob=bytes(blob)[:-20])


def _cut_wrap(one: Referral, other: Referral) -> None:
    wrap = Wrap.objects.get(referral=one).sealed
    Wrap.objects.filter(referral=one).update(sealed=bytes(wrap)[:40])


def _empty(one: Referral, other: Referral) -> None:
    Sealed.objects.filter(pk=one.pk).update(blob=b"")


def _gone(one: Referral, other: Referral) -> None:
    Sealed.objects.filter(pk=one.pk).delete()


def _no_wraps(one: Referral, other: Referral) -> None:
    Wrap.objects.filter(referral=one).delete()


def _old_format(one: Referral, other: Referral) -> None:
    blob = bytearray(Sealed.objects.get(pk=one.pk).blob)
    blob[0] = 0
    Sealed.objects.filter(pk=one.pk).update(blob=bytes(blob))


@pytest.mark.parametrize(
    "spoil",
    [
        *(_flip, _swap_rows, _swap_fields, _plant_plain, _unknown_key, _cut),
        *(_cut_wrap, _empty, _gone, _no_wraps, _old_format),
    ],
    ids=lambda one: one.__name__,
)
def test_what_is_not_as_it_was_sent_leaves_a_record_and_shows_nothing(
    evening: datetime, dee: Counselor, spoil: Callable[[Referral, Referral], None]
) -> None:
    one, other = sent(evening), sent(evening, words="the words of another")
    assert _open(one, dee, evening).words == CANARY
    with acting_as(SUPERUSER):
        spoil(one, other)

    _refused(one, dee, evening)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        CANARY.encode(),
        b"\xff" + CANARY.encode(),
        b"[]",
        b"null",
        json.dumps({"format": 0, "words": CANARY}).encode(),
        json.dumps({"format": 1, "words": CANARY, "kind": "other"}).encode(),
        json.dumps({"format": 1, "kind": "student", "words": CANARY}).encode(),
        to_bytes(Content(words=CANARY)).replace(b'"times"', b'"hours"'),
        to_bytes(Content(words=CANARY))[:-1],
    ],
)
def test_a_well_sealed_something_else_is_no_content(
    evening: datetime, dee: Counselor, plain: bytes
) -> None:
    """Whoever has the public key can seal anything: planted by code on the web side."""
    referral = put_in(outside(evening), plain)
    Routed.objects.create(referral=referral)

    _refused(referral, dee, evening)


def test_a_missing_or_broken_key_file_opens_nothing(
    evening: datetime, dee: Counselor, keys_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    referral = sent(evening)
    (keys_dir / "care-epochs.json").unlink()

    _refused(referral, dee, evening)
    assert "care_keys verify" in caplog.text
    care_keys.create(keys_dir, evening)  # keys of somebody else
    _refused(referral, dee, evening)


# -- nothing leaks --------------------------------------------------------------------------------


def test_whatever_is_sealed_prints_as_nothing(evening: datetime, dee: Counselor) -> None:
    referral = sent(evening)
    found = _open(referral, dee, evening)
    parts = [Reach("phone", CANARY), Attached(CANARY, CANARY), found, Content(voicemail=True)]

    assert {repr(one) for one in parts} == {"Reach()", "Attached()", "Content()"}
    assert {str(one) for one in parts} == {"Reach()", "Attached()", "Content()"}
    for row in (*Sealed.objects.all(), *Wrap.objects.all(), *Opening.objects.all()):
        assert CANARY not in repr(row)
        assert "Dee" not in repr(row)


def test_a_failure_with_the_content_at_hand_leaves_nothing_in_the_log(
    evening: datetime, dee: Counselor
) -> None:
    referral, out = sent(evening), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(PlainFormatter())
    log = logging.getLogger("referrals.test")
    log.addHandler(handler)
    try:
        found = _open(referral, dee, evening)
        words = found.words
        try:
            raise RuntimeError(words, found)
        except RuntimeError:
            log.exception("a page of the desk failed: %s", found)
    finally:
        log.removeHandler(handler)

    assert "RuntimeError" in out.getvalue()
    assert "Content()" in out.getvalue()
    assert CANARY not in out.getvalue()
    # Python's own way would have written it.
    error = RuntimeError(words)
    assert CANARY in logging.Formatter().formatException((type(error), error, None))


def test_no_two_envelopes_share_a_data_key_or_a_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand: 96 bits drawn from the system's own source, of which this sees the calls.

    A shared one would show in any number if the source were a counter or a seed; drawn by chance
    the hundred thousandth tells no more. Content is small here, so that each takes little time.
    """
    keys: list[bytes] = []
    real = crypto.seal_box

    def note(key: bytes, plain: bytes, **more: Any) -> bytes:
        keys.append(key)
        return real(key, plain, **more)

    monkeypatch.setattr(envelope, "seal_box", note)
    monkeypatch.setattr(envelope, "BLOCK", 64)
    to = [envelope.recipient_of(os.urandom(32))]
    nonces, wraps = set(), set()
    for _ in range(10_000):
        made = envelope.seal(b"same", referral=ids.new_id(), recipients=to)
        nonces.add(made.blob[5:17])
        wraps.add(made.wraps[0].sealed[:32])
    assert len(set(keys)) == len(nonces) == len(wraps) == 10_000
