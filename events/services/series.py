"""Series of events: make, publish, end early, copy to another time. Its dates are events."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from events import rules
from events.models import Event, Series
from events.planning_rules import Dated, Facts, InThePast, at, moved, when_of
from events.queries import plans
from events.rules import MOST_DATES, State
from events.series_rules import dates, days_moved
from events.services import planning, writing
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from program.queries import facts as program_facts
from program.services import touch_public


def _note(by: Actor, verb: str, row: Series, now: datetime, note: str = "") -> None:
    record(by=by, verb=verb, thing="series", thing_id=str(row.pk), now=now, note=note)


def _new(facts: Facts, days: Sequence[date], every_weeks: int) -> Series:
    zone = program_facts().zone
    start = facts.starts_at.astimezone(zone)
    return Series.objects.create(
        every_weeks=every_weeks,
        first_on=min(days),
        last_on=max(days),
        starts=start.time(),
        minutes=int((facts.ends_at - facts.starts_at) / timedelta(minutes=1)),
        zone=zone.key,
    )


@transaction.atomic(durable=True)
def make(
    *,
    facts: Facts,
    every_weeks: int,
    last_on: date,
    leaving_out: frozenset[date] = frozenset(),
    by: Actor,
    now: datetime,
) -> Series:
    """Make drafts for every date of a series, from the day of `facts` on, at the same local time.

    Raises NotAllowed, InThePast, ValueError if no date is left.
    """
    facts = planning.as_theirs(facts, by)
    if facts.starts_at <= now:
        raise InThePast
    zone = program_facts().zone
    first = facts.starts_at.astimezone(zone).date()
    days = [
        day
        for day in dates(first, last_on, every_weeks, most=MOST_DATES)
        if day not in leaving_out
    ]
    if not days:
        raise ValueError("A series has a date.")
    series = _new(facts, days, every_weeks)
    for day in days:
        writing.insert(facts=moved(facts, day, zone), now=now, series=series, on=day)
    _note(by, "make series", series, now, str(len(days)))
    return series


def _held(series: uuid.UUID, now: datetime) -> tuple[Series, list[Event], dict[uuid.UUID, Facts]]:
    """Return a series and what of it is not over, all held."""
    row = writing.hold_series(series)
    ahead = Event.objects.filter(series=row, ends_at__gt=now).order_by("series_on")
    writing.hold_rows([one.pk for one in ahead])
    rows = list(ahead.all())
    return row, rows, plans.read(rows)


@transaction.atomic(durable=True)
def publish(*, series: uuid.UUID, seen: str | None = None, by: Actor, now: datetime) -> int:
    """Publish every draft of a series that has not begun. Returns how many. As `publish`."""
    row, rows, known = _held(series, now)
    writing.check_seen(rows, known, seen)
    drafts = [one for one in rows if one.state == State.DRAFT and one.starts_at > now]
    public = [planning.publish_held(one, known[one.pk], by, now) for one in drafts]
    if any(public):
        touch_public()
    if drafts:
        _note(by, "publish series", row, now, str(len(drafts)))
    return len(drafts)


@dataclass(frozen=True, slots=True)
class Ended:
    """How many dates vanished, and how many were cancelled because people wanted to come."""

    dropped: int
    cancelled: int


@transaction.atomic(durable=True)
def end_early(
    *, series: uuid.UUID, last_on: date, seen: str | None = None, by: Actor, now: datetime
) -> Ended:
    """End a series after a day. Dates after it that nobody wants to come to vanish; of the others
    everybody is told that they are cancelled.

    What has begun stays. Raises NotAllowed, ChangedMeanwhile.
    """
    row, rows, known = _held(series, now)
    writing.check_seen(rows, known, seen)
    zone = program_facts().zone
    after = [one for one in rows if is_after(one, last_on, zone, now)]
    writing.check_may_keep(by, after, known)
    dropped = 0
    public = [writing.is_public(one) for one in after]
    for one in after:
        if writing.is_empty(one):
            planning.drop_held(one, by, now)
            dropped += 1
        else:
            writing.call_off(one, now)
            planning.note(by, "cancel event", one, now)
    if after:
        last = max(min(last_on, row.last_on), row.first_on)
        Series.objects.filter(pk=row.pk).update(last_on=last)
        _note(by, "end series", row, now, last_on.isoformat())
    if any(public):
        touch_public()
    return Ended(dropped, len(after) - dropped)


def is_after(row: Event, last_on: date, zone: ZoneInfo, now: datetime) -> bool:
    """Return whether ending a series on a day ends this date: not begun, on, and after it."""
    day = row.starts_at.astimezone(zone).date()
    return day > last_on and row.starts_at > now and row.state != State.CANCELLED


@transaction.atomic(durable=True)
def copy(*, series: uuid.UUID, first_on: date, by: Actor, now: datetime) -> Series:
    """Make drafts of a whole series with its dates moved, so that the first falls on a day.

    What was changed of single dates comes along; what was cancelled does not, and nobody who
    came. Raises NotAllowed, InThePast.
    """
    row = Series.objects.filter(pk=series).first()
    if row is None:
        raise rules.NotAllowed
    rows = list(Event.objects.filter(series=row).exclude(state=str(State.CANCELLED)))
    known = plans.read(rows)
    if not rows:
        raise rules.NotAllowed
    planning.check_may_copy(by, known.values())
    zone = program_facts().zone
    before = sorted((Dated(known[one.pk], one.series_on or first_on) for one in rows), key=_on)
    days = days_moved([one.on for one in before], first_on)
    there = frozenset(person for person, _name in plans.can_host())
    copies = [
        (day, at(one.facts, day, when_of(one.facts, one.on, zone), zone))
        for one, day in zip(before, days, strict=True)
    ]
    if min(facts.starts_at for _day, facts in copies) <= now:
        raise InThePast
    made = _new(copies[0][1], days, row.every_weeks)
    for day, facts in copies:
        theirs = planning.as_theirs(replace(facts, hosts=facts.hosts & there), by)
        writing.insert(facts=theirs, now=now, series=made, on=day)
    _note(by, "copy series", made, now, str(len(copies)))
    return made


def _on(one: Dated) -> date:
    return one.on
