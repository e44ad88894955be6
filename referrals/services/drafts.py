"""Drafts: answers on their way, and the code by which a supporter attaches words."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from peersupport.core import ids, locks
from peersupport.core.crypto import keyring
from referrals import rules, tagkey
from referrals.models import Attachment, Draft
from referrals.queries.drafts import (
    Answers,
    Gone,
    Handle,
    new_handle,
    read,
    seal_answers,
)

_TRIES = 5


def code_mark(code: str) -> bytes:
    """Return the mark of a code that is read aloud, however it is written down."""
    bare = "".join(code.upper().replace("-", "").split())
    return keyring().mac(bare.encode("utf-8", "surrogatepass"), purpose="draft|code")


def hold(handle_id: bytes) -> None:
    """Wait for whoever else writes into the same draft. Must be called inside a transaction."""
    locks.hold("draft", handle_id)


@transaction.atomic(durable=True)
def begin(*, answers: Answers, now: datetime, lasts: timedelta = rules.DRAFT_LASTS) -> Handle:
    """Begin a draft with the first answer; return what its browser must keep."""
    handle = new_handle()
    Draft.objects.bulk_create(
        [
            Draft(
                pk=handle.id,
                sealed=seal_answers(handle, answers),
                public=bytes(handle.pair.public_key),
                until=now + lasts,
            )
        ]
    )
    return handle


@transaction.atomic(durable=True)
def change(*, handle: Handle, now: datetime, **answered: Any) -> Answers:
    """Put answers into a draft; the others stay, in two tabs too. Raises Gone, TooLong."""
    hold(handle.id.bytes)
    answers = replace(read(handle, now), **answered)
    Draft.objects.filter(pk=handle.id).update(sealed=seal_answers(handle, answers))
    return answers


@transaction.atomic(durable=True)
def show_code(*, handle: Handle, now: datetime) -> Answers:
    """Give a draft a code to read aloud, for half an hour; an older one ends. Raises Gone."""
    hold(handle.id.bytes)
    answers = read(handle, now)
    for _ in range(_TRIES):
        code = ids.new_reference()
        if not Draft.objects.filter(code=code_mark(code)).exists():
            break
    answers = replace(answers, code=code)
    Draft.objects.filter(pk=handle.id).update(
        sealed=seal_answers(handle, answers),
        code=code_mark(code),
        code_until=now + rules.CODE_LASTS,
    )
    return answers


@transaction.atomic(durable=True)
def discard(*, handle: Handle) -> None:
    """Throw a draft away, with the words that wait in it. Twice is the same as once."""
    hold(handle.id.bytes)
    Attachment.objects.filter(draft=handle.id, state=Attachment.State.WAITING).update(
        state=Attachment.State.GONE, sealed=None
    )
    Draft.objects.filter(pk=handle.id).delete()


@transaction.atomic(durable=True)
def _forget(now: datetime) -> int:
    over = Draft.objects.filter(until__lte=now)
    waiting = Attachment.objects.filter(state=Attachment.State.WAITING)
    waiting.filter(draft__until__lte=now).update(state=Attachment.State.GONE, sealed=None)
    return over.delete()[0] + Attachment.objects.filter(until__lte=now).delete()[0]


def forget_drafts(*, now: datetime) -> int:
    """Delete drafts after two hours, with what was attached to them. Returns how many.

    The key of tags moves on in the same pass, on every web host.
    """
    try:
        return _forget(now)
    finally:
        tagkey.advance(now)


__all__ = [
    "Gone",
    "begin",
    "change",
    "code_mark",
    "discard",
    "forget_drafts",
    "hold",
    "show_code",
]
