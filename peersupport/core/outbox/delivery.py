"""Delivering: claim due rows under a lease, re-check, send, mark each at its acceptance.

Claiming in batches and marking one by one lost nothing and repeated at most one message per
killed worker when it was measured; marking a batch at once repeated up to the batch
(docs/decisions/0005-outbox.md). Each side of the program sends its own kinds and leaves the
other's alone (docs/decisions/0025-the-ladder.md).
"""

import contextlib
import logging
import smtplib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from peersupport.core.outbox import batches, errors, kinds, marks, notes
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.post import Post

_log = logging.getLogger(__name__)
HELD = timedelta(minutes=15)
# What was in hand when a round stopped waits behind the others: it may be what stopped it.
BEHIND = timedelta(minutes=1)
# A round ends after this many seconds, so that other timers of the same worker get their turn.
ROUND = 20.0
# A batch that takes longer gives back what is left of it, so that what is urgent gets its turn.
SLOW = 3.0
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


class _Lost(Exception):
    """Somebody else has claimed what we had in hand: the lease is over."""


@dataclass(slots=True)
class _Round:
    """One round of delivering.

    `unmarked` ends the one message that was accepted and is not marked yet. That is done while
    the server thinks about the next one's envelope, and before any of its words are sent: so a
    worker that is killed repeats one message at most.
    """

    now: Callable[[], datetime]
    before: str  # what stopped the round before this one
    post: Post = field(default_factory=Post)
    result: DrainResult = field(default_factory=DrainResult)
    broken: int = 0
    refused: int = 0
    opened: bool = False
    unmarked: Callable[[], bool] | None = None

    def open(self) -> None:
        """Open the connection unless it is open. Raises _Stop if there is none to be had."""
        try:
            self.post.open()
        except (smtplib.SMTPException, OSError) as error:
            self.post.close()
            raise _Stop(errors.at_opening(error)) from None
        self.opened = True

    def accepted(self) -> None:
        """Note that the server takes mail."""
        self.broken = self.refused = 0
        self.before = ""

    def settle(self) -> None:
        """Mark what was accepted. Raises _Lost if it was not ours any more."""
        mark, self.unmarked = self.unmarked, None
        if mark is not None and not mark():
            raise _Lost

    def finish(self) -> None:
        """Mark what was accepted, whatever ends the batch."""
        with contextlib.suppress(_Lost):
            self.settle()

    def deliver(self, row: Outgoing, token: uuid.UUID) -> None:
        """Deliver one message and mark it. Raises _Stop if it is not about this message."""
        now, kind = self.now(), kinds.kind_of(row.kind)
        if kind is None:
            self.result.dead += 1
            return marks.dead(row, token, Trouble.KIND, now)
        try:
            said, letter = _looked_at(kind, row, now)
        except (OperationalError, InterfaceError):
            raise  # the database is gone: nothing is known about this message
        except Exception:
            _log.exception("a message of kind %s could not be made", row.kind)
            return self._later(row, token, Trouble.MADE)
        if letter is not None:
            return self._send(row, token, letter, keep=kind.keep_row)
        if said == "hold":
            return marks.hold(row, token, now + HELD)
        if isinstance(said, kinds.Until):
            return marks.hold(row, token, said.moment)
        self.result.dropped += 1
        return marks.drop(row, token, now, keep=kind.keep_row)

    def _send(self, row: Outgoing, token: uuid.UUID, letter: kinds.Letter, *, keep: bool) -> None:
        self.open()
        trouble = self._hand_over(letter, row)
        if trouble is not None:
            return self._failed(row, token, trouble, letter.to)
        now = self.now()
        self.unmarked = lambda: marks.sent(row, token, now, keep=keep)
        self.result.sent += 1
        return self.accepted()

    def _hand_over(self, letter: kinds.Letter, row: Outgoing) -> Trouble | None:
        try:
            self.post.hand_over(letter, str(row.message_id), self.settle)
        except (OperationalError, InterfaceError, _Lost):
            raise  # of the mark of the one before: this letter is not on its way
        except Exception as error:
            trouble = errors.at_sending(error)
            if trouble is Trouble.MADE:
                _log.exception("a message of kind %s could not be made", row.kind)
            return trouble
        return None

    def _failed(self, row: Outgoing, token: uuid.UUID, trouble: Trouble, to: str) -> None:
        if trouble is Trouble.CREDENTIALS:
            marks.hold(row, token, self.now() + BEHIND)
            raise _Stop(trouble)
        if trouble is Trouble.SERVER:
            self.post.close()
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


def _looked_at(
    kind: kinds.Kind, row: Outgoing, now: datetime
) -> tuple[kinds.Verdict, kinds.Letter | None]:
    """Ask the gates and the live thing; return what they say, and the letter if it goes."""
    said = kinds.verdict(kind, row, now)
    if said == "pass" and row.expires_at > now:
        return said, kind.compose(row, now)
    return said, None


def _batch(turn: _Round, token: uuid.UUID, rows: list[Outgoing]) -> None:
    """Deliver one batch, renewing the lease; what somebody else claimed meanwhile is theirs."""
    began, started = turn.now(), time.monotonic()
    try:
        with batches.in_hand() as hand:
            left = rows
            while left and time.monotonic() - started < SLOW:
                moment = turn.now()
                # Set back as well: then others take our lease for one that nobody holds.
                if not began <= moment < began + marks.RENEW:
                    turn.finish()
                    mine, began = marks.renew(token, moment), moment
                    left = [row for row in left if row.pk in mine]
                hand.rows = left
                if left:
                    turn.deliver(left[0], token)
                    left = left[1:]
        turn.settle()
    except _Lost:
        turn.post.close()  # it has heard of a letter that somebody else sends
    finally:
        turn.finish()
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
        turn.post.close()
    return turn.result
