"""Drafts as the browser that began them reads them. Nobody else has the key.

A browser's cookie holds 32 random bytes. From them follow the row's key, what it is sealed under,
the secret half of the key to which supporters' words are sealed, and the key by which sending
twice is sending once. Nothing of them is kept here.
"""

import json
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from peersupport.core.crypto import CannotOpen, derive, open_box, seal_box
from referrals.content import Reach
from referrals.envelope import BLOCK, LONGEST, TooLong
from referrals.models import Attachment, Draft

RECEIPT, ACCOUNT = "receipt", "account"
MOST_ATTACHED = 3
_VERSION = 1


class Gone(Exception):
    """There is no such draft: it is over, was sent, or belongs to another browser."""


@dataclass(frozen=True, slots=True)
class Handle:
    """What follows from the bytes in a browser's cookie. Its repr shows nothing."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> uuid.UUID:
        """The key of the draft's row."""
        return uuid.UUID(bytes=derive(self.secret, "draft|row")[:16])

    @property
    def key(self) -> bytes:
        """What the answers are sealed under."""
        return derive(self.secret, "draft|seal")

    @property
    def pair(self) -> PrivateKey:
        """The key to which a supporter's words are sealed."""
        return PrivateKey(derive(self.secret, "draft|attach"))

    @property
    def request_key(self) -> uuid.UUID:
        """By which sending twice is sending once."""
        return uuid.UUID(bytes=derive(self.secret, "draft|sent")[:16])

    @property
    def context(self) -> str:
        """What the sealed answers are bound to."""
        return f"referrals.Draft|{self.id.hex}|{_VERSION}"


def new_handle() -> Handle:
    """Return the handle of a draft that is about to begin."""
    return Handle(secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered so far. Its repr shows nothing.

    `keep` is how it is kept: by receipt, or on the account of `person`. On a borrowed phone
    `is_borrowed`: then nothing touches whoever is signed in. None means not answered yet.
    """

    keep: str = ""
    person: uuid.UUID | None = field(default=None, repr=False)
    is_borrowed: bool = False
    urgency: str = ""
    words: str = field(default="", repr=False)
    name: str | None = field(default=None, repr=False)
    pronouns: str = field(default="", repr=False)
    reach: tuple[Reach, ...] = field(default=(), repr=False)
    times: str = field(default="", repr=False)
    voicemail: bool = False
    not_by: tuple[uuid.UUID, ...] | None = field(default=None, repr=False)
    code: str = field(default="", repr=False)


def seal_answers(handle: Handle, answers: Answers) -> bytes:
    """Return answers sealed for their browser, of few lengths. Raises TooLong."""
    said: dict[str, Any] = asdict(answers)
    said["person"] = answers.person.hex if answers.person else None
    said["not_by"] = None if answers.not_by is None else [one.hex for one in answers.not_by]
    plain = json.dumps(said, ensure_ascii=False).encode()
    if len(plain) > LONGEST:
        raise TooLong
    filled = plain + b" " * (-len(plain) % BLOCK)
    return seal_box(handle.key, filled, version=_VERSION, context=handle.context)


def _opened(handle: Handle, sealed: bytes) -> Answers:
    said = json.loads(open_box(handle.key, sealed, context=handle.context))
    not_by = said["not_by"]
    return Answers(
        **{
            **said,
            "person": uuid.UUID(said["person"]) if said["person"] else None,
            "reach": tuple(Reach(**one) for one in said["reach"]),
            "not_by": None if not_by is None else tuple(map(uuid.UUID, not_by)),
        }
    )


def read(handle: Handle, now: datetime) -> Answers:
    """Return what was answered so far. Raises Gone: one answer, whatever the reason."""
    row = Draft.objects.filter(pk=handle.id, until__gt=now).values_list("sealed").first()
    if row is None:
        raise Gone
    try:
        return _opened(handle, bytes(row[0]))
    except CannotOpen:
        raise Gone from None


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a supporter that wait in a draft. Its repr shows nothing."""

    id: uuid.UUID
    by: str = field(repr=False)
    words: str = field(repr=False)
    person: uuid.UUID = field(repr=False)


def words_for(handle: Handle, answers: Answers) -> list[Words]:
    """Return the words that supporters attached, in the order of their names.

    What the student wrote themselves, as a supporter, is no supporter's word: it is left out.
    """
    waiting = Attachment.objects.filter(draft=handle.id, state=Attachment.State.WAITING)
    box, found = SealedBox(handle.pair), []
    for key, sealed in waiting.values_list("pk", "sealed"):
        try:
            said = json.loads(box.decrypt(bytes(sealed or b"")))
        except (CryptoError, ValueError, TypeError):
            continue  # not sealed to this browser: it says nothing here
        one = Words(key, said["by"], said["words"], uuid.UUID(said["person"]))
        if one.person != answers.person:
            found.append(one)
    return sorted(found, key=lambda one: (one.by, one.id))


def code_until(handle: Handle, now: datetime) -> datetime | None:
    """Return until when the code of a draft lets a supporter attach words; None if it does not."""
    return (
        Draft.objects.filter(pk=handle.id, code_until__gt=now)
        .values_list("code_until", flat=True)
        .first()
    )
