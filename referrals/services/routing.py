"""Routing: who must not see a new referral, and until when somebody must answer.

The care side's program opens each new referral once to read who is left out of it. Until then it
is on nobody's desk; what does not open is shown to the lead, by its code alone.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q

from peersupport.core import locks
from peersupport.core.keyfiles import KeysUnusable
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from referrals import permissions, rules
from referrals.content import Content
from referrals.models import Counselor, Exclusion, Referral, Routed
from referrals.queries.reading import Plan, plan
from referrals.services import opening
from referrals.services.steps import take_step, waits_anew

_log = logging.getLogger(__name__)
S = rules.State
# Times of arrival are kept by the hour: this is how much later it may have been.
_ROUNDED = timedelta(hours=1)


def route_new(*, now: datetime) -> int:
    """Route everything that has come since; put back what nobody has any more. Returns how many.

    Each for itself: one that does not open, or that another pass has just routed, holds up
    nobody else's.
    """
    new = Referral.objects.filter(state=S.RECEIVED, routed__isnull=True).not_withdrawn()
    waiting = list(new.order_by("received_at", "pk"))
    known = plan(now, facts().zone) if waiting else None
    routed = sum(_route(one, known, now) for one in waiting if known is not None)
    _release_left(now)
    return routed


# These say nothing about the referral: it is tried again at the next pass.
_NOT_NOW = (DatabaseError, OSError, KeysUnusable)


def _read(referral: Referral, now: datetime) -> Content | None:
    """Return what is in a referral; None if it does not open, whatever is wrong with it."""
    try:
        return opening.read_routing(referral=referral, now=now)
    except _NOT_NOW:
        raise
    except Exception as error:
        # Somebody may have planted it: whatever it does, the lead sees that there is one.
        _log.error("one referral does not open: %s", type(error).__qualname__)
        return None


def _route(referral: Referral, known: Plan, now: datetime) -> int:
    try:
        return _note(referral, _read(referral, now), known, now)
    except _NOT_NOW as error:
        _log.error("one referral was not routed: %s", type(error).__qualname__)
        return 0


@transaction.atomic(durable=True)
def _note(referral: Referral, content: Content | None, known: Plan, now: datetime) -> int:
    """Write down who is left out and when it rings. Of two at once one does, the other nothing."""
    locks.hold("referral", referral.pk.bytes)
    if Routed.objects.filter(referral=referral).exists():
        return 0
    _leave_out(referral, content)
    waiting = Referral.objects.filter(pk=referral.pk, state=S.RECEIVED)
    done = waiting.update(**times(referral, known, now))
    Routed.objects.create(referral=referral, is_whole=content is not None)
    return done


def _leave_out(referral: Referral, content: Content | None) -> None:
    out = Counselor.objects.filter(pk__in=content.not_by if content is not None else ())
    why = Exclusion.Why.STUDENT
    Exclusion.objects.bulk_create(
        [Exclusion(referral=referral, counselor=one, why=why) for one in out],
        ignore_conflicts=True,
    )


def try_again(*, by: Counselor, now: datetime) -> int:
    """Read once more, for the lead, what did not open: a key may have been brought back.

    Returns how many open now; they wait for an answer like any other. Raises NotAllowed.
    """
    if by.role != rules.CareRole.LEAD or by.state != Counselor.State.ACTIVE:
        raise rules.NotAllowed
    again = list(permissions.broken())
    Routed.objects.filter(referral__in=again, is_whole=False).delete()
    route_new(now=now)
    return Routed.objects.filter(referral__in=again, is_whole=True).count()


def times(referral: Referral, known: Plan, now: datetime) -> dict[str, datetime | None]:
    """Return until when somebody must answer, and when the first word goes out.

    Counted from when it came, which is known by the hour: at the latest moment it may have been,
    and never later than now. What came long ago rings nobody: it stands on the desk as late.
    """
    start = min(referral.received_at + _ROUNDED, now)
    length = known.timer(referral.kind, referral.urgency).acknowledge
    is_old = now - referral.received_at > rules.OLD
    return {
        "acknowledge_by": known.after(referral.kind, start, length),
        "ring_at": None if is_old else known.begins(referral.kind, start),
    }


def _release_left(now: datetime) -> int:
    """Put back what belongs to somebody who works here no more: it waits for an answer again."""
    there = Counselor.objects.filter(state=Counselor.State.ACTIVE)
    held = Q(state__in=[S.ACKNOWLEDGED, S.IN_CONTACT])
    left = Referral.objects.not_withdrawn().filter(
        held & ~Exists(there.filter(pk=OuterRef("owner")))
        | Q(state=S.TRANSFERRED) & ~Exists(there.filter(pk=OuterRef("asked")))
    )
    return sum(_release(key, now) for key in left.values_list("pk", flat=True))


@transaction.atomic(durable=True)
def _release(referral: UUID, now: datetime) -> int:
    found = Referral.objects.filter(pk=referral).first()
    if found is None:
        return 0
    fields = waits_anew(found.kind, found.urgency, now)
    try:
        take_step(found, "release", by="system", now=now, owner=None, asked=None, **fields)
    except NotAllowedFrom:
        return 0
    return 1
