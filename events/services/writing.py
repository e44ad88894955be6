"""The rows of what is planned: shared by the services that plan, inside their transactions."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import F

from accounts.models import Person
from events import keys, rules
from events.emails import tell_cancelled, tell_changed
from events.models import Event, Host, Invited, Series, Withdrawn
from events.permissions import may_keep
from events.planning_rules import (
    IN_CALENDARS,
    IS_TOLD,
    ChangedMeanwhile,
    Facts,
    InThePast,
    Letting,
    StaysDiscreet,
    changed,
)
from events.queries import plans
from events.rules import NotAllowedFrom, State, Visibility
from events.services import places
from events.services.following import follow_changed, follow_off
from peersupport.core import ids
from peersupport.core.actors import Actor


def columns(facts: Facts) -> dict[str, Any]:
    """Return the columns of an event that say what is planned, its places apart."""
    start = facts.starts_at
    return {
        "kind": str(facts.kind),
        "title": facts.title,
        "words": facts.words,
        "led_by": facts.led_by,
        "starts_at": start,
        "ends_at": facts.ends_at,
        "place": facts.place,
        "link": facts.link,
        "access": facts.access,
        "visibility": str(facts.visibility),
        "is_sensitive": facts.is_sensitive,
        "opens_at": start - facts.opens_before if facts.opens_before is not None else None,
        "closes_at": start - facts.closes_before if facts.closes_before is not None else None,
    }


def insert(
    *, facts: Facts, now: datetime, series: Series | None = None, on: date | None = None
) -> Event:
    """Write a draft down, with a key of its own."""
    pk = ids.new_id()
    forget = rules.forget_at(facts.ends_at, is_sensitive=facts.is_sensitive)
    day = keys.day_for(forget)
    row = Event.objects.create(
        pk=pk,
        series=series,
        series_on=on,
        capacity=facts.capacity,
        places=facts.capacity,
        facts_at=now,
        key_day=day,
        key=keys.new_key(pk, day),
        forget_at=forget,
        **columns(facts),
    )
    _put_around(pk, facts)
    return row


def _put_around(event: uuid.UUID, facts: Facts) -> None:
    Invited.objects.bulk_create(
        Invited(event_id=event, class_name=name, rotation=rotation)
        for name, rotation in sorted(facts.invited)
    )
    Host.objects.bulk_create(
        Host(event_id=event, person_id=person) for person in sorted(facts.hosts)
    )


def hold(event: uuid.UUID) -> Event:
    """Hold an event, and its series before it, until the transaction ends. Raises NotAllowed.

    The series comes first: of two who change many dates of one series, the second waits there.
    """
    series = Event.objects.filter(pk=event).values_list("series", flat=True).first()
    if series is not None:
        hold_series(series)
    hold_rows([event])
    row = Event.objects.filter(pk=event).first()
    if row is None:
        raise rules.NotAllowed
    return row


def hold_series(series: uuid.UUID) -> Series:
    """Hold a series until the transaction ends. Raises NotAllowed if it is gone."""
    if not Series.objects.filter(pk=series).update(every_weeks=F("every_weeks")):
        raise rules.NotAllowed
    return Series.objects.get(pk=series)


def hold_rows(events: Iterable[uuid.UUID]) -> None:
    """Hold events: whoever takes or leaves a place waits until the transaction ends."""
    Event.objects.filter(pk__in=list(events)).update(next_number=F("next_number"))


def check_seen(rows: Sequence[Event], known: dict[uuid.UUID, Facts], seen: str | None) -> None:
    """Raise ChangedMeanwhile unless the events stand as they were shown. None: nobody looked."""
    if seen is not None and plans.mark_of(rows, known) != seen:
        raise ChangedMeanwhile


def check_may_keep(by: Actor, rows: Iterable[Event], known: dict[uuid.UUID, Facts]) -> Letting:
    """Raise NotAllowed unless somebody may change each of these events."""
    letting = plans.letting()
    for row in rows:
        is_host = isinstance(by, Person) and by.pk in known[row.pk].hosts
        if not may_keep(by, row, letting, is_host=is_host):
            raise rules.NotAllowed
    return letting


def put(row: Event, before: Facts, after: Facts, now: datetime) -> bool:
    """Make an event what is planned now, and tell whoever comes if day, time or place moved.

    Returns whether anything changed that the public may read. The row is held. Raises
    NotAllowedFrom, InThePast, StaysDiscreet.
    """
    names = changed(before, after)
    is_draft = row.state == State.DRAFT
    _check(row, before, after, now)
    values = columns(after) | _key(row, after, now)
    if is_draft:
        values |= {"capacity": after.capacity, "places": after.capacity}
    elif names & IN_CALENDARS or _is_public(before) != _is_public(after):
        values |= {"sequence": F("sequence") + 1, "facts_at": now}
    if Event.objects.filter(pk=row.pk, state=row.state).update(**values) != 1:
        raise NotAllowedFrom("change")
    if before.invited != after.invited:
        Invited.objects.filter(event=row).delete()
    if before.hosts != after.hosts:
        Host.objects.filter(event=row).delete()
    _put_around(row.pk, _only_new(before, after))
    if not is_draft and names & {"capacity", "starts_at"}:
        # Places move with the people in them, and offers with the start.
        places.set_capacity_in_hand(event=row.pk, capacity=after.capacity, now=now)
    row.refresh_from_db()
    if not is_draft:
        _tell_calendars(row, before, after, now)
    is_told = not is_draft and bool(names & IS_TOLD)
    if is_told:
        tell_changed(row, now)
    follow_changed(row, is_told=is_told, now=now)
    return bool(names) and not is_draft and (_is_public(before) or _is_public(after))


def _only_new(before: Facts, after: Facts) -> Facts:
    """Return what has to be written around an event: nothing of what stays."""
    invited = after.invited if before.invited != after.invited else frozenset()
    hosts = after.hosts if before.hosts != after.hosts else frozenset()
    return replace(after, invited=invited, hosts=hosts)


def _check(row: Event, before: Facts, after: Facts, now: datetime) -> None:
    is_draft = row.state == State.DRAFT
    if row.state == State.CANCELLED or (not is_draft and row.ends_at <= now):
        raise NotAllowedFrom("change")
    if after.starts_at != before.starts_at and after.starts_at <= now:
        raise InThePast
    if after.ends_at != before.ends_at and after.ends_at <= now:
        raise InThePast
    if not is_draft and before.is_sensitive and not after.is_sensitive:
        raise StaysDiscreet


def _key(row: Event, after: Facts, now: datetime) -> dict[str, Any]:
    """Return what becomes of an event's key: who comes stays known exactly as long as promised."""
    forget = rules.forget_at(after.ends_at, is_sensitive=after.is_sensitive)
    if forget == row.forget_at:
        return {}
    day = keys.day_for(forget)
    # Nobody has answered a draft, so nothing is sealed under its key.
    is_draft = row.state == State.DRAFT
    key = keys.new_key(row.pk, day) if is_draft else keys.resealed(row, day, now)
    return {"forget_at": forget, "key_day": day, "key": key, "is_forgotten": False}


def _is_public(facts: Facts) -> bool:
    return facts.visibility is Visibility.PUBLIC


def _tell_calendars(row: Event, before: Facts, after: Facts, now: datetime) -> None:
    """Let public calendars show an event that has left them as cancelled, until it is back."""
    if _is_public(before) and not _is_public(after):
        withdraw(row, before, now)
    elif _is_public(after) and not _is_public(before):
        Withdrawn.objects.filter(pk=row.pk).delete()


def withdraw(row: Event, known: Facts, now: datetime) -> None:
    """Let public calendars show an event as cancelled, at the time that they knew.

    What is over they may keep.
    """
    if known.ends_at <= now:
        return
    said = {"starts_at": known.starts_at, "ends_at": known.ends_at, "withdrawn_at": now}
    Withdrawn.objects.update_or_create(pk=row.pk, defaults={**said, "sequence": row.sequence})


def is_public(row: Event) -> bool:
    """Return whether everybody may know of an event."""
    return row.visibility == Visibility.PUBLIC and row.state != State.DRAFT


def call_off(row: Event, now: datetime) -> None:
    """Cancel an event and tell whoever comes or waits. The row is held. Raises NotAllowedFrom."""
    standing = Event.objects.filter(pk=row.pk, state=str(State.PUBLISHED), ends_at__gt=now)
    if not standing.update(
        state=str(State.CANCELLED),
        cancelled_at=now,
        sequence=F("sequence") + 1,
        facts_at=now,
    ):
        raise NotAllowedFrom("cancel")
    row.refresh_from_db()
    tell_cancelled(row, now)
    follow_off(row, now)


def is_empty(row: Event) -> bool:
    """Return whether an event may vanish without a word: a draft, or one nobody wants to.

    A published discreet one never: that it may would tell whoever asks that nobody comes.
    """
    if row.state == State.DRAFT:
        return True
    is_on = row.state == State.PUBLISHED and not row.is_sensitive
    return is_on and not row.taken and not row.waiting
