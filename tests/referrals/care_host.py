"""A care host of a test's own, and referrals sent to it as the web side sends them."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from peersupport.core import crypto, ids
from referrals import care_keys, envelope
from referrals.content import Content, Reach, to_bytes
from referrals.models import (
    EmergencyContact,
    Exclusion,
    Referral,
    Routed,
    Sealed,
    Withdrawal,
    Wrap,
)
from referrals.recipients import recipients
from referrals.rules import State
from tests.roles import acting_as, no_triggers

CANARY = "canary-7f3a cannot sleep"


def prepare(keys_dir: Path, now: datetime) -> Path:
    """Make the care side's keys in a directory, publish them, and return it."""
    care_keys.create(keys_dir, now)
    crypto.forget_keyring()
    with acting_as("care"):
        care_keys.publish()
    return keys_dir


def content(words: str = CANARY, **fields: Any) -> Content:
    """Return what somebody might send."""
    reach = (Reach("phone", "212-555-0199"),)
    return Content(name="Zoe Canary", words=words, reach=reach, **fields)


def outside(now: datetime, **fields: Any) -> Referral:
    """Return the outside of a new referral, not saved."""
    key = ids.new_id()
    return Referral(
        **{
            "pk": key,
            "code": key.hex[:8],
            "kind": "student",
            "urgency": "soon",
            "request_key": ids.new_id(),
            "received_at": now.replace(minute=0, second=0, microsecond=0),
            **fields,
        }
    )


@acting_as("web")
def put_in(
    referral: Referral, plain: bytes, to: list[envelope.Recipient] | None = None
) -> Referral:
    """Seal some bytes as the content of a referral, and add every row as the web side does."""
    made = envelope.seal(
        plain, referral=referral.pk, recipients=recipients() if to is None else to
    )
    wraps = [
        Wrap(referral=referral, recipient=one.recipient, sealed=one.sealed) for one in made.wraps
    ]
    Referral.objects.bulk_create([referral])
    Sealed.objects.bulk_create([Sealed(referral=referral, blob=made.blob)])
    Wrap.objects.bulk_create(wraps)
    return referral


def sent(
    now: datetime, words: str = CANARY, to: list[envelope.Recipient] | None = None, **fields: Any
) -> Referral:
    """Return a referral that was sent and routed."""
    referral = put_in(outside(now, **fields), to_bytes(content(words)), to)
    with acting_as("care"):
        Routed.objects.create(referral=referral)
    return referral


def ended(now: datetime, **fields: Any) -> Referral:
    """Return a referral that was sent and has ended on this day."""
    return sent(now, state=str(State.REFUSED), ended_on=now.date(), **fields)


def take_back(referral: Referral, now: datetime) -> None:
    """Let the student take a referral back."""
    with acting_as("web"):
        Withdrawal.objects.bulk_create([Withdrawal(referral=referral, at=now)])


def hand_over(referral: Referral, sealed: bytes, until: datetime) -> EmergencyContact:
    """Return an emergency contact as the web side hands it over."""
    row = EmergencyContact(referral=referral, sealed=sealed, visit_tag=b"t" * 32, until=until)
    with acting_as("web"):
        EmergencyContact.objects.bulk_create([row])
    return row


@acting_as("care")
def leave_out(referral: Referral, counselor: Any) -> None:
    """Let one counselor never see a referral."""
    Exclusion.objects.create(referral=referral, counselor=counselor, why="student")


def as_superuser(statement: str, values: list[Any]) -> None:
    """Change the database as somebody who may do everything in it and has no code running."""
    with no_triggers(), connection.cursor() as cursor:
        cursor.execute(statement, values)
