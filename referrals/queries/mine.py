"""A student's own referrals, found by their account or by a receipt that they have shown."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from referrals import rules, tagkey
from referrals.models import Opening, Referral, Told, Withdrawal
from referrals.rules import Kind, State

_SHOWN = (Opening.What.CASE, Opening.What.CHART, Opening.What.CONTACT)


class NotMine(Exception):
    """Somebody else's, forgotten, or never there: the same answer for each."""


@dataclass(frozen=True, slots=True)
class Claim:
    """By what somebody asks: their account, and the one that a receipt has opened here."""

    person: uuid.UUID | None = field(default=None, repr=False)
    shown: uuid.UUID | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Mine:
    """A referral as its student sees it: how it stands, never what is in it."""

    id: uuid.UUID
    code: str
    state: str
    urgency: str
    received_at: datetime
    owner: str
    asked: str
    acknowledge_by: datetime | None
    contact_by: datetime | None
    outcome: str
    is_withdrawn: bool
    told: str
    by_receipt: bool

    @property
    def is_live(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in rules.LIVE and not self.is_withdrawn

    @property
    def may_tell(self) -> bool:
        """Whether one may say "I got in" or "I could not"."""
        return self.state == State.IN_CONTACT and not self.is_withdrawn and not self.told


def _rows(which: Q) -> list[Mine]:
    rows = (
        Referral.objects.filter(which, kind=str(Kind.STUDENT))
        .select_related("owner", "asked")
        .order_by("-received_at", "code")
    )
    found_rows = list(rows)
    keys = [row.pk for row in found_rows]
    if not keys:
        return []
    back = set(Withdrawal.objects.filter(referral__in=keys).values_list("referral_id", flat=True))
    said = dict(Told.objects.filter(referral__in=keys).values_list("referral_id", "word"))
    return [
        Mine(
            row.pk,
            row.code,
            row.state,
            row.urgency,
            row.received_at,
            row.owner.name if row.owner else "",
            row.asked.name if row.asked else "",
            row.acknowledge_by,
            row.contact_by,
            row.outcome,
            row.pk in back or row.state == State.WITHDRAWN,
            said.get(row.pk, ""),
            row.receipt is not None,
        )
        for row in found_rows
    ]


def mine(person: uuid.UUID, now: datetime) -> list[Mine]:
    """Return what an account has asked for and is still open, the newest first."""
    tags = tagkey.tags_for(person, now)
    return _rows(Q(tag__in=tags)) if tags else []


def found(claim: Claim, referral: uuid.UUID, now: datetime) -> Mine:
    """Return one referral to whoever may see it. Raises NotMine.

    The same queries are asked for one that is somebody else's and one that never was.
    """
    which = Q(pk__in=[], tag__isnull=False)
    if claim.person is not None:
        which |= Q(tag__in=tagkey.tags_for(claim.person, now))
    if claim.shown is not None and claim.shown == referral:
        which |= Q(receipt__isnull=False)
    rows = _rows(Q(pk=referral) & which)
    if not rows:
        raise NotMine
    return rows[0]


def by_receipt(mark: bytes) -> uuid.UUID | None:
    """Return which referral a receipt belongs to; None alike for a wrong one and one gone."""
    return Referral.objects.filter(receipt=mark).values_list("pk", flat=True).first()


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened it: who, when (within the hour), and for what."""

    name: str
    at: datetime
    is_for_chart: bool


def openings(referral: uuid.UUID) -> list[Opened]:
    """Return every opening by a person, the latest first."""
    rows = Opening.objects.filter(referral_id=referral, what__in=_SHOWN).order_by("-at")
    return [
        Opened(name, at, what == Opening.What.CHART)
        for name, at, what in rows.values_list("name", "at", "what")
    ]
