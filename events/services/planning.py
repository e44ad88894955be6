"""Planning events: write, publish, change, cancel, copy, drop. One verb, one transaction."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import Person
from events import rules
from events.models import Event
from events.permissions import may_draft, may_plan, may_publish
from events.planning_rules import (
    ChangedMeanwhile,
    Facts,
    HasPeople,
    InThePast,
    NoPlaceYet,
    Scope,
    moved,
)
from events.queries import plans
from events.rules import EVENT_STEPS, Kind, NotAllowedFrom, State
from events.services import writing
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from program.queries import facts as program_facts
from program.services import touch_public

__all__ = ["ChangedMeanwhile", "cancel", "change", "copy", "drop", "publish", "write"]


def note(by: Actor, verb: str, row: Event, now: datetime) -> None:
    """Write into the audit what staff did with an event."""
    record(by=by, verb=verb, thing="event", thing_id=str(row.pk), now=now)


def as_theirs(facts: Facts, by: Actor) -> Facts:
    """Return what somebody may plan. Raises NotAllowed.

    Supporters plan workshops, and host what they plan. A debrief comes from a request alone.
    """
    if not may_draft(by, plans.letting()) or facts.kind is Kind.DEBRIEF:
        raise rules.NotAllowed
    if may_plan(by) or not isinstance(by, Person):
        return facts
    if facts.kind is not Kind.WORKSHOP:
        raise rules.NotAllowed
    return replace(facts, hosts=facts.hosts | {by.pk})


@transaction.atomic(durable=True)
def write(*, facts: Facts, by: Actor, now: datetime) -> Event:
    """Write an event down as a draft. Raises NotAllowed, InThePast."""
    facts = as_theirs(facts, by)
    if facts.starts_at <= now:
        raise InThePast
    row = writing.insert(facts=facts, now=now)
    note(by, "write event", row, now)
    return row


def publish_held(row: Event, facts: Facts, by: Actor, now: datetime) -> bool:
    """Publish a draft that is held. Returns whether the public may read it. Raises as `publish`.

    A supporter needs to be let; whether they may is asked again here, in the transaction.
    """
    is_host = isinstance(by, Person) and by.pk in facts.hosts
    if not may_publish(by, row, plans.letting(), is_host=is_host):
        raise rules.NotAllowed
    EVENT_STEPS.target(row.state, "publish")
    if row.starts_at <= now:
        raise InThePast
    if not (row.place or row.link):
        raise NoPlaceYet
    draft = Event.objects.filter(pk=row.pk, state=str(State.DRAFT))
    if not draft.update(state=str(State.PUBLISHED), facts_at=now):
        raise NotAllowedFrom("publish")
    row.refresh_from_db()
    note(by, "publish event", row, now)
    return writing.is_public(row)


@transaction.atomic(durable=True)
def publish(*, event: uuid.UUID, seen: str | None = None, by: Actor, now: datetime) -> Event:
    """Put a draft before whoever it is for. `seen` is the mark of what was looked at.

    Raises NotAllowed, NotAllowedFrom, ChangedMeanwhile, InThePast, NoPlaceYet.
    """
    row = writing.hold(event)
    known = plans.read([row])
    writing.check_seen([row], known, seen)
    if publish_held(row, known[row.pk], by, now):
        touch_public()
    return row


@transaction.atomic(durable=True)
def change(
    *,
    event: uuid.UUID,
    facts: Facts,
    scope: Scope = Scope.THIS,
    anyway: frozenset[uuid.UUID] = frozenset(),
    seen: str | None,
    by: Actor,
    now: datetime,
) -> int:
    """Change one event, or this and the later dates of its series. Returns how many changed.

    A later date keeps what was changed of it by itself, unless it is in `anyway`. Whoever comes
    or waits is told where day, time, place or link change. Raises NotAllowed, NotAllowedFrom,
    ChangedMeanwhile if it does not stand as it was `seen`, InThePast, StaysDiscreet.
    """
    row = writing.hold(event)
    rows = plans.later_dates(row, now)
    if len(rows) > 1:
        writing.hold_rows([one.pk for one in rows])
        rows = plans.later_dates(row, now)
    known = plans.read(rows)
    writing.check_seen(rows, known, seen)
    zone: ZoneInfo = program_facts().zone
    todo = plans.changes(rows, known, facts, scope=scope, anyway=anyway, zone=zone)
    todo = [one for one in todo if one.names]
    writing.check_may_keep(by, [row, *(one.row for one in todo)], known)
    _check_theirs(facts, known[row.pk], by)
    is_public = [writing.put(one.row, one.before, one.after, now) for one in todo]
    for one in todo:
        note(by, "change event", one.row, now)
    if any(is_public):
        touch_public()
    return len(todo)


def _check_theirs(after: Facts, before: Facts, by: Actor) -> None:
    """Raise NotAllowed if a kind becomes what somebody may not plan, or a supporter lets go."""
    if after.kind is not before.kind and Kind.DEBRIEF in (after.kind, before.kind):
        raise rules.NotAllowed
    if may_plan(by) or not isinstance(by, Person):
        return
    if after.kind is not before.kind or by.pk not in after.hosts:
        raise rules.NotAllowed


@transaction.atomic(durable=True)
def cancel(*, event: uuid.UUID, seen: str | None = None, by: Actor, now: datetime) -> Event:
    """Cancel a published event, or one date of a series, and tell whoever comes or waits.

    Raises NotAllowed, ChangedMeanwhile, NotAllowedFrom if it is not on or over.
    """
    row = writing.hold(event)
    known = plans.read([row])
    writing.check_seen([row], known, seen)
    writing.check_may_keep(by, [row], known)
    writing.call_off(row, now)
    note(by, "cancel event", row, now)
    if writing.is_public(row):
        touch_public()
    return row


@transaction.atomic(durable=True)
def drop(*, event: uuid.UUID, by: Actor, now: datetime) -> None:
    """Take an event, or one date of a series, away: a draft, or one nobody wants to come to.

    Raises NotAllowed, NotAllowedFrom if it is cancelled or over, HasPeople.
    """
    row = writing.hold(event)
    known = plans.read([row])
    writing.check_may_keep(by, [row], known)
    if row.state != State.DRAFT and row.ends_at <= now:
        raise NotAllowedFrom("drop")
    drop_held(row, by, now)


def drop_held(row: Event, by: Actor, now: datetime) -> None:
    """Take an event that is held away. Raises NotAllowedFrom, HasPeople."""
    if row.state == State.CANCELLED:
        raise NotAllowedFrom("drop")
    if not writing.is_empty(row):
        raise HasPeople
    was_public = writing.is_public(row)
    note(by, "drop event", row, now)
    if was_public:
        row.sequence += 1
        writing.withdraw(row, plans.facts_of(row), now)
    row.delete()
    if was_public:
        touch_public()


def check_may_copy(by: Actor, facts: Iterable[Facts]) -> None:
    """Raise NotAllowed unless somebody may copy events: whoever plans; a supporter their own."""
    for one in facts:
        is_theirs = isinstance(by, Person) and by.pk in one.hosts
        if one.kind is Kind.DEBRIEF or not (may_plan(by) or is_theirs):
            raise rules.NotAllowed


@transaction.atomic(durable=True)
def copy(*, event: uuid.UUID, day: date, by: Actor, now: datetime) -> Event:
    """Make a draft of an event for another day, at the same local times. Nobody comes along.

    Raises NotAllowed, InThePast.
    """
    row = Event.objects.filter(pk=event).first()
    if row is None:
        raise rules.NotAllowed
    before = plans.read([row])[row.pk]
    check_may_copy(by, [before])
    facts = moved(before, day, program_facts().zone)
    if facts.starts_at <= now:
        raise InThePast
    there = frozenset(person for person, _name in plans.can_host())  # some have left since
    theirs = as_theirs(replace(facts, hosts=facts.hosts & there), by)
    copied = writing.insert(facts=theirs, now=now)
    note(by, "copy event", copied, now)
    return copied
