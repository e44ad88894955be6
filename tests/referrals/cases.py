"""Cases as the web side sends them, and what may happen to them on the way."""

from dataclasses import replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from peersupport.core import ids
from referrals import care_keys, content, envelope
from referrals.content import Content
from referrals.models import Card, Reading, Referral, Sealed, Withdrawal, Wrap
from referrals.rules import Consent, Kind, Urgency
from referrals.services import routing
from tests.roles import acting_as

SAID = Content(
    name="Ash",
    pronouns="they",
    words="I have not slept for a week.",
    reach=(content.Reach("phone", "555-0142"), content.Reach("mail", "ash@example.net")),
    times="After 4pm, not on Wednesdays",
    attached=(content.Attached("Sol", "Ash told me about the last exam."),),
)


@acting_as("web")
def sent(
    now: datetime,
    *,
    urgency: str = Urgency.SOON,
    kind: str = Kind.STUDENT,
    not_by: tuple[UUID, ...] = (),
    said: Content = SAID,
    routed: bool = True,
    tag: bytes | None = b"t" * 32,
    **more: Any,
) -> Referral:
    """Return a referral that has just been sent, and by default routed."""
    key = ids.new_id()
    hour = now.replace(minute=0, second=0, microsecond=0)
    consent = Consent.GIVEN if kind == Kind.STUDENT else Consent.AWAITING
    row = Referral(
        pk=key,
        code=ids.new_reference(),
        kind=str(kind),
        urgency=str(urgency),
        consent=str(consent),
        tag=tag,
        request_key=ids.new_id(),
        received_at=hour,
        **more,
    )
    plain = content.to_bytes(replace(said, kind=Kind(kind), not_by=not_by))
    to = [envelope.recipient_of(secret) for secret in care_keys.secrets().values()]
    made = envelope.seal(plain, referral=key, recipients=to)
    Referral.objects.bulk_create([row])
    Sealed.objects.bulk_create([Sealed(referral=row, blob=made.blob)])
    Wrap.objects.bulk_create(
        [Wrap(referral=row, recipient=one.recipient, sealed=one.sealed) for one in made.wraps]
    )
    if routed:
        with acting_as("care"):
            routing.route_new(now=now)
    return Referral.objects.get(pk=key)


@acting_as("owner")
def break_blob(row: Referral) -> None:
    """Flip a bit of what is sealed, as somebody in the database might."""
    blob = bytearray(Sealed.objects.get(referral=row).blob)
    blob[-1] ^= 1
    Sealed.objects.filter(referral=row).update(blob=bytes(blob))


@acting_as("web")
def take_back(row: Referral, now: datetime) -> None:
    """Take a referral back, as its student does: the web side only adds."""
    Withdrawal.objects.create(referral=row, at=now.replace(minute=0, second=0, microsecond=0))


@acting_as("care")
def reads(card: Card, *weekdays: int, starts: str = "09:00", ends: str = "17:00") -> None:
    """Give a counselor reading hours."""
    for weekday in weekdays:
        Reading.objects.create(
            card=card,
            weekday=weekday,
            starts=time.fromisoformat(starts),
            ends=time.fromisoformat(ends),
        )
