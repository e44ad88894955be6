"""Danger: a supporter tells the counselors without the student's consent, and says why."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Person
from accounts.rules import Role
from peersupport.core import emergency, ids, locks
from peersupport.core.audit import services as audit
from peersupport.core.emergency import Handed
from referrals import rules
from referrals.content import Content
from referrals.models import EmergencyContact, Referral
from referrals.queries.danger import key_of
from referrals.services.hours import by_the_hour
from referrals.services.sending import insert


class NoReason(Exception):
    """Without the student's consent there must be a reason."""


class NotYourTalk(Exception):
    """The reference is not that of a talk of theirs that goes on or has just ended."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What a supporter knows afterwards: that it was sent, and by which code it is spoken of."""

    code: str
    has_contact: bool


def _named(supporter: Person, visit: str, now: datetime) -> Handed | None:
    """Return the contact of the talk that was named, if it has one. Raises NotYourTalk."""
    if not visit:
        return None
    if visit not in {talk.reference for talk in emergency.talks(supporter.pk, now)}:
        raise NotYourTalk
    return emergency.take_contact(supporter.pk, visit, now)


def _hand_over(row: Referral, handed: Handed, by: Person, now: datetime) -> None:
    """Put the contact beside the referral: it stays sealed to the counselors' side."""
    contact = EmergencyContact(
        pk=ids.new_id(),
        referral=row,
        sealed=handed.sealed,
        visit_tag=handed.visit_tag,
        until=by_the_hour(now) + rules.CONTACT_LASTS,
    )
    EmergencyContact.objects.bulk_create([contact])
    audit.record(
        by=by,
        verb="hand over emergency contact",
        thing="emergency contact",
        thing_id=str(contact.pk),
        now=now,
    )


@transaction.atomic(durable=True)
def raise_danger(
    *, supporter: Person, told: str, reason: str, visit: str, nonce: uuid.UUID, now: datetime
) -> Raised:
    """Tell the counselors that somebody is in danger. The lead confirms it, or refuses.

    `told` is who and where, as far as it is known; `visit` the reference of one of the
    supporter's own talks, or empty. Nothing limits how often: the same `nonce` is the same act.
    Raises NotAllowed, NoReason, NotYourTalk, NotSealed or TooLong.
    """
    if not supporter.has_role(Role.SUPPORTER):
        raise rules.NotAllowed
    if len(reason.strip()) < rules.FEWEST_REASON or not told.strip():
        raise NoReason
    request_key = key_of(supporter.pk, nonce)
    locks.hold("danger", request_key.bytes)
    before = Referral.objects.filter(request_key=request_key).values_list("code", flat=True)
    for code in before:
        return Raised(code, False)
    handed = _named(supporter, visit, now)
    row = Referral(
        kind=rules.Kind.DANGER,
        urgency=rules.Urgency.URGENT,
        consent=rules.Consent.AWAITING,
        request_key=request_key,
        received_at=by_the_hour(now),
    )
    content = Content(
        kind=rules.Kind.DANGER,
        words=told,
        reason=reason,
        visit=visit,
        by=f"{supporter.introduction} ({supporter.email})",
    )
    insert(row, content)
    audit.record(by=supporter, verb="raise danger", thing="referral", thing_id=row.code, now=now)
    if handed is not None:
        _hand_over(row, handed, supporter, now)
    return Raised(row.code, handed is not None)
