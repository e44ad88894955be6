"""For whom each letter is meant: found anew from the live rows, and remembered as marks."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from peersupport.core.crypto import keyring
from peersupport.core.outbox.auditors import Expected
from reminders.models import Meant
from reminders.queries.audience import Reader, is_for
from reminders.queries.ground import Time, kind_of

_LONG = 8


def readers_of(time: Time, everybody: Iterable[Reader]) -> list[Reader]:
    """Return those of many people to whom a campaign speaks at one time. No query."""
    kind = kind_of(time.campaign)
    return [one for one in everybody if one.wants(kind) and is_for(time.campaign, time.entry, one)]


def letter_to(person: uuid.UUID, time: Time) -> Expected:
    """Return a letter to one person, as it stands in the outbox."""
    kind, ref = kind_of(time.campaign), time.ref
    return Expected(
        kind,
        f"{kind}|{ref.topic}|{ref.due_at:%Y-%m-%dT%H:%M}|{person}",
        time.at.due_at,
        time.at.expires_at,
        recipient=person,
        ref=ref.packed(),
    )


def mark_of(person: uuid.UUID, time: Time) -> bytes:
    """Return the mark of a person for one time alone: two times cannot be laid side by side."""
    message = time.ref.packed() + person.bytes
    return keyring().mac(message, purpose="reminders-meant")[:_LONG]


def packed(marks: Iterable[bytes]) -> bytes:
    """Return marks as they are kept: in the order of the bytes, which tells nothing."""
    return b"".join(sorted(marks))


def unpacked(raw: bytes) -> frozenset[bytes]:
    """Return marks that were kept."""
    return frozenset(raw[at : at + _LONG] for at in range(0, len(raw), _LONG))


def meant(times: Sequence[Time], now: datetime) -> dict[bytes, frozenset[bytes]]:
    """Return for whom some times were planned, by their refs: one query."""
    refs = [time.ref.packed() for time in times]
    rows = Meant.objects.filter(ref__in=refs, until__gt=now)
    return {bytes(ref): unpacked(bytes(raw)) for ref, raw in rows.values_list("ref", "marks")}
