"""Reads of debriefs: who can be asked, what one asked for, what one was asked."""

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Person, RoleGrant
from accounts.rules import Role
from events import telling_rules
from events.models import Event, Host, Request, Taker
from events.queries import refs
from events.rules import Kind, State
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


class Stand(StrEnum):
    """What is true of a request now: its state, its event's, and what the clock says."""

    WAITING = "waiting"
    LATE = "late"  # for two days nobody has answered
    GONE = "gone"  # whoever was asked can answer no more
    SET = "set"
    OVER = "over"
    OFF = "off"
    DECLINED = "declined"
    BACK = "back"
    BACK_BUT_ON = "back but on"  # taken back, and whoever set the time has not called it off


# What whoever was asked has to do something about, in this order; the rest comes after it.
_FIRST = (Stand.LATE, Stand.WAITING, Stand.BACK_BUT_ON, Stand.SET)
# After these the same is asked of somebody else.
ENDED_WITHOUT = frozenset({Stand.GONE, Stand.OFF, Stand.DECLINED})


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as who asked, or was asked, sees it."""

    row: Request
    who: str
    said: Asked | None
    stand: Stand
    is_full: bool = False  # whoever comes now waits for a place


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


def _of_us() -> QuerySet[Person]:
    """Return everybody who belongs to the program and can sign in."""
    roles = [str(role) for role in OF_US]
    held = RoleGrant.objects.filter(role__in=roles, revoked_on__isnull=True)
    return Person.objects.filter(is_active=True, pk__in=held.values("person"))


def takers() -> list[Taker]:
    """Return who can be asked, by name: whoever left the program no more. One query."""
    found = Taker.objects.filter(person__in=_of_us()).select_related("person")
    return sorted(found, key=lambda one: (one.name.casefold(), one.pk.hex))


def unanswerable(now: datetime) -> list[Request]:
    """Return what waits for somebody who cannot answer any more. One query."""
    waiting = Request.objects.only(*_TOLD_BY).filter(state=Request.State.ASKED, forget_at__gt=now)
    return list(waiting.exclude(taker__person__in=_of_us()).order_by("pk"))


def without_leader(now: datetime) -> list[uuid.UUID]:
    """Return debriefs to come whose leaders have all left the program. One query."""
    led = Host.objects.filter(person__in=_of_us())
    ahead = Event.objects.on().filter(kind=str(Kind.DEBRIEF), starts_at__gt=now)
    return list(ahead.exclude(pk__in=led.values("event")).values_list("pk", flat=True))


def stand(row: Request, here: Collection[uuid.UUID], now: datetime, today: date) -> Stand:
    """Return what is true of a request; `here` are those on the list who can be asked."""
    if row.state == Request.State.ASKED:
        if row.taker_id not in here:
            return Stand.GONE
        return Stand.LATE if telling_rules.is_unanswered(row.asked_on, today) else Stand.WAITING
    if row.state == Request.State.DECLINED:
        return Stand.DECLINED
    event, is_back = row.event, row.state == Request.State.WITHDRAWN
    if event is None or event.state != State.PUBLISHED:
        return Stand.BACK if is_back and event is None else Stand.OFF
    if event.ends_at <= now:
        return Stand.BACK if is_back else Stand.OVER
    return Stand.BACK_BUT_ON if is_back else Stand.SET


def _is_full(row: Request, now: datetime) -> bool:
    return row.event is not None and row.event.free_for_new(now) == 0


def mine(person: Person, here: Collection[uuid.UUID], now: datetime, today: date) -> list[Seen]:
    """Return what somebody asked for, the latest first. One query."""
    rows = Request.objects.filter(tag=tag_of(person.pk), forget_at__gt=now)
    rows = rows.select_related("taker__person", "event").order_by("-asked_on", "pk")
    gone = _("Whoever you asked")
    return [
        Seen(
            row,
            row.taker.name if row.taker else gone,
            asked_of(row),
            stand(row, here, now, today),
            _is_full(row, now),
        )
        for row in rows
    ]


def to_me(person: Person, now: datetime, today: date) -> list[Seen]:
    """Return what somebody was asked, what waits for them first. Two queries.

    Of what was taken back before they answered nothing is opened: only that there was something.
    """
    if not is_of_us(person):
        return []
    rows = list(
        Request.objects.filter(taker__person=person, forget_at__gt=now)
        .select_related("event")
        .order_by("-asked_on", "pk")
    )
    opened = [row for row in rows if row.event_id or row.state != Request.State.WITHDRAWN]
    holders = {row.pk: holder_of(row) for row in opened}
    people = {one.pk: one for one in Person.objects.filter(pk__in=[*holders.values()])}
    found = []
    for row in rows:
        here = [row.taker_id] if row.taker_id else []
        where = stand(row, here, now, today)
        if row.pk not in holders:
            found.append(Seen(row, "", None, where))
            continue
        who = people.get(holders[row.pk] or uuid.UUID(int=0))
        name = (who.called or who.email) if who else ""
        found.append(Seen(row, name, asked_of(row), where, _is_full(row, now)))
    return sorted(found, key=lambda one: _turn(one.stand))


def _turn(where: Stand) -> int:
    return _FIRST.index(where) if where in _FIRST else len(_FIRST)
