"""Asking for a debrief, and answering: taken, it becomes a private event of its own."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.rules import Role
from events import rules
from events.debrief_emails import tell_answered, tell_asked
from events.models import Event, Request, Taker
from events.permissions import may_plan
from events.planning_rules import Facts
from events.queries.debriefs import Asked, is_of_us, seal_asked, seal_holder, tag_of
from events.rules import Kind, NotAllowed, NotAllowedFrom, State, Visibility
from events.services.writing import insert
from peersupport.core import ids
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record

KEPT = timedelta(days=30)


@transaction.atomic(durable=True)
def add_taker(*, person: Person, about: str, by: Actor, now: datetime) -> None:
    """Let somebody be asked, or change what they say of themselves. Raises NotAllowed."""
    if not may_plan(by) or not is_of_us(person):
        raise NotAllowed
    Taker.objects.update_or_create(person=person, defaults={"about": about})
    record(by=by, verb="add debrief taker", thing="person", thing_id=str(person.pk), now=now)


@transaction.atomic(durable=True)
def end_taker(*, taker: uuid.UUID, by: Actor, now: datetime) -> None:
    """Let somebody be asked no more. Whoever waits for their answer is told that there is none."""
    if not may_plan(by):
        raise NotAllowed
    row = Taker.objects.filter(pk=taker).first()
    if row is not None:
        record(
            by=by, verb="end debrief taker", thing="person", thing_id=str(row.person_id), now=now
        )
        decline_open(person=row.person_id, now=now)
        row.delete()


def decline_open(*, person: uuid.UUID, now: datetime) -> None:
    """Decline what somebody was asked and did not answer. In the caller's transaction."""
    asked = Request.objects.filter(taker__person=person, state=Request.State.ASKED)
    for row in asked.order_by("pk"):
        _move(row, Request.State.DECLINED)
        tell_answered(row, now)


@transaction.atomic(durable=True)
def ask(
    *, taker: uuid.UUID, asked: Asked, request_key: uuid.UUID, person: Person, now: datetime
) -> None:
    """Ask somebody for a debrief; two taps are one. Raises NotAllowed for who is no student."""
    if not person.has_role(Role.STUDENT):
        raise NotAllowed
    pk = ids.new_id()
    row = Request(
        pk=pk,
        request_key=request_key,
        taker=Taker.objects.select_related("person").filter(pk=taker).first(),
        tag=tag_of(person.pk),
        holder=seal_holder(pk, person.pk),
        sealed=seal_asked(pk, asked),
        asked_on=now.date(),
        forget_at=now + KEPT,
    )
    if row.taker is None:
        raise NotAllowedFrom("ask")
    Request.objects.bulk_create([row], ignore_conflicts=True)
    if Request.objects.filter(pk=pk).exists():
        tell_asked(row, now)


def _move(row: Request, state: Request.State, **fields: object) -> None:
    """Answer a request that still stands. Raises NotAllowedFrom if somebody got there first."""
    held = Request.objects.filter(pk=row.pk, state=Request.State.ASKED)
    if held.update(state=state, **fields) != 1:
        raise NotAllowedFrom(str(state))
    row.state = state
    for name, value in fields.items():
        setattr(row, name, value)


@transaction.atomic(durable=True)
def withdraw(*, request: uuid.UUID, person: Person, now: datetime) -> None:
    """Take back what one asked for, while nobody has answered. Raises NotAllowedFrom."""
    row = Request.objects.filter(pk=request, tag=tag_of(person.pk), forget_at__gt=now).first()
    if row is None:
        raise NotAllowed
    _move(row, Request.State.WITHDRAWN)


def _to(person: Person, request: uuid.UUID, now: datetime) -> Request:
    row = Request.objects.filter(pk=request, taker__person=person, forget_at__gt=now).first()
    if row is None or not is_of_us(person):
        raise NotAllowed
    return row


@transaction.atomic(durable=True)
def decline(*, request: uuid.UUID, by: Person, now: datetime) -> None:
    """Say that one cannot do it; who asked is told, with other ways to be heard."""
    row = _to(by, request, now)
    _move(row, Request.State.DECLINED)
    tell_answered(row, now)


@transaction.atomic(durable=True)
def take(
    *,
    request: uuid.UUID,
    starts_at: datetime,
    ends_at: datetime,
    place: str,
    by: Person,
    now: datetime,
) -> Event:
    """Make a private, discreet event of a request. Its address is the invitation.

    Nobody but who takes it runs it or sees it in a list; whoever has the address finds it.
    """
    row = _to(by, request, now)
    facts = Facts(
        kind=Kind.DEBRIEF,
        title=_("Debrief"),
        starts_at=starts_at,
        ends_at=ends_at,
        place=place,
        visibility=Visibility.PRIVATE,
        is_sensitive=True,
        hosts=frozenset({by.pk}),
    )
    event = insert(facts=facts, now=now)
    Event.objects.filter(pk=event.pk).update(state=str(State.PUBLISHED))
    until = rules.forget_at(ends_at, is_sensitive=True)
    _move(row, Request.State.TAKEN, event=event, forget_at=until)
    tell_answered(row, now)
    return event
