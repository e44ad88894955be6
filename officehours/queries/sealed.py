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
from peersupport.core import careseal, daykey
from peersupport.core.daykey import CannotOpen, Forgotten

_PAD = 128
_LOG_PAD = 256
_WANTED_PAD = 2048


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a visit, and whether they asked for mail when it changes."""

    person: uuid.UUID
    wants_mail: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a visit may be with: only these (None: anybody), and never those."""

    only: frozenset[uuid.UUID] | None = None
    never: frozenset[uuid.UUID] = frozenset()

    def allows(self, supporter: uuid.UUID) -> bool:
        """Return whether this supporter is somebody the visit may be with."""
        return supporter not in self.never and (self.only is None or supporter in self.only)

    def without(self, supporter: uuid.UUID) -> "Wanted":
        """Return the same with one more who it may not be with."""
        return Wanted(self.only, self.never | {supporter})

    def also(self, supporter: uuid.UUID) -> "Wanted":
        """Return the same with one more who it may be with, by the student's own choice."""
        only = None if self.only is None else self.only | {supporter}
        return Wanted(only, self.never - {supporter})


ANYBODY = Wanted()
NOBODY = Wanted(only=frozenset())


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who asks for their own visit: an account, a device that joined at the door, or both."""

    person: uuid.UUID | None = None
    device: bytes | None = None


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


def seal_wanted(visit_id: uuid.UUID, day: date, wanted: Wanted) -> bytes:
    """Return the acceptable set sealed for one visit, of one length whoever is in it."""
    only = None if wanted.only is None else sorted(one.hex for one in wanted.only)
    plain = json.dumps([only, sorted(one.hex for one in wanted.never)]).encode()
    return daykey.seal(day, _pad(plain, _WANTED_PAD), context=_context(visit_id, "acceptable"))


def wanted_of(visit: Visit, now: datetime) -> Wanted:
    """Return whom a visit may be with: nothing sealed means anybody, unreadable means nobody."""
    if visit.acceptable is None:
        return ANYBODY
    if visit.forget_at <= now:
        return NOBODY
    try:
        box, context = bytes(visit.acceptable), _context(visit.pk, "acceptable")
        plain = daykey.open_sealed(visit.key_day, box, context=context, now=now)
    except (Forgotten, CannotOpen):
        return NOBODY
    only, never = json.loads(_unpad(plain))
    return Wanted(
        None if only is None else frozenset(map(uuid.UUID, only)),
        frozenset(map(uuid.UUID, never)),
    )


def seal_contact(visit_id: uuid.UUID, day: date, where: str, number: str) -> bytes:
    """Return where somebody is and a number, sealed to the care side and under the day key.

    Nothing on the web side can open it: the care side does, when danger is pressed.
    """
    inner = careseal.seal(json.dumps([where, number]).encode())
    return daykey.seal(day, inner, context=_context(visit_id, "contact"))


def move_contact(old: Visit, visit_id: uuid.UUID, day: date, now: datetime) -> bytes | None:
    """Return the contact of one visit sealed for another; what is inside stays closed."""
    if old.contact is None:
        return None
    context = _context(old.pk, "contact")
    inner = daykey.open_sealed(old.key_day, bytes(old.contact), context=context, now=now)
    return daykey.seal(day, inner, context=_context(visit_id, "contact"))


def open_outer_contact(visit: Visit, now: datetime) -> bytes | None:
    """Return a contact without the day's seal: only the counselors' side can open what is left.

    None if there is none or it is forgotten.
    """
    if visit.contact is None or visit.forget_at <= now:
        return None
    try:
        context = _context(visit.pk, "contact")
        return daykey.open_sealed(visit.key_day, bytes(visit.contact), context=context, now=now)
    except (Forgotten, CannotOpen):
        return None


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


def tag_on(day: date, key: bytes, purpose: str) -> bytes:
    """Return the claim tag of an account or a device for a visit of one key day.

    `purpose` is "booked", "waiting" or "door"; `key` the account's id or the device's token.
    """
    return daykey.tags(day, day, key, purpose=f"visit|{purpose}")[day]


def claim_tags(person: uuid.UUID, purpose: str, now: datetime) -> dict[date, bytes]:
    """Return this person's claim tags for every key day that may hold a visit of theirs.

    `purpose` is "booked" or "waiting": one live visit of each kind at most.
    """
    last = daykey.day_of(now + rules.HORIZON + rules.LONGEST)
    first = daykey.oldest_day(now)
    return daykey.tags(first, last, person.bytes, purpose=f"visit|{purpose}")


def device_tags(device: bytes, now: datetime) -> dict[date, bytes]:
    """Return the claim tags of a device that joined at the door, for today and around it."""
    last = daykey.day_of(now + rules.LONGEST)
    return daykey.tags(daykey.oldest_day(now), last, device, purpose="visit|door")


def visits_of(person: uuid.UUID, now: datetime) -> VisitSet:
    """Return the visits that this person holds and that are still remembered."""
    return claimed_by(Claimant(person), now)


def claimed_by(claimant: Claimant, now: datetime) -> VisitSet:
    """Return the visits that an account or a device holds and that are still remembered."""
    found: list[bytes] = []
    if claimant.person is not None:
        found += claim_tags(claimant.person, "booked", now).values()
        found += claim_tags(claimant.person, "waiting", now).values()
    if claimant.device is not None:
        found += device_tags(claimant.device, now).values()
    return Visit.objects.remembered(now).filter(claim_tag__in=found)
