"""Writes on hours: publish, check in and out, cancel, keep the horizon."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts.models import Person
from officehours import rules
from officehours.emails import tell_changed
from officehours.models import Assignment, Rule, Shift, Visit
from officehours.permissions import is_theirs, may_hold_hours, may_run_program
from officehours.services import locks
from officehours.services.steps import take_step
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM
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
def check_in(*, assignment: Assignment, by: Person, now: datetime) -> None:
    """Say "I am in". From a little before the hours until their end; twice is once."""
    locks.hold("supporter", by.pk.bytes)
    current = Assignment.objects.select_related("shift").filter(pk=assignment.pk).first()
    if current is None or not is_theirs(by, current):
        raise rules.NotAllowed
    if not current.starts_at - rules.EARLY_IN <= now < current.ends_at:
        raise rules.OutOfTime
    shifts = Shift.objects.filter(
        pk=current.shift_id,
        state__in=[str(rules.ShiftState.PUBLISHED), str(rules.ShiftState.OPEN)],
    )
    if not current.is_active or not shifts.update(state=rules.ShiftState.OPEN):
        raise NotAllowedFrom("check in")
    Assignment.objects.filter(pk=current.pk).filter(
        Q(checked_in_at__isnull=True) | Q(checked_out_at__isnull=False)
    ).update(checked_in_at=now, checked_out_at=None)
    touch_public()


@transaction.atomic(durable=True)
def check_out(*, assignment: Assignment, give_up_booked: bool, by: Person, now: datetime) -> None:
    """Say "I am out".

    Raises AlreadyTalking during a talk, and StillBooked while somebody has a time ahead unless
    `give_up_booked`: then those times are cancelled and the people told.
    """
    locks.hold("supporter", by.pk.bytes)
    current = Assignment.objects.select_related("shift").filter(pk=assignment.pk).first()
    if current is None or not is_theirs(by, current):
        raise rules.NotAllowed
    if current.checked_in_at is None or current.checked_out_at is not None:
        return
    live = Visit.objects.live().filter(assignment=current)
    if live.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
    if live.exists() and not give_up_booked:
        raise rules.StillBooked
    for visit in live:
        _cancel_with_word(visit, Visit.EndedBy.SUPPORTER, now)
    Assignment.objects.filter(pk=current.pk).update(checked_out_at=now)
    _close_if_empty(current.shift_id)
    touch_public()


def _cancel_with_word(visit: Visit, ended_by: str, now: datetime) -> None:
    """Cancel one booked visit and queue the word to whoever asked for it."""
    done = take_step(visit, "cancel", now=now, ended_by=ended_by)
    tell_changed(done, now)


def _close_if_empty(shift_id: uuid.UUID) -> None:
    """Close a shift when nobody of it is in any more."""
    there = Assignment.objects.filter(shift=shift_id, is_active=True, checked_out_at__isnull=True)
    if not there.exists():
        Shift.objects.filter(pk=shift_id, state=rules.ShiftState.OPEN).update(
            state=rules.ShiftState.CLOSED
        )


@transaction.atomic(durable=True)
def cancel_shift(*, shift: Shift, by: Person, now: datetime) -> int:
    """Cancel hours: their supporter, or the program. Returns how many booked people are told.

    Raises NotAllowed, AlreadyTalking during a talk, NotAllowedFrom when the hours are over.
    """
    locks.hold("shift", shift.pk.bytes)
    mine = Assignment.objects.filter(shift=shift, supporter=by, is_active=True).exists()
    if not (may_run_program(by) or (mine and may_hold_hours(by))):
        raise rules.NotAllowed
    live = Visit.objects.live().filter(shift=shift)
    if live.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
    bookable = Shift.objects.bookable().filter(pk=shift.pk, ends_at__gt=now)
    if bookable.update(state=rules.ShiftState.CANCELLED) != 1:
        raise NotAllowedFrom("cancel hours")
    Assignment.objects.filter(shift=shift).update(is_active=False)
    told = 0
    for visit in live.select_related("shift", "assignment"):
        ended_by = Visit.EndedBy.SUPPORTER if mine else Visit.EndedBy.PROGRAM
        _cancel_with_word(visit, ended_by, now)
        told += 1
    record(by=by, verb="cancel hours", thing="shift", thing_id=str(shift.pk), now=now)
    touch_public()
    return told


@transaction.atomic(durable=True)
def end_weekly(*, rule: Rule, last_on: date, by: Person, now: datetime) -> None:
    """End weekly hours after a day. Shifts that are already published stay: cancel them singly."""
    if rule.supporter_id != by.pk and not may_run_program(by):
        raise rules.NotAllowed
    Rule.objects.filter(pk=rule.pk).update(last_on=max(last_on, rule.first_on))
    record(by=by, verb="end weekly hours", thing="rule", thing_id=str(rule.pk), now=now)


@transaction.atomic(durable=True)
def close_dark(*, assignment: Assignment, now: datetime) -> bool:
    """Close hours whose supporter has not come by the limit; tell those booked.

    Returns whether this call closed them. By the system, from the tick.
    """
    changed = Assignment.objects.filter(
        pk=assignment.pk,
        is_active=True,
        checked_in_at__isnull=True,
        starts_at__lte=now - rules.DARK_AFTER,
    ).update(is_active=False)
    if changed != 1:
        return False
    for visit in Visit.objects.live().filter(assignment=assignment):
        _cancel_with_word(visit, Visit.EndedBy.SYSTEM, now)
    others = Assignment.objects.filter(shift=assignment.shift_id, is_active=True)
    if not others.exists():
        Shift.objects.bookable().filter(pk=assignment.shift_id).update(
            state=rules.ShiftState.CLOSED
        )
    record(
        by=SYSTEM, verb="close hours", thing="shift", thing_id=str(assignment.shift_id), now=now
    )
    touch_public()
    return True


@transaction.atomic(durable=True)
def close_ended(*, now: datetime) -> int:
    """Check out everybody whose hours are over, and close the shifts. Returns how many shifts."""
    Assignment.objects.filter(
        ends_at__lte=now, checked_in_at__isnull=False, checked_out_at__isnull=True
    ).update(checked_out_at=F("ends_at"))
    closed = (
        Shift.objects.bookable().filter(ends_at__lte=now).update(state=rules.ShiftState.CLOSED)
    )
    if closed:
        touch_public()
    return closed


@transaction.atomic(durable=True)
def lapse_overdue(*, now: datetime) -> int:
    """End every live visit whose hours are over by more than the grace. Returns how many."""
    overdue = Visit.objects.live().filter(
        is_forgotten=False, shift__ends_at__lte=now - rules.LAPSE_GRACE
    )
    ended = 0
    for visit in overdue:
        try:
            take_step(visit, "lapse", now=now, ended_by=Visit.EndedBy.SYSTEM)
            ended += 1
        except NotAllowedFrom:  # somebody ended it this very moment
            continue
    if ended:
        touch_public()
    return ended


def dark_assignments(now: datetime) -> list[Assignment]:
    """Return the assignments that `close_dark` should close."""
    return list(
        Assignment.objects.filter(
            is_active=True,
            checked_in_at__isnull=True,
            starts_at__lte=now - rules.DARK_AFTER,
            shift__in=Shift.objects.bookable(),
        )
    )
