"""Writes on hours: publish, check in and out, cancel, keep the horizon."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Rule, Shift, Visit
from officehours.permissions import may_hold_hours, may_run_program
from officehours.services import locks
from officehours.services.calling import close_line
from officehours.services.meeting import hand_on
from officehours.services.steps import cancel_with_word, take_step
from peersupport.core import clock, ids
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.queries import coverage_gaps, facts
from program.rules import Span
from program.services import touch_public


@dataclass(frozen=True, slots=True)
class Refused:
    """Hours of a weekly rule that could not be published, and why."""

    day: date
    reason: str


def uncovered(start: datetime, end: datetime) -> list[Span]:
    """Return the stretches of these hours for which nobody stands behind the supporter."""
    return coverage_gaps(start, end, facts().zone)


def _check(supporter: Person, start: datetime, end: datetime) -> None:
    if not rules.SHORTEST <= end - start <= rules.LONGEST:
        raise rules.OutOfTime
    if uncovered(start, end):
        raise rules.NotCovered
    mine = Assignment.objects.filter(supporter=supporter, is_active=True)
    if mine.filter(starts_at__lt=end, ends_at__gt=start).exists():
        raise rules.Overlaps


def _publish(
    *,
    supporter: Person,
    rule: Rule | None,
    day: date,
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
    place: str,
    minutes: int,
    shift_id: uuid.UUID,
) -> Shift:
    """Make one published shift with its assignment. The caller has checked and holds the lock."""
    _check(supporter, start, end)
    shift = Shift(
        pk=shift_id,
        rule=rule,
        local_date=day,
        zone=zone.key,
        starts_at=start,
        ends_at=end,
        place=place,
        minutes=minutes,
        state=rules.ShiftState.PUBLISHED,
    )
    Shift.objects.bulk_create([shift], ignore_conflicts=True)
    if not Shift.objects.filter(pk=shift.pk).exists():
        raise rules.Overlaps
    try:
        with transaction.atomic():
            Assignment.objects.create(
                shift=shift, supporter=supporter, starts_at=start, ends_at=end
            )
    except IntegrityError:  # the database's own guard against overlaps
        raise rules.Overlaps from None
    return shift


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
) -> Shift:
    """Publish hours on one day (wall time in the program's zone).

    The request key becomes the shift's id, so that sending the form twice makes one. Raises
    NotAllowed, OutOfTime (past, too short or too long), NotCovered or Overlaps.
    """
    if not may_hold_hours(supporter) or by.pk != supporter.pk:
        raise rules.NotAllowed
    locks.hold("supporter", supporter.pk.bytes)
    again = Shift.objects.filter(pk=request_key, assignments__supporter=supporter).first()
    if again is not None:
        return again
    zone = facts().zone
    start, end = rules.bounds(day, starts, ends, zone)
    if end <= now or start < now - rules.LONGEST:
        raise rules.OutOfTime
    shift = _publish(
        supporter=supporter,
        rule=None,
        day=day,
        zone=zone,
        start=start,
        end=end,
        place=place,
        minutes=minutes,
        shift_id=request_key,
    )
    record(by=by, verb="publish hours", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return shift


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
) -> tuple[Rule, list[Refused]]:
    """Publish the same hours every week from `first_on`, on its weekday.

    Makes the shifts up to the horizon at once; the nightly job continues. Days that are not
    covered or overlap are left out and said. Raises as `publish_shift` does if the first day
    within the horizon cannot be published.
    """
    if not may_hold_hours(supporter) or by.pk != supporter.pk:
        raise rules.NotAllowed
    locks.hold("supporter", supporter.pk.bytes)
    again = Rule.objects.filter(pk=request_key, supporter=supporter).first()
    if again is not None:
        return again, []
    rule = Rule.objects.create(
        pk=request_key,
        supporter=supporter,
        weekday=first_on.weekday(),
        starts=starts,
        ends=ends,
        zone=facts().zone.key,
        place=place,
        minutes=minutes,
        first_on=first_on,
        last_on=last_on,
    )
    made, refused = _extend(rule, now)
    if not made and refused:
        raise {"covered": rules.NotCovered, "overlap": rules.Overlaps}.get(
            refused[0].reason, rules.OutOfTime
        )
    record(by=by, verb="publish weekly hours", thing="rule", thing_id=str(rule.pk), now=now)
    touch_public()
    return rule, refused


def _extend(rule: Rule, now: datetime) -> tuple[int, list[Refused]]:
    """Make the missing shifts of a rule up to the horizon; return how many, and what was not."""
    zone = ZoneInfo(rule.zone)
    first = max(rule.first_on, clock.local_date(now, zone))
    last = clock.local_date(now + rules.HORIZON, zone)
    if rule.last_on is not None:
        last = min(last, rule.last_on)
    have = set(Shift.objects.filter(rule=rule).values_list("local_date", flat=True))
    wall = rules.Wall(rule.weekday, rule.starts, rule.ends, zone)
    made, refused = 0, []
    for day, start, end in rules.expand(wall, first, last):
        if day in have or end <= now:
            continue
        try:
            _publish(
                supporter=rule.supporter,
                rule=rule,
                day=day,
                zone=zone,
                start=start,
                end=end,
                place=rule.place,
                minutes=rule.minutes,
                shift_id=ids.new_id(),
            )
            made += 1
        except rules.NotCovered:
            refused.append(Refused(day, "covered"))
        except rules.Overlaps:
            refused.append(Refused(day, "overlap"))
        except rules.OutOfTime:
            refused.append(Refused(day, "length"))
    return made, refused


@transaction.atomic(durable=True)
def extend_horizon(*, rule: Rule, now: datetime) -> int:
    """Make the missing shifts of one rule. Safe to run twice, late, or by two hosts at once."""
    if not may_hold_hours(rule.supporter) or not rule.supporter.is_active:
        return 0
    locks.hold("supporter", rule.supporter_id.bytes)
    made, _ = _extend(rule, now)
    if made:
        touch_public()
    return made


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
    locks.hold("shift", shift.pk.bytes)
    mine = Assignment.objects.filter(shift=shift, supporter=by, is_active=True).exists()
    if not (may_run_program(by) or (mine and may_hold_hours(by))):
        raise rules.NotAllowed
    live = Visit.objects.live().filter(shift=shift)
    if mine and not may_run_program(by) and _partner_of(shift, by) is not None:
        return _leave_pair(shift, by, now)
    if live.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
    bookable = Shift.objects.bookable().filter(pk=shift.pk, ends_at__gt=now)
    if bookable.update(state=rules.ShiftState.CANCELLED) != 1:
        raise NotAllowedFrom("cancel hours")
    Assignment.objects.filter(shift=shift).update(is_active=False)
    told = 0
    ended_by = Visit.EndedBy.SUPPORTER if mine else Visit.EndedBy.PROGRAM
    close_line(shift.pk, ended_by, now)
    for visit in live.select_related("shift", "assignment"):
        cancel_with_word(visit, ended_by, now)
        told += 1
    record(by=by, verb="cancel hours", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return told


def _partner_of(shift: Shift, by: Person) -> Assignment | None:
    there = Assignment.objects.filter(shift=shift, is_active=True, checked_out_at__isnull=True)
    return there.exclude(supporter=by).first()


def _leave_pair(shift: Shift, by: Person, now: datetime) -> int:
    """Take one supporter out of a pair; their booked times are offered the partner."""
    locks.hold("supporter", by.pk.bytes)
    mine = Assignment.objects.filter(shift=shift, supporter=by, is_active=True, ends_at__gt=now)
    leaving = mine.first()
    if leaving is None:
        raise NotAllowedFrom("cancel hours")
    theirs = Visit.objects.live().filter(assignment=leaving)
    if theirs.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
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


@transaction.atomic(durable=True)
def end_weekly(*, rule: Rule, last_on: date, by: Person, now: datetime) -> None:
    """End weekly hours after a day. Shifts that are already published stay: cancel them singly."""
    if rule.supporter_id != by.pk and not may_run_program(by):
        raise rules.NotAllowed
    Rule.objects.filter(pk=rule.pk).update(last_on=max(last_on, rule.first_on))
    record(by=by, verb="end weekly hours", thing="rule", thing_id=str(rule.pk), now=now)
