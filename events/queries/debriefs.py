"""Reads of debriefs: who can be asked, what one asked for, what one was asked."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person, RoleGrant
from accounts.rules import Role
from events.models import Request, Taker
from events.queries import refs
from peersupport.core import daykey
from peersupport.core.crypto import CannotOpen, keyring

PURPOSE = "debrief"
_REF = "debrief|ref"
_ID, _NUMBER = 16, 8
# What the worker may read of a request: who was asked, and a seal of who asks.
_TOLD_BY = ("id", "taker_id", "state", "holder", "event_id", "forget_at")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a team asks for."""

    team: str
    helps: str
    suits: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as who asked, or was asked, sees it."""

    row: Request
    who: str
    said: Asked | None


def tag_of(person: uuid.UUID) -> bytes:
    """Return the mark by which somebody finds what they asked for."""
    return keyring().mac(person.bytes, purpose="debrief-of")


def seal_holder(request: uuid.UUID, person: uuid.UUID) -> bytes:
    """Return who asks, sealed into one request."""
    return keyring().seal(person.bytes, purpose=PURPOSE, context=f"{request}|holder")


def holder_of(row: Request) -> uuid.UUID | None:
    """Return who asks; None if it cannot be opened."""
    try:
        plain = keyring().open(bytes(row.holder), purpose=PURPOSE, context=f"{row.pk}|holder")
    except CannotOpen:
        return None
    return uuid.UUID(bytes=plain)


def seal_asked(request: uuid.UUID, asked: Asked) -> bytes:
    """Return what a team asks for, sealed; padded, so that its length says little."""
    plain = json.dumps([asked.team, asked.helps, asked.suits]).encode()
    plain += b" " * (-len(plain) % 1024)
    return keyring().seal(plain, purpose=PURPOSE, context=f"{request}|asked")


def asked_of(row: Request) -> Asked | None:
    """Return what a team asks for; None if it cannot be opened."""
    try:
        plain = keyring().open(bytes(row.sealed), purpose=PURPOSE, context=f"{row.pk}|asked")
    except CannotOpen:
        return None
    return Asked(*json.loads(plain))


def seal_ref(row: Request, about: int, until: datetime) -> bytes:
    """Return what an outbox row holds: a request's id and a number, sealed.

    Under the day on which the message is too old to go, or the request to be known: a copy of the
    row leads to the request until then, and to nothing afterwards.
    """
    day = daykey.day_of(min(until, row.forget_at))
    plain = row.pk.bytes + about.to_bytes(_NUMBER, "big")
    (sealed,) = daykey.seal_many(day, [plain], context=_REF)
    return sealed


def find(ref: bytes, now: datetime) -> tuple[Request, int] | None:
    """Return which request an outbox row is about, and what it says of it; None once forgotten.

    Of the request only what the worker may read. One query.
    """
    raw = refs.opened(bytes(ref), _REF, now)
    if raw is None:
        return None
    known = Request.objects.only(*_TOLD_BY).filter(pk=uuid.UUID(bytes=raw[:_ID]))
    row = known.filter(forget_at__gt=now).first()
    return (row, int.from_bytes(raw[_ID:], "big")) if row is not None else None


OF_US = (Role.SUPPORTER, Role.COORDINATOR, Role.STUDENT_LEAD)


def is_of_us(person: Person) -> bool:
    """Return whether somebody belongs to the program, and so may be asked."""
    return any(person.has_role(role) for role in OF_US)


def takers() -> list[Taker]:
    """Return who can be asked, by name: whoever left the program no more. One query."""
    roles = [str(role) for role in OF_US]
    held = RoleGrant.objects.filter(role__in=roles, revoked_on__isnull=True)
    found = Taker.objects.filter(person__is_active=True, person__in=held.values("person"))
    found = found.select_related("person")
    return sorted(found, key=lambda one: (one.name.casefold(), one.pk.hex))


def mine(person: Person, now: datetime) -> list[Seen]:
    """Return what somebody asked for, the latest first. One query."""
    rows = Request.objects.filter(tag=tag_of(person.pk), forget_at__gt=now)
    rows = rows.select_related("taker__person", "event").order_by("-asked_on", "pk")
    gone = _("Whoever you asked")
    return [Seen(row, row.taker.name if row.taker else gone, asked_of(row)) for row in rows]


def to_me(person: Person, now: datetime) -> list[Seen]:
    """Return what somebody was asked, with what the teams wrote. Two queries."""
    if not is_of_us(person):
        return []
    rows = list(
        Request.objects.filter(taker__person=person, forget_at__gt=now)
        .exclude(state=Request.State.WITHDRAWN)
        .select_related("event")
        .order_by("-asked_on", "pk")
    )
    holders = {row.pk: holder_of(row) for row in rows}
    people = {one.pk: one for one in Person.objects.filter(pk__in=[*holders.values()])}
    found = []
    for row in rows:
        who = people.get(holders[row.pk] or uuid.UUID(int=0))
        found.append(Seen(row, (who.called or who.email) if who else "", asked_of(row)))
    return found
