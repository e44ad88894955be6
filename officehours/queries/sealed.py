"""What is sealed inside a visit, and how a person finds their own.

Everything here refuses what is older than a visit may be remembered, whether or not the
forgetting job has run.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime

from officehours import rules
from officehours.models import Visit, VisitSet
from peersupport.core import daykey
from peersupport.core.daykey import CannotOpen, Forgotten

_PAD = 128
_LOG_PAD = 256


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a visit, and whether they asked for mail when it changes."""

    person: uuid.UUID
    wants_mail: bool


@dataclass(frozen=True, slots=True)
class Log:
    """The twenty-second log of a talk."""

    length: str
    topics: tuple[str, ...]
    other_help: bool
    weight: str


def _pad(plain: bytes, block: int) -> bytes:
    """Return `plain` filled up so that its length says nothing (ISO/IEC 7816-4 padding)."""
    plain += b"\x80"
    return plain + b"\0" * (-len(plain) % block)


def _unpad(plain: bytes) -> bytes:
    return plain.rstrip(b"\0")[:-1]


def _context(visit_id: uuid.UUID, part: str) -> str:
    return f"visit|{visit_id}|{part}"


def seal_holder(visit_id: uuid.UUID, day: date, holder: Holder) -> bytes:
    """Return a holder sealed for one visit."""
    plain = json.dumps([holder.person.hex, int(holder.wants_mail)]).encode()
    return daykey.seal(day, _pad(plain, _PAD), context=_context(visit_id, "holder"))


def seal_name(visit_id: uuid.UUID, day: date, name: str) -> bytes:
    """Return a chosen name sealed for one visit."""
    return daykey.seal(day, _pad(name.encode(), _PAD), context=_context(visit_id, "name"))


def seal_log(visit: Visit, log: Log) -> bytes:
    """Return a log sealed for its visit, under the day after the visit's own."""
    plain = json.dumps([log.length, list(log.topics), int(log.other_help), log.weight]).encode()
    day = log_day(visit)
    return daykey.seal(day, _pad(plain, _LOG_PAD), context=_context(visit.pk, "log"))


def log_day(visit: Visit) -> date:
    """Return the key day of a visit's log: one later, so that the count can still read it."""
    return date.fromordinal(visit.key_day.toordinal() + 1)


def holder_of(visit: Visit, now: datetime) -> Holder | None:
    """Return who holds a visit; None if nobody does or it is forgotten.

    For messages and for checking the person who asks; never for a page about somebody else.
    """
    if visit.holder is None or visit.forget_at <= now:
        return None
    try:
        context = _context(visit.pk, "holder")
        plain = daykey.open_sealed(visit.key_day, bytes(visit.holder), context=context, now=now)
    except (Forgotten, CannotOpen):
        return None
    person, mail = json.loads(_unpad(plain))
    return Holder(uuid.UUID(person), bool(mail))


def name_of(visit: Visit, now: datetime) -> str:
    """Return the chosen name, for the supporter the visit is with; empty if none or forgotten."""
    if visit.name is None or visit.forget_at <= now:
        return ""
    try:
        context = _context(visit.pk, "name")
        plain = daykey.open_sealed(visit.key_day, bytes(visit.name), context=context, now=now)
    except (Forgotten, CannotOpen):
        return ""
    return _unpad(plain).decode()


def log_of(visit: Visit, now: datetime) -> Log | None:
    """Return the log of a visit; None if there is none, it was removed, or it is forgotten."""
    if visit.log is None:
        return None
    try:
        context = _context(visit.pk, "log")
        plain = daykey.open_sealed(log_day(visit), bytes(visit.log), context=context, now=now)
    except (Forgotten, CannotOpen):
        return None
    length, topics, other_help, weight = json.loads(_unpad(plain))
    return Log(length, tuple(topics), bool(other_help), weight)


def claim_tags(person: uuid.UUID, purpose: str, now: datetime) -> dict[date, bytes]:
    """Return this person's claim tags for every key day that may hold a visit of theirs.

    `purpose` is "booked" or "waiting": one live visit of each kind at most.
    """
    last = daykey.day_of(now + rules.HORIZON + rules.LONGEST)
    first = daykey.oldest_day(now)
    return daykey.tags(first, last, person.bytes, purpose=f"visit|{purpose}")


def visits_of(person: uuid.UUID, now: datetime) -> VisitSet:
    """Return the visits that this person holds and that are still remembered."""
    found = [*claim_tags(person, "booked", now).values()]
    found += claim_tags(person, "waiting", now).values()
    return Visit.objects.remembered(now).filter(claim_tag__in=found)
