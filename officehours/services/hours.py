"""Writes on hours: publish, keep the horizon, cancel."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import Person
from officehours import rules
from officehours.emails import tell_planned
from officehours.models import Assignment, Rule, Shift, SkippedDay, Visit
from officehours.permissions import may_hold_hours, may_plan_for, may_run_program
from officehours.planning_rules import REFUSED, Row
from officehours.queries import planning
from officehours.services.meeting import hand_on
from officehours.services.publishing import (
    call_off,
    check_seen,
    publish_new,
    refuse,
    settle_covers,
    write_shifts,
)
from officehours.services.steps import take_step
from peersupport.core import clock, locks
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from program.queries.confidentiality import OPEN_END, closed_until
from program.services import touch_public


@dataclass(frozen=True, slots=True)
class Refused:
    """Hours of a weekly rule that could not be published, and why."""

    day: date
    reason: str


@transaction.atomic(durable=True)
def publish_shift(
    *,
    supporter: Person,
    day: date,
    starts: time,
    ends: time,
    place: str,
    minutes: int,
    request_key: uuid.UUID,
    by: Person,
    now: datetime,
    ways: str = rules.Way.IN_PERSON,
    seen: str | None = None,
) -> Shift:
    """Publish hours on one day (wall time in the program's zone).

    The request key becomes the shift's id, so that sending the form twice makes one. `seen` is
    the mark of the preview. Raises NotAllowed, OutOfTime (past, too short or too long),
    NotCovered, Overlaps, or ChangedMeanwhile.
    """
    wanted = Once(day, starts, ends, place, minutes, ways, request_key)
    return put_shift(wanted, supporter=supporter, by=by, now=now, seen=seen)[0]


@dataclass(frozen=True, slots=True)
class Once:
    """Hours on one day, as wall time in the program's zone, and what becomes their id."""

    day: date
    starts: time
    ends: time
    place: str
    minutes: int
    ways: str
    request_key: uuid.UUID


def put_shift(
    wanted: Once, *, supporter: Person, by: Person, now: datetime, seen: str | None = None
) -> tuple[Shift, list[Row]]:
    """Publish hours on one day, in the caller's transaction. Raises as `publish_shift` does."""
    if not may_plan_for(by, supporter):
        raise rules.NotAllowed
    locks.hold("supporter", supporter.pk.bytes)
    request_key, day = wanted.request_key, wanted.day
    again = Shift.objects.filter(pk=request_key).first()
    if again is not None:
        if not Assignment.objects.filter(shift=again, supporter=supporter).exists():
            raise rules.NotAllowed
        return again, []
    zone = facts().zone
    start, end = rules.bounds(day, wanted.starts, wanted.ends, zone)
    if end <= now or start < now - rules.LONGEST:
        raise rules.OutOfTime
    plan = planning.day_plan(day, start, end, supporters=[supporter.pk])
    refuse(plan)
    check_seen(plan, seen)
    shift = Shift(
        pk=request_key,
        local_date=day,
        zone=zone.key,
        starts_at=start,
        ends_at=end,
        place=wanted.place,
        minutes=wanted.minutes,
        ways=wanted.ways,
        state=rules.ShiftState.PUBLISHED,
    )
    if not write_shifts([shift], {shift.pk: [supporter.pk]}):
        raise rules.Overlaps
    if by.pk != supporter.pk:
        tell_planned(supporter.pk, now)
    record(by=by, verb="publish hours", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return shift, list(plan.rows)


@transaction.atomic(durable=True)
def publish_weekly(
    *,
    supporter: Person,
    first_on: date,
    last_on: date | None,
    starts: time,
    ends: time,
    place: str,
    minutes: int,
    request_key: uuid.UUID,
    by: Person,
    now: datetime,
    ways: str = rules.Way.IN_PERSON,
    seen: str | None = None,
) -> tuple[Rule, list[Refused]]:
    """Publish the same hours every week from `first_on`, on its weekday.

    Makes the shifts up to the horizon at once; the nightly job continues. Days that are not
    covered or overlap are left out and said; holidays are left out. `seen` is the mark of the
    preview. Raises as `publish_shift` does if no day within the horizon can be published.
    """
    wanted = Rule(
        pk=request_key,
        supporter=supporter,
        weekday=first_on.weekday(),
        starts=starts,
        ends=ends,
        zone=facts().zone.key,
        place=place,
        minutes=minutes,
        ways=ways,
        first_on=first_on,
        last_on=last_on,
    )
    rule, rows = put_weekly(wanted, by=by, now=now, seen=seen)
    return rule, [Refused(row.day, str(row.fate)) for row in rows if row.fate in REFUSED]


def put_weekly(
    rule: Rule,
    *,
    by: Person,
    now: datetime,
    seen: str | None = None,
    skipping: frozenset[date] = frozenset(),
) -> tuple[Rule, list[Row]]:
    """Publish weekly hours, in the caller's transaction: a row not yet saved, with its supporter.

    Returns what became of each day; nothing for hours that are there already by their key.
    `skipping` are days on which they do not take place. Raises as `publish_weekly` does.
    """
    supporter = rule.supporter
    if not may_plan_for(by, supporter):
        raise rules.NotAllowed
    locks.hold("supporter", supporter.pk.bytes)
    again = Rule.objects.filter(pk=rule.pk).first()
    if again is not None:
        if again.supporter_id != supporter.pk:
            raise rules.NotAllowed
        return again, []
    wanted = planning.hours_of_rule(rule)
    plan = planning.weekly_plan(wanted, supporter=supporter.pk, now=now)
    refuse(plan)
    check_seen(plan, seen)
    rule.save(force_insert=True)
    ahead = [SkippedDay(rule=rule, local_date=day) for day in skipping if day >= rule.first_on]
    SkippedDay.objects.bulk_create(ahead)
    rows = [row for row in plan.rows if row.day not in skipping]
    publish_new(rule, rows)
    if by.pk != supporter.pk:
        tell_planned(supporter.pk, now)
    record(by=by, verb="publish weekly hours", thing="rule", thing_id=str(rule.pk), now=now)
    touch_public()
    return rule, rows


@transaction.atomic(durable=True)
def extend_horizon(*, rule: Rule, now: datetime) -> int:
    """Make the missing shifts of one rule. Safe to run twice, late, or by two hosts at once.

    Leaves out the days that the rule skips, and holidays.
    """
    both = [rule.supporter_id, *([rule.partner_id] if rule.partner_id else [])]
    locks.hold_all("supporter", [one.bytes for one in both])
    current = Rule.objects.select_related("supporter").filter(pk=rule.pk).first()
    if current is None or not may_hold_hours(current.supporter):
        return 0
    try:
        made = extend(current, now)
    except rules.Overlaps:  # hours made this very moment; the next night tries again
        return 0
    if made:
        touch_public()
    return made


def extend(rule: Rule, now: datetime) -> int:
    """Make the missing shifts of a rule whose supporters the caller holds. Returns how many."""
    wanted = planning.hours_of_rule(rule)
    plan = planning.weekly_plan(wanted, supporter=rule.supporter_id, now=now, rule=rule)
    return publish_new(rule, plan.rows)


def rules_to_extend(now: datetime) -> list[Rule]:
    """Return the weekly rules that have not ended."""
    today = clock.local_date(now, facts().zone) - timedelta(days=1)
    current = Rule.objects.select_related("supporter")
    return list(current.filter(Q(last_on__isnull=True) | Q(last_on__gte=today)))


@transaction.atomic(durable=True)
def cancel_shift(*, shift: Shift, by: Person, now: datetime) -> int:
    """Cancel hours: their supporter, or the program. Returns how many booked people are told.

    Who waits is told kindly on their page. A supporter of a pair gives up only their own part:
    their booked times are offered the partner, and the line stays. Raises NotAllowed,
    AlreadyTalking during a talk, NotAllowedFrom when the hours are over.
    """
    locks.hold("supporter", by.pk.bytes)
    locks.hold("shift", shift.pk.bytes)
    mine = Assignment.objects.filter(shift=shift, supporter=by, is_active=True).exists()
    if not (may_run_program(by) or (mine and may_hold_hours(by))):
        if Assignment.objects.filter(shift=shift, supporter=by).exists():
            raise NotAllowedFrom("cancel hours")  # somebody else has taken them
        raise rules.NotAllowed
    if mine and not may_run_program(by) and _partner_of(shift, by) is not None:
        return leave_pair(shift, by, now)
    bookable = Shift.objects.bookable().filter(pk=shift.pk, ends_at__gt=now)
    if bookable.update(state=rules.ShiftState.CANCELLED) != 1:
        raise NotAllowedFrom("cancel hours")
    told = call_off(shift.pk, Visit.EndedBy.SUPPORTER if mine else Visit.EndedBy.PROGRAM, now)
    there = Assignment.objects.filter(shift=shift, is_active=True)
    settle_covers(there.values_list("pk", flat=True))
    there.update(is_active=False)
    record(by=by, verb="cancel hours", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return told


def _partner_of(shift: Shift, by: Person) -> Assignment | None:
    there = Assignment.objects.filter(shift=shift, is_active=True, checked_out_at__isnull=True)
    return there.exclude(supporter=by).first()


def leave_pair(shift: Shift, by: Person, now: datetime) -> int:
    """Take one supporter out of a pair; their booked times are offered the partner.

    The caller holds the supporter and the shift, and knows that somebody else stays.
    """
    mine = Assignment.objects.filter(shift=shift, supporter=by, is_active=True, ends_at__gt=now)
    leaving = mine.first()
    if leaving is None:
        raise NotAllowedFrom("cancel hours")
    theirs = Visit.objects.live().filter(assignment=leaving)
    if theirs.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
    settle_covers([leaving.pk])
    mine.update(is_active=False)
    told = 0
    for visit in theirs.select_related("shift"):
        if visit.state == rules.S.CALLED:
            take_step(visit, "put back", now=now, assignment=None)
        else:
            hand_on(visit, by.pk, ended_by=Visit.EndedBy.SUPPORTER, now=now)
            told += 1
    record(by=by, verb="leave a pair", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return told


def shifts_between(start: datetime, end: datetime) -> list[Shift]:
    """Return the hours that stand in a stretch of time, for closing them."""
    standing = Shift.objects.bookable().filter(starts_at__lt=end, ends_at__gt=start)
    return list(standing.order_by("starts_at", "pk"))


def close_between(*, start: datetime, end: datetime, by: Person, now: datetime) -> tuple[int, int]:
    """Cancel all hours in a stretch of time, for snow or worse; those booked are offered others.

    One transaction for each shift, so that what is done stays done. Returns how many hours were
    cancelled, and how many were left because a talk goes on in them. Raises NotAllowed.
    """
    if not may_run_program(by):
        raise rules.NotAllowed
    closed = left = 0
    for shift in shifts_between(max(start, now), end):
        try:
            cancel_shift(shift=shift, by=by, now=now)
            closed += 1
        except rules.AlreadyTalking:
            left += 1
        except NotAllowedFrom:  # cancelled or over by now
            continue
    return closed, left


def keep_closed(*, now: datetime) -> int:
    """Close what was published although everything is closed, or that comes near. By the system.

    Also goes on where closing broke off. Returns how many hours were cancelled.
    """
    is_closed, until = closed_until(facts().values, now)
    if not is_closed:
        return 0
    return sum(_keep_closed(one, now) for one in shifts_between(now, until or now + OPEN_END))


def _keep_closed(shift: Shift, now: datetime) -> int:
    try:
        with transaction.atomic(durable=True):
            locks.hold("shift", shift.pk.bytes)
            bookable = Shift.objects.bookable().filter(pk=shift.pk, ends_at__gt=now)
            if bookable.update(state=rules.ShiftState.CANCELLED) != 1:
                return 0
            call_off(shift.pk, Visit.EndedBy.PROGRAM, now)
            there = Assignment.objects.filter(shift=shift, is_active=True)
            settle_covers(there.values_list("pk", flat=True))
            there.update(is_active=False)
            record(by=SYSTEM, verb="cancel hours", thing="shift", thing_id=str(shift.pk), now=now)
            touch_public()
    except rules.AlreadyTalking:  # it may end in peace; the next minute looks again
        return 0
    return 1
