"""Asking for a debrief, and answering: taken, it becomes a private event of its own."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from events import rules
from events.debrief_emails import tell_answered, tell_asked, tell_back
from events.models import Event, Request, Taker
from events.permissions import may_come, may_plan
from events.planning_rules import Facts
from events.queries import debriefs as reads
from events.queries.debriefs import Asked, is_of_us, seal_asked, seal_holder, tag_of
from events.rules import AlreadyAsked, Kind, NotAllowed, NotAllowedFrom, State, Visibility
from events.services import planning
from events.services.writing import insert
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM, Actor
from peersupport.core.audit.services import record
from program.queries import facts

KEPT = timedelta(days=30)
# What was taken back is of no use to anybody.
KEPT_BACK = timedelta(days=7)


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
    """Ask somebody for a debrief; two taps are one.

    Raises NotAllowed for who is no student and supports none, NotAllowedFrom if they cannot be
    asked, AlreadyAsked if they were and have not answered.
    """
    if not may_come(person):
        raise NotAllowed
    chosen = next((one for one in reads.takers() if one.pk == taker), None)
    if chosen is None or chosen.person_id == person.pk:
        raise NotAllowedFrom("ask")
    pk, tag = ids.new_id(), tag_of(person.pk)
    row = Request(
        pk=pk,
        request_key=request_key,
        taker=chosen,
        tag=tag,
        holder=seal_holder(pk, person.pk),
        sealed=seal_asked(pk, asked),
        asked_on=clock.local_date(now, facts().zone),
        forget_at=now + KEPT,
    )
    Request.objects.bulk_create([row], ignore_conflicts=True)
    known = Request.objects.filter(tag=tag, request_key=request_key)
    there = known.values_list("pk", flat=True).first()
    if there is None:
        raise AlreadyAsked
    if there == pk:
        tell_asked(row, now)


def _move(row: Request, state: Request.State, **fields: Any) -> None:
    """Answer a request that still stands. Raises NotAllowedFrom if somebody got there first."""
    held = Request.objects.filter(pk=row.pk, state=Request.State.ASKED)
    if held.update(state=state, **fields) != 1:
        raise NotAllowedFrom(str(state))
    row.state = state
    for name, value in fields.items():
        setattr(row, name, value)


@transaction.atomic(durable=True)
def withdraw(*, request: uuid.UUID, person: Person, now: datetime) -> None:
    """Take back what one asked for. Twice is once. Raises NotAllowed, NotAllowedFrom.

    After a time was set, whoever set it is told: others of the team may come, so that it is for
    them to call it off.
    """
    known = Request.objects.filter(pk=request, tag=tag_of(person.pk), forget_at__gt=now)
    row = known.first()
    if row is None:
        raise NotAllowed
    if row.state == Request.State.WITHDRAWN:
        return
    if row.state != Request.State.TAKEN:
        _move(row, Request.State.WITHDRAWN, forget_at=min(row.forget_at, now + KEPT_BACK))
        return
    ahead = Event.objects.on().ahead(now)
    held = known.filter(state=Request.State.TAKEN, event__in=ahead)
    if held.update(state=Request.State.WITHDRAWN) != 1:
        raise NotAllowedFrom("withdraw")
    tell_back(row, now)


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


def notice_who_left(*, now: datetime) -> int:
    """Decline what somebody was asked who has left the program, and call off what they alone lead.

    Nobody else may plan a debrief, so a team would wait in a room for nobody. Returns how many.
    """
    left, unled = reads.unanswerable(now), reads.without_leader(now)
    for row in left:
        _decline_for_who_left(row, now)
    for event in unled:
        with suppress(NotAllowedFrom):  # it was called off meanwhile
            planning.cancel(event=event, by=SYSTEM, now=now)
    return len(left) + len(unled)


@transaction.atomic(durable=True)
def _decline_for_who_left(row: Request, now: datetime) -> None:
    with suppress(NotAllowedFrom):  # it was taken back meanwhile
        _move(row, Request.State.DECLINED)
        tell_answered(row, now)
