"""Sending: a draft becomes a referral that only the counselors' side can open."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from accounts.models import Person
from accounts.rules import Role
from peersupport.core import ids
from program.queries import facts
from referrals import envelope, reading_rules, receipts, rules, tagkey
from referrals.content import Attached, Content, to_bytes
from referrals.models import Attachment, Draft, Referral, Sealed, Wrap
from referrals.queries import drafts as reads
from referrals.queries import reading
from referrals.queries.drafts import Answers, Handle
from referrals.recipients import recipients
from referrals.services.drafts import hold
from referrals.services.hours import by_the_hour

_TRIES = 5


class Unanswered(Exception):
    """A question must be answered first; `step` says which."""

    def __init__(self, step: str) -> None:
        super().__init__("A question was not answered.")
        self.step = step


class NobodyReads(Exception):
    """It is urgent, and nobody reads at this hour: the numbers answer, this would not."""


class AnotherAccount(Exception):
    """It was to be kept on an account that is not the one signed in here."""


class NotInserted(Exception):
    """No free code was found, which does not happen by chance."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the student reads afterwards. The receipt is empty where an account keeps it."""

    id: uuid.UUID
    code: str
    urgency: str
    receipt: str = field(default="", repr=False)


def insert(row: Referral, content: Content) -> None:
    """Insert a referral, its sealed content and its wraps: rows are added, none is changed.

    Called inside a transaction. Raises NotSealed, TooLong, NotInserted.
    """
    sealed = envelope.seal(to_bytes(content), referral=row.pk, recipients=recipients())
    for _ in range(_TRIES):
        row.code = ids.new_reference()
        # An expected clash of codes must write no values into the database's log.
        Referral.objects.bulk_create([row], ignore_conflicts=True)
        if Referral.objects.filter(pk=row.pk).exists():
            break
    else:
        raise NotInserted
    Sealed.objects.bulk_create([Sealed(referral=row, blob=sealed.blob)])
    Wrap.objects.bulk_create(
        [Wrap(referral=row, recipient=w.recipient, sealed=w.sealed) for w in sealed.wraps]
    )


def first_unanswered(answers: Answers) -> str:
    """Return the first question that has no answer yet; empty if each has one."""
    missing = {
        "keep": not answers.keep,
        "soon": not answers.urgency,
        "what": not answers.words,
        "name": answers.name is None,
        "reach": not answers.reach,
        "leave-out": answers.not_by is None,
    }
    return next((step for step, is_missing in missing.items() if is_missing), "")


def _check(answers: Answers, person: Person | None, now: datetime) -> None:
    step = first_unanswered(answers)
    if step:
        raise Unanswered(step)
    if answers.keep == reads.ACCOUNT and not (
        person is not None and person.pk == answers.person and person.has_role(Role.STUDENT)
    ):
        raise AnotherAccount
    if answers.urgency == rules.Urgency.URGENT and not is_read_now(now):
        raise NobodyReads


def is_read_now(now: datetime) -> bool:
    """Return whether somebody reads at this hour: two queries."""
    zone = facts().zone
    return reading_rules.is_read_now(reading.windows(now, zone), now, zone)


def _content(handle: Handle, answers: Answers) -> Content:
    return Content(
        name=answers.name or "",
        pronouns=answers.pronouns,
        words=answers.words,
        reach=answers.reach,
        times=answers.times,
        voicemail=answers.voicemail,
        attached=tuple(Attached(w.by, w.words) for w in reads.words_for(handle, answers)),
        not_by=answers.not_by or (),
    )


def sent_before(handle: Handle) -> Sent | None:
    """Return what this browser has sent already, if it has."""
    row = (
        Referral.objects.filter(request_key=handle.request_key)
        .values_list("pk", "code", "urgency", "receipt")
        .first()
    )
    if row is None:
        return None
    return Sent(*row[:3], receipts.of(handle.secret) if row[3] is not None else "")


@transaction.atomic(durable=True)
def _send(handle: Handle, person: Person | None, mark: bytes, now: datetime) -> Sent:
    hold(handle.id.bytes)
    before = sent_before(handle)
    if before is not None:
        return before
    answers = reads.read(handle, now)
    _check(answers, person, now)
    by_account = answers.keep == reads.ACCOUNT
    row = Referral(
        kind=rules.Kind.STUDENT,
        urgency=answers.urgency,
        consent=rules.Consent.GIVEN,
        tag=tagkey.tag_for(person.pk, now) if by_account and person is not None else None,
        receipt=None if by_account else mark,
        request_key=handle.request_key,
        received_at=by_the_hour(now),
    )
    insert(row, _content(handle, answers))
    Attachment.objects.filter(draft=handle.id, state=Attachment.State.WAITING).update(
        state=Attachment.State.RECEIVED, sealed=None
    )
    Draft.objects.filter(pk=handle.id).delete()
    receipt = "" if by_account else receipts.of(handle.secret)
    return Sent(row.pk, row.code, row.urgency, receipt)


def send(*, handle: Handle, person: Person | None, now: datetime) -> Sent:
    """Send a draft; the draft is gone with it. Sending it again returns the same.

    `person` is whoever is signed in. Raises Gone, Unanswered, AnotherAccount, NobodyReads,
    NotSealed or TooLong; then nothing has changed. Writes no audit row.
    """
    # Before the transaction: it is slow on purpose, and others wait meanwhile on SQLite.
    mark = receipts.mark(receipts.of(handle.secret))
    return _send(handle, person, mark, now)
