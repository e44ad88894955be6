"""Writes on planned hours: change weekly hours, end them, leave a day out, change one day."""

import uuid
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import Person
from officehours import rules
from officehours.emails import tell_changed
from officehours.models import Assignment, Rule, Shift, SkippedDay, Visit
from officehours.permissions import is_theirs, may_hold_hours, may_run_program
from officehours.planning_rules import REFUSED, STAYS, Fate, Hours, Plan, Row
from officehours.queries import planning as reads
from officehours.services import hours
from officehours.services.publishing import (
    call_off,
    change_shift,
    check_seen,
    move_crew,
    publish_new,
    refuse,
    withdraw,
)
from peersupport.core import clock, locks
from peersupport.core.actors import SYSTEM, Actor
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.permissions import may_keep_facts
from program.queries import facts, holidays
from program.services import touch_public

_LEFT_OUT = frozenset({Fate.SKIPPED, Fate.HOLIDAY})


def _held(rule: Rule) -> Rule:
    """Return weekly hours as they are, with their supporters held. Raises NotAllowed if gone."""
    found = Rule.objects.filter(pk=rule.pk).first()
    if found is None:
        raise rules.NotAllowed
    both = [one.bytes for one in (found.supporter_id, found.partner_id) if one is not None]
    locks.hold_all("supporter", both)
    return Rule.objects.get(pk=found.pk)


def _held_rule(rule: Rule, by: Person, now: datetime) -> Rule:
    """Return weekly hours of one's own, with their supporters and coming shifts held."""
    found = _held(rule)
    if found.supporter_id != by.pk or not may_hold_hours(by):
        raise rules.NotAllowed
    today = clock.local_date(now, ZoneInfo(found.zone))
    ahead = Shift.objects.filter(rule=found, local_date__gte=today).values_list("pk", flat=True)
    locks.hold_all("shift", [pk.bytes for pk in ahead])
    return found


def _would_do(plan: Plan, cancel: frozenset[uuid.UUID]) -> bool:
    """Return whether a plan still asks for anything to be done."""
    return any(
        (row.fate not in STAYS | _LEFT_OUT and not (row.fate in REFUSED and row.existing is None))
        or (row.fate is Fate.KEPT and row.existing and row.existing.shift in cancel)
        for row in plan.rows
    )


def _apply(rule: Rule, plan: Plan, wanted: Hours, cancel: frozenset[uuid.UUID]) -> None:
    """Publish, change and withdraw what a plan says. Nobody is booked in what is touched."""
    gone = []
    for row in plan.rows:
        old = row.existing
        if old is None:
            continue
        fate = row.fate
        if fate is Fate.KEPT and old.shift in cancel and row.otherwise is not None:
            fate = row.otherwise
        if fate is Fate.CHANGED:
            change_shift(_at(row, wanted, rule), wanted, rule.supporter_id)
        elif fate in REFUSED or fate is Fate.ENDS:
            gone.append(old.shift)
    withdraw(gone)
    publish_new(rule, plan.rows)


def _at(row: Row, wanted: Hours, rule: Rule) -> Row:
    """Return a row with the times that are wanted; kept rows show the old ones."""
    start, end = rules.bounds(row.day, wanted.starts, wanted.ends, ZoneInfo(rule.zone))
    return replace(row, starts_at=start, ends_at=end)


@transaction.atomic(durable=True)
def change_weekly(
    *,
    rule: Rule,
    starts: time,
    ends: time,
    place: str,
    minutes: int,
    ways: str,
    last_on: date | None,
    cancel: frozenset[uuid.UUID] = frozenset(),
    seen: str | None = None,
    by: Person,
    now: datetime,
) -> Plan:
    """Change weekly hours, and what they have published where nobody has a time.

    Hours in which somebody has a time or waits stay as they are, unless their shift is in
    `cancel`: then those people are told and offered other times, and the day follows. Hours
    changed by hand, taken over by somebody else, or begun stay. Sending it twice is once. `seen`
    is the mark of the preview. Raises NotAllowed, ChangedMeanwhile, AlreadyTalking, Overlaps, or
    why nothing at all can be published.
    """
    current = _held_rule(rule, by, now)
    wanted = reads.changed_hours(
        current,
        starts=starts,
        ends=ends,
        place=place,
        minutes=minutes,
        ways=ways,
        last_on=last_on,
    )
    plan = reads.weekly_plan(wanted, supporter=current.supporter_id, now=now, rule=current)
    if _is_done(current, wanted, plan, cancel):
        return plan
    check_seen(plan, seen)
    refuse(plan)
    _change(current, wanted, plan, cancel=cancel, now=now)
    record(by=by, verb="change weekly hours", thing="rule", thing_id=str(current.pk), now=now)
    touch_public()
    return plan


@transaction.atomic(durable=True)
def end_weekly(
    *,
    rule: Rule,
    last_on: date,
    cancel: frozenset[uuid.UUID] = frozenset(),
    seen: str | None = None,
    by: Person,
    now: datetime,
) -> Plan:
    """End one's own weekly hours after a day.

    What is published after it and has nobody in it is withdrawn; the rest stays, unless it is in
    `cancel`. Raises as `change_weekly` does.
    """
    current = _held_rule(rule, by, now)
    wanted = reads.changed_hours(current, last_on=last_on)
    plan = reads.weekly_plan(wanted, supporter=current.supporter_id, now=now, rule=current)
    if _is_done(current, wanted, plan, cancel):
        return plan
    check_seen(plan, seen)
    _change(current, wanted, plan, cancel=cancel, now=now)
    record(by=by, verb="end weekly hours", thing="rule", thing_id=str(current.pk), now=now)
    touch_public()
    return plan


@transaction.atomic(durable=True)
def end_for_program(*, rule: Rule, last_on: date, by: Person, now: datetime) -> None:
    """End anybody's weekly hours after a day, for the program.

    What is published stays, and can be cancelled singly: a page that told the booked from the
    empty would tell the program who is sought out.
    """
    if not may_run_program(by):
        raise rules.NotAllowed
    current = _held(rule)
    wanted = reads.changed_hours(current, last_on=last_on)
    changed = Rule.objects.filter(pk=current.pk)
    changed.update(first_on=wanted.first_on, last_on=wanted.last_on)
    record(by=by, verb="end weekly hours", thing="rule", thing_id=str(current.pk), now=now)


def _is_done(current: Rule, wanted: Hours, plan: Plan, cancel: frozenset[uuid.UUID]) -> bool:
    """Return whether everything is as wanted already: the form was sent twice."""
    return reads.hours_of_rule(current) == wanted and not _would_do(plan, cancel)


def _change(
    current: Rule,
    wanted: Hours,
    plan: Plan,
    *,
    cancel: frozenset[uuid.UUID],
    now: datetime,
) -> None:
    for row in plan.rows:
        if row.fate is Fate.KEPT and row.existing and row.existing.shift in cancel:
            call_off(row.existing.shift, Visit.EndedBy.SUPPORTER, now)
    names = ["starts", "ends", "place", "minutes", "ways", "first_on", "last_on"]
    for name in names:
        setattr(current, name, getattr(wanted, name))
    current.save(update_fields=names)
    _apply(current, plan, wanted, cancel)


@transaction.atomic(durable=True)
def skip_day(
    *, rule: Rule, day: date, by: Person, now: datetime, give_up_booked: bool = False
) -> None:
    """Leave one day of weekly hours out; twice is once.

    Raises NotAllowed, OutOfTime (past, not their weekday, or too far ahead), NotAllowedFrom once
    they have begun, and StillBooked unless `give_up_booked`: then those people are told and
    offered other times. If somebody else holds that day too, only this supporter leaves it.
    """
    current = _held_rule(rule, by, now)
    today = clock.local_date(now, ZoneInfo(current.zone))
    if day.weekday() != current.weekday or not today <= day <= today + rules.PLAN_AHEAD:
        raise rules.OutOfTime
    row = SkippedDay(rule=current, local_date=day)
    SkippedDay.objects.bulk_create([row], ignore_conflicts=True)
    if not SkippedDay.objects.filter(pk=row.pk).exists():
        return
    shift = Shift.objects.bookable().filter(rule=current, local_date=day).first()
    if shift is not None:
        _leave_out(shift, by, now, give_up_booked=give_up_booked)
    record(by=by, verb="leave a day out", thing="rule", thing_id=str(current.pk), now=now)
    touch_public()


def _leave_out(shift: Shift, by: Person, now: datetime, *, give_up_booked: bool) -> None:
    if shift.starts_at <= now:
        raise NotAllowedFrom("leave a day out")
    crew = Assignment.objects.filter(shift=shift, is_active=True)
    others = crew.exclude(supporter=by).exists()
    live = Visit.objects.live().filter(shift=shift, is_forgotten=False)
    if others:
        live = live.filter(assignment__supporter=by)
    if live.exists() and not give_up_booked:
        raise rules.StillBooked
    if not others:
        call_off(shift.pk, Visit.EndedBy.SUPPORTER, now)
        withdraw([shift.pk])
    elif crew.filter(supporter=by).exists():
        hours.leave_pair(shift, by, now)


@transaction.atomic(durable=True)
def take_day_back(*, rule: Rule, day: date, by: Person, now: datetime) -> None:
    """Hold weekly hours on a day that was left out; publishes it if it lies within the horizon."""
    current = _held_rule(rule, by, now)
    if SkippedDay.objects.filter(rule=current, local_date=day).delete()[0]:
        hours.extend(current, now)
        record(by=by, verb="take a day back", thing="rule", thing_id=str(current.pk), now=now)
        touch_public()


@transaction.atomic(durable=True)
def edit_shift(
    *, shift: Shift, starts: time, ends: time, place: str, by: Person, now: datetime
) -> None:
    """Change time or place of hours on one day; their weekly hours leave that day alone then.

    Raises NotAllowed, NotAllowedFrom once begun or cancelled, NotCovered, Overlaps, OutOfTime,
    and StillBooked where a booked time would lie outside, or no longer where a talk can begin.
    """
    crew = Assignment.objects.filter(shift=shift.pk, is_active=True)
    if not any(is_theirs(by, row) for row in crew):
        raise rules.NotAllowed
    locks.hold_all("supporter", [row.supporter_id.bytes for row in crew])
    locks.hold("shift", shift.pk.bytes)
    standing = Shift.objects.bookable().filter(pk=shift.pk, starts_at__gt=now)
    current = standing.first()
    if current is None:
        raise NotAllowedFrom("change hours")
    start, end = rules.bounds(current.local_date, starts, ends, ZoneInfo(current.zone))
    if start <= now:
        raise rules.OutOfTime
    if (start, end) != (current.starts_at, current.ends_at):
        them = [row.supporter_id for row in crew]
        day = current.local_date
        refuse(reads.day_plan(day, start, end, supporters=them, leaving_out=current.pk))
        _fit(current, start, end)
    standing.update(starts_at=start, ends_at=end, place=place, is_by_hand=True)
    move_crew(current.pk, start, end)
    if place != current.place:
        booked = Visit.objects.live().remembered(now).filter(shift=current)
        for visit in booked.filter(starts_at__isnull=False):
            tell_changed(visit, now, word="place")
    record(by=by, verb="change hours", thing="shift", thing_id=str(current.pk), now=now)
    touch_public()


def _fit(shift: Shift, start: datetime, end: datetime) -> None:
    """Raise StillBooked unless every booked time still is one that can be booked."""
    times = set(rules.slots(start, end, shift.minutes))
    live = Visit.objects.live().filter(shift=shift, is_forgotten=False)
    if live.filter(starts_at__isnull=True).exists():
        raise rules.StillBooked
    if not set(live.values_list("starts_at", flat=True)) <= times:
        raise rules.StillBooked


def clear_holiday(*, first: date, last: date, by: Person, now: datetime) -> int:
    """Withdraw the weekly hours of some days in which nobody has a time. Returns how many.

    One transaction for each shift. Hours with somebody in them, hours changed by hand and hours
    published for one day alone stay: whoever runs the program decides about them.
    """
    if not (may_keep_facts(by) or may_run_program(by)):
        raise rules.NotAllowed
    return sum(_clear(shift, by, now) for shift in _weekly_in(first, last, now))


def clear_holidays(*, now: datetime) -> int:
    """Withdraw what was published in the moment a holiday was added. By the system, nightly."""
    today, last = reads.horizon(now, facts().zone)
    return sum(
        _clear(shift, SYSTEM, now)
        for closed in holidays(today, last)
        for shift in _weekly_in(closed.first_on, closed.last_on, now)
    )


def _weekly_in(first: date, last: date, now: datetime) -> list[Shift]:
    weekly = reads.in_days(first, last, now).filter(rule__isnull=False, is_by_hand=False)
    return list(weekly.exclude(visits__state__in=[str(s) for s in rules.LIVE]))


@transaction.atomic(durable=True)
def _clear(shift: Shift, by: Actor, now: datetime) -> int:
    locks.hold("shift", shift.pk.bytes)
    still = Shift.objects.bookable().filter(pk=shift.pk, is_by_hand=False, starts_at__gt=now)
    if not still.exists() or reads.people_in([shift.pk]):
        return 0
    withdraw([shift.pk])
    record(by=by, verb="withdraw hours", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return 1
