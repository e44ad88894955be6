"""Delivering: claim due rows under a lease, re-check, send, mark each at its acceptance.

Claiming in batches and marking one by one lost nothing and repeated at most one message per
killed worker when it was measured; marking a batch at once repeated up to the batch
(docs/decisions/0005-outbox.md). Each side of the program sends its own kinds and leaves the
other's alone (docs/decisions/0025-the-ladder.md).
"""

import logging
import smtplib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError

from peersupport.core.outbox import errors, kinds, marks, notes
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.models import Outgoing

_log = logging.getLogger(__name__)
HELD = timedelta(minutes=15)
# What was in hand when a round stopped waits behind the others: it may be what stopped it.
BEHIND = timedelta(minutes=1)
# A round ends after this many seconds, so that other timers of the same worker get their turn.
ROUND = 20.0
_NOTE_EVERY = 15.0
# So many in a row that break off, or are refused, are not about the messages any more.
MOST_BROKEN, MOST_REFUSED = 3, 20


@dataclass(slots=True)
class DrainResult:
    """What one drain did."""

    sent: int = 0
    dropped: int = 0
    retried: int = 0
    dead: int = 0
    stopped_by: Trouble | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether nobody's mail could be sent, so that the rest was left as it was."""
        return self.stopped_by is not None


class _Stop(Exception):
    """Something that concerns every message: no further one is tried in this round."""

    def __init__(self, why: Trouble) -> None:
        super().__init__()
        self.why = why


@dataclass(slots=True)
class _Round:
    """One round of delivering."""

    now: Callable[[], datetime]
    before: str  # what stopped the round before this one
    post: BaseEmailBackend = field(default_factory=get_connection)
    result: DrainResult = field(default_factory=DrainResult)
    broken: int = 0
    refused: int = 0
    opened: bool = False

    def open(self) -> None:
        """Open the connection unless it is open. Raises _Stop if there is none to be had."""
        try:
            self.post.open()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise _Stop(errors.at_opening(error)) from None
        self.opened = True

    def close(self) -> None:
        """Drop a connection, even a broken one; the next message opens a fresh one."""
        try:
            self.post.close()
        except (smtplib.SMTPException, OSError):
            self.post.connection = None  # type: ignore[attr-defined]

    def accepted(self) -> None:
        """Note that the server takes mail."""
        self.broken = self.refused = 0
        self.before = ""

    def deliver(self, row: Outgoing, token: uuid.UUID) -> None:
        """Deliver one message and mark it. Raises _Stop if it is not about this message."""
        now, kind = self.now(), kinds.kind_of(row.kind)
        if kind is None:
            self.result.dead += 1
            return marks.dead(row, token, Trouble.KIND, now)
        try:
            said = kinds.verdict(kind, row, now)
            letter = None
            if said == "pass" and row.expires_at > now:
                letter = kind.compose(row, now)
            mail = _mail(row, letter, self.post) if letter is not None else None
        except (OperationalError, InterfaceError):
            raise  # the database is gone: nothing is known about this message
        except Exception:
            _log.exception("a message of kind %s could not be made", row.kind)
            return self._later(row, token, Trouble.MADE)
        if said == "hold":
            return marks.hold(row, token, now + HELD)
        if mail is None:
            self.result.dropped += 1
            return marks.end(row, token, Outgoing.State.DROPPED, now, keep=kind.keep_row)
        self.open()
        trouble = self._hand_over(mail, row.kind)
        if trouble is not None:
            return self._failed(row, token, trouble, mail.to[0])
        marks.end(row, token, Outgoing.State.SENT, now, keep=kind.keep_row)
        self.result.sent += 1
        return self.accepted()

    def _hand_over(self, mail: EmailMultiAlternatives, kind: str) -> Trouble | None:
        try:
            mail.send()
        except Exception as error:
            trouble = errors.at_sending(error)
            if trouble is Trouble.MADE:
                _log.exception("a message of kind %s could not be made", kind)
            return trouble
        return None

    def _failed(self, row: Outgoing, token: uuid.UUID, trouble: Trouble, to: str) -> None:
        if trouble is Trouble.CREDENTIALS:
            marks.hold(row, token, self.now() + BEHIND)
            raise _Stop(trouble)
        if trouble is Trouble.SERVER:
            self.close()
            self.broken += 1
            self._later(row, token, trouble)
            if self.broken >= MOST_BROKEN:
                raise _Stop(trouble)
            return
        if trouble in (Trouble.ADDRESS, Trouble.MESSAGE):
            self._refused(row, token, trouble, to)
        else:
            self._later(row, token, trouble)

    def _refused(self, row: Outgoing, token: uuid.UUID, trouble: Trouble, to: str) -> None:
        """Give one message up for good, unless everybody's are refused."""
        self.refused += 1
        now = self.now()
        if self.refused > MOST_REFUSED or self.before == Trouble.REFUSING:
            marks.hold(row, token, now + BEHIND)
            raise _Stop(Trouble.REFUSING)
        marks.dead(row, token, trouble, now)
        self.result.dead += 1
        if trouble is Trouble.ADDRESS:
            kinds.tell_refused(row, to, now)

    def _later(self, row: Outgoing, token: uuid.UUID, trouble: Trouble) -> None:
        if marks.later(row, token, trouble, self.now()):
            self.result.retried += 1
        else:
            self.result.dead += 1


def _mail(row: Outgoing, letter: kinds.Letter, post: BaseEmailBackend) -> EmailMultiAlternatives:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[letter.to],
        headers={
            "Message-ID": f"<{row.message_id}@{domain}>",
            "Auto-Submitted": "auto-generated",
            **letter.headers,
        },
        connection=post,
    )
    mail.attach_alternative(letter.html, "text/html")
    return mail


def _batch(turn: _Round, token: uuid.UUID, rows: list[Outgoing]) -> None:
    """Deliver one batch, renewing the lease; what somebody else claimed meanwhile is theirs."""
    mine = {row.pk for row in rows}
    began = turn.now()
    try:
        for row in rows:
            moment = turn.now()
            # Set back as well: then others take our lease for one that nobody holds.
            if not began <= moment < began + marks.RENEW:
                mine, began = marks.renew(token, moment), moment
            if row.pk in mine:
                turn.deliver(row, token)
    finally:
        marks.release(token)


def drain(
    *,
    now: Callable[[], datetime],
    limit: int = 20_000,
    within: float = ROUND,
) -> DrainResult:
    """Deliver up to `limit` due messages of this side over one connection, for `within` seconds.

    `now` is asked again for each message, since a slow server makes a batch long. Safe to run in
    any number of processes at once, to be killed at any point, and to run late.
    """
    turn = _Round(now, notes.trouble())
    began = noted = time.monotonic()
    seen = 0
    try:
        if turn.before:
            turn.open()  # with nothing due, too, an alarm that is over must end
        while seen < limit and time.monotonic() - began < within:
            token, rows = marks.claim(now=now(), limit=min(marks.BATCH, limit - seen))
            if not rows:
                break
            seen += len(rows)
            _batch(turn, token, rows)
            if time.monotonic() - noted > _NOTE_EVERY:
                noted = time.monotonic()
                notes.note_good(now(), is_mended=turn.opened)
    except _Stop as stop:
        turn.result.stopped_by = stop.why
        _log.error("no mail can be sent (%s); it waits", stop.why)
        notes.note_stopped(stop.why, turn.before, now())
    else:
        notes.note_good(now(), is_mended=turn.opened)
    finally:
        turn.close()
    return turn.result
