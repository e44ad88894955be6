"""Ringing: each rung once, whoever runs twice or is killed. It knows nothing that is sealed."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction

from peersupport.core.crypto import CannotOpen
from peersupport.core.outbox.models import Outgoing
from referrals import care_emails, ladder_rules
from referrals.ladder_rules import Call, Waiting
from referrals.models import Referral, Ring
from referrals.models.cases import ReferralSet
from referrals.queries import ladder
from referrals.queries.ladder import Known

_log = logging.getLogger(__name__)


class NotRung(Exception):
    """Something that was due could not be rung: the pass has not got through."""


def ring_due(*, now: datetime) -> int:
    """Ring what is due. Returns how many referrals rang.

    One that cannot be rung holds up nobody else's; the pass then ends with NotRung, and the clock
    of the care side is not noted for it.
    """
    waiting = ladder.due(now)
    known = ladder.known(now) if waiting else None
    rung = failed = 0
    for one in waiting:
        try:
            rung += _ring(one, known, now) if known is not None else 0
        except DatabaseError as error:
            _log.error("one rung was not rung: %s", type(error).__qualname__)
            failed += 1
    if failed:
        raise NotRung
    return rung


def _ring(one: Waiting, known: Known, now: datetime) -> int:
    """Ring the highest rung of one referral that is due; plan it anew if hours were moved."""
    pace = known.pace(one)
    number, at = ladder_rules.highest_due(one, pace, now)
    if at > now:
        _same(one).update(ring_at=at)
        return 0
    found = ladder_rules.call(
        one, number, known.readers, has_line=known.has_line, now=now, zone=known.plan.zone
    )
    if found is None:
        return 0  # nobody at all: it stays due, and the desk and /healthz show the alarm
    next_at = pace.after(at) if found.rung < ladder_rules.LAST else None
    return _note(one, found, next_at, now)


def _same(one: Waiting) -> ReferralSet:
    """Return the row if it is as it was found, unanswered and not taken back."""
    return Referral.objects.unanswered().filter(
        pk=one.key, round=one.round, rung=one.rung, ring_at=one.ring_at
    )


@transaction.atomic(durable=True)
def _note(one: Waiting, found: Call, next_at: datetime | None, now: datetime) -> int:
    """Take the rung, and queue its words with it: of two passes at once exactly one does."""
    ring = Ring(referral_id=one.key, round=one.round, rung=found.rung, at=now)
    Ring.objects.bulk_create([ring], ignore_conflicts=True)
    if _same(one).update(rung=found.rung + 1, ring_at=next_at) != 1:
        transaction.set_rollback(True)
        return 0
    kind = care_emails.ALARM if found.is_alarm else care_emails.CHECK
    told = [*found.counselors, *([None] if found.line else [])]
    for who in told:
        care_emails.tell(
            kind, referral=one.key, counselor=who, now=now, round_=one.round, rung=found.rung
        )
    return 1


def ask_to_confirm(*, now: datetime) -> int:
    """Ask every lead who may see it to confirm what came because of danger: once each."""
    waiting = ladder.unconfirmed()
    if not waiting:
        return 0
    out = ladder.left_out(waiting)
    leads = [one.key for one in ladder.known(now).readers if one.is_lead]
    return sum(
        _queue_confirm(one, lead, now) for one in waiting for lead in leads if lead not in out[one]
    )


@transaction.atomic(durable=True)
def _queue_confirm(referral: UUID, lead: UUID, now: datetime) -> bool:
    return care_emails.tell(care_emails.CONFIRM, referral=referral, counselor=lead, now=now)


def tell_undelivered(*, now: datetime) -> int:
    """Tell the leads, once each, of every message that could not be delivered to somebody."""
    dead = Outgoing.objects.of({"care"}).filter(state=Outgoing.State.DEAD)
    rows = list(dead.exclude(kind=care_emails.ALARM))
    if not rows:
        return 0
    leads = [one.key for one in ladder.known(now).readers if one.is_lead]
    count = 0
    for row in rows:
        out = _left_out_of(row)
        for lead in leads:
            if lead not in out and lead != row.recipient:
                count += _queue_undelivered(row, lead, now)
    return count


def _left_out_of(row: Outgoing) -> frozenset[UUID]:
    try:
        referral, _round = care_emails.about(row)
    except CannotOpen:
        return frozenset()  # nothing of ours: it is about nobody
    return ladder.left_out([referral])[referral]


@transaction.atomic(durable=True)
def _queue_undelivered(row: Outgoing, lead: UUID, now: datetime) -> bool:
    return care_emails.tell_undelivered(message=row.pk, lead=lead, now=now)
