"""Delivering: claim due rows under a lease, re-check, send, mark each at its acceptance.

Claiming in batches and marking one by one lost nothing and repeated at most one message per
killed worker when it was measured; marking a batch at once repeated up to the batch
(docs/decisions/0005-outbox.md). Each side of the program sends its own kinds and leaves the
other's alone (docs/decisions/0025-the-ladder.md).
"""

import logging
import random
import smtplib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import F, Q

from peersupport.core import ids
from peersupport.core.outbox import kinds
from peersupport.core.outbox.models import DrainRun, Outgoing, Tombstone
from peersupport.core.outbox.services import TOMBSTONE

_log = logging.getLogger(__name__)
BATCH = 50
# Longer than a batch in which every single message runs into the mail server's time-out.
LEASE = timedelta(seconds=BATCH * 12)
MOST_ATTEMPTS = 8
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)


@dataclass(slots=True)
class DrainResult:
    """What one drain did."""

    sent: int = 0
    dropped: int = 0
    retried: int = 0
    dead: int = 0
    is_stopped: bool = False


def claim(*, now: datetime, limit: int = BATCH) -> tuple[uuid.UUID, list[Outgoing]]:
    """Take up to `limit` due messages of this side for this worker alone, until the lease ends."""
    token = ids.new_id()
    with transaction.atomic(durable=True):
        due = Outgoing.objects.of(kinds.own_sides()).filter(
            Q(lease_until__isnull=True) | Q(lease_until__lte=now),
            state=Outgoing.State.DUE,
            due_at__lte=now,
        )
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        picked = list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
        Outgoing.objects.filter(pk__in=picked).update(lease_until=now + LEASE, lease_token=token)
    return token, list(Outgoing.objects.filter(lease_token=token).order_by("due_at", "pk"))


def _end(row: Outgoing, token: uuid.UUID, state: str, now: datetime, *, keep: bool) -> bool:
    """End one message, if the lease is still ours: leave the mark, then the row or nothing."""
    with transaction.atomic(durable=True):
        mine = Outgoing.objects.filter(pk=row.pk, lease_token=token)
        done = mine.update(state=state, done_at=now, lease_until=None, lease_token=None)
        if done and not keep:
            stone = Tombstone(key=bytes(row.key), until=now + TOMBSTONE)
            Tombstone.objects.bulk_create([stone], ignore_conflicts=True)
            Outgoing.objects.filter(pk=row.pk).delete()
    return bool(done)


def _later(row: Outgoing, token: uuid.UUID, error: str, now: datetime) -> str:
    """Put one message back with a longer wait, or give it up after the last attempt."""
    mine = Outgoing.objects.filter(pk=row.pk, lease_token=token)
    if row.attempts + 1 >= MOST_ATTEMPTS:
        mine.update(
            state=Outgoing.State.DEAD,
            error=error,
            attempts=F("attempts") + 1,
            done_at=now,
            lease_until=None,
            lease_token=None,
        )
        return "dead"
    wait = min(_FIRST_WAIT * 2**row.attempts, _LONGEST_WAIT)
    wait *= 0.75 + random.random() / 2  # noqa: S311 - spreads retries, guards nothing
    mine.update(
        due_at=now + wait,
        error=error,
        attempts=F("attempts") + 1,
        lease_until=None,
        lease_token=None,
    )
    return "retried"


def _dead(row: Outgoing, token: uuid.UUID, error: str, now: datetime) -> None:
    Outgoing.objects.filter(pk=row.pk, lease_token=token).update(
        state=Outgoing.State.DEAD,
        error=error,
        attempts=F("attempts") + 1,
        done_at=now,
        lease_until=None,
        lease_token=None,
    )


def _release(token: uuid.UUID) -> None:
    Outgoing.objects.filter(lease_token=token).update(lease_until=None, lease_token=None)


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


class _Refused(Exception):
    """The mail server does not accept who we are: no message can be delivered."""


def _is_permanent(error: smtplib.SMTPException) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


def _deliver(
    row: Outgoing, token: uuid.UUID, post: BaseEmailBackend, now: datetime, result: DrainResult
) -> None:
    """Send one message and mark it. Raises _Refused if the server refuses the credentials."""
    kind = kinds.kind_of(row.kind)
    if kind is None:
        result.dead += 1
        return _dead(row, token, "unknown kind", now)
    said = kinds.verdict(kind, row, now)
    if said == "hold":
        Outgoing.objects.filter(pk=row.pk, lease_token=token).update(
            due_at=now + timedelta(minutes=15), lease_until=None, lease_token=None
        )
        return None
    letter = None
    if said == "pass" and row.expires_at > now:
        letter = kind.compose(row, now)
    if letter is None:
        result.dropped += 1
        _end(row, token, Outgoing.State.DROPPED, now, keep=kind.keep_row)
        return None
    post.open()  # does nothing while it is open; otherwise each message would make its own
    _mail(row, letter, post).send()
    result.sent += 1
    _end(row, token, Outgoing.State.SENT, now, keep=kind.keep_row)
    return None


def _attempt(
    row: Outgoing, token: uuid.UUID, post: BaseEmailBackend, now: datetime, result: DrainResult
) -> None:
    """Deliver one message; whatever goes wrong stays with this one, unless nobody can send."""
    try:
        _deliver(row, token, post, now, result)
    except smtplib.SMTPAuthenticationError:
        raise _Refused from None
    except smtplib.SMTPException as error:
        if _is_permanent(error):
            _dead(row, token, type(error).__qualname__, now)
            result.dead += 1
            return
        _reopen(post)
        _count(result, _later(row, token, type(error).__qualname__, now))
    except OSError as error:
        _reopen(post)
        _count(result, _later(row, token, type(error).__qualname__, now))
    except Exception as error:
        _log.exception("a message of kind %s could not be made", row.kind)
        _count(result, _later(row, token, type(error).__qualname__, now))


def _count(result: DrainResult, what: str) -> None:
    if what == "dead":
        result.dead += 1
    else:
        result.retried += 1


def _reopen(post: BaseEmailBackend) -> None:
    """Drop a connection that may be broken; the next message opens a fresh one."""
    try:
        post.close()
    except (smtplib.SMTPException, OSError):
        post.connection = None  # type: ignore[attr-defined]


def drain(*, now: Callable[[], datetime], limit: int = 1000) -> DrainResult:
    """Deliver up to `limit` due messages of this side over one connection per batch.

    `now` is asked again for each message, since a slow server makes a batch long. Safe to run in
    any number of processes at once, to be killed at any point, and to run late.
    """
    result = DrainResult()
    seen = 0
    while seen < limit and not result.is_stopped:
        token, rows = claim(now=now(), limit=min(BATCH, limit - seen))
        if not rows:
            break
        seen += len(rows)
        post = get_connection()
        try:
            for row in rows:
                _attempt(row, token, post, now(), result)
        except _Refused:
            _log.error("the mail server refuses our credentials; nothing is sent")
            result.is_stopped = True
        finally:
            _release(token)
            _reopen(post)
    # The note is the web side's; the care side has a clock of its own.
    if not result.is_stopped and "web" in kinds.own_sides():
        _note(now())
    return result


def _note(now: datetime) -> None:
    if not DrainRun.objects.filter(pk=1).update(last_at=now):
        DrainRun.objects.bulk_create([DrainRun(pk=1, last_at=now)], ignore_conflicts=True)
