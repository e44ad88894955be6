"""The inner steps of publishing and withdrawing hours.

They run in the transaction of the service that calls them, which has checked who may, has made
the plan, and holds the locks: the supporters', then the shifts'.
"""

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Cover, Rule, Shift, Visit
from officehours.permissions import may_hold_hours
from officehours.planning_rules import Fate, Hours, Plan, Row
from officehours.services.calling import close_line
from officehours.services.steps import cancel_with_word
from peersupport.core import ids

_ERRORS: dict[Fate, type[Exception]] = {
    Fate.UNCOVERED: rules.NotCovered,
    Fate.OVERLAP: rules.Overlaps,
    Fate.LENGTH: rules.OutOfTime,
}


def refuse(plan: Plan) -> None:
    """Raise what stands in the way if nothing of a plan could be published."""
    if plan.is_barren:
        raise _ERRORS[plan.refused[0].fate]


def check_seen(plan: Plan, seen: str | None) -> None:
    """Raise ChangedMeanwhile unless the plan is the one that was shown; None: none was."""
    if seen is not None and seen != plan.mark:
        raise rules.ChangedMeanwhile


def write_shifts(shifts: list[Shift], crews: dict[uuid.UUID, list[uuid.UUID]]) -> int:
    """Insert shifts with their supporters; leave out what another process made meanwhile.

    Returns how many were made. Raises Overlaps if the database's own guard refuses one.
    """
    try:
        with transaction.atomic():
            Shift.objects.bulk_create(shifts, ignore_conflicts=True)
            wanted = [shift.pk for shift in shifts]
            made = set(Shift.objects.filter(pk__in=wanted).values_list("pk", flat=True))
            Assignment.objects.bulk_create(
                [
                    Assignment(shift=s, supporter_id=who, starts_at=s.starts_at, ends_at=s.ends_at)
                    for s in shifts
                    if s.pk in made
                    for who in crews[s.pk]
                ]
            )
    except IntegrityError:
        raise rules.Overlaps from None
    return len(made)


def partner_of(rule: Rule) -> uuid.UUID | None:
    """Return the second supporter of weekly hours, while they are one."""
    if rule.partner_id is None:
        return None
    partner = Person.objects.filter(pk=rule.partner_id, is_active=True).first()
    return partner.pk if partner is not None and may_hold_hours(partner) else None


def publish_new(rule: Rule, rows: Iterable[Row]) -> int:
    """Publish the new days of a plan for weekly hours. Returns how many."""
    new = [row for row in rows if row.fate is Fate.NEW]
    if not new:
        return 0
    partner = partner_of(rule)
    shifts, crews = [], {}
    for row in new:
        shift = _shift_of(rule, row.day, row.starts_at, row.ends_at)
        shifts.append(shift)
        joins = [partner] if partner is not None and row.has_partner else []
        crews[shift.pk] = [rule.supporter_id, *joins]
    return write_shifts(shifts, crews)


def _shift_of(rule: Rule, day: date, start: datetime, end: datetime) -> Shift:
    return Shift(
        pk=ids.new_id(),
        rule=rule,
        local_date=day,
        zone=rule.zone,
        starts_at=start,
        ends_at=end,
        place=rule.place,
        minutes=rule.minutes,
        ways=rule.ways,
        state=rules.ShiftState.PUBLISHED,
    )


def change_shift(row: Row, wanted: Hours, owner: uuid.UUID) -> None:
    """Bring published hours to what the weekly hours now are. Nobody is booked in them.

    A partner who has other hours at the new time is left out for that day.
    """
    if row.existing is None:
        return
    key = row.existing.shift
    start, end = row.starts_at, row.ends_at
    Shift.objects.filter(pk=key).update(
        starts_at=start, ends_at=end, place=wanted.place, minutes=wanted.minutes, ways=wanted.ways
    )
    crew = Assignment.objects.filter(shift=key, is_active=True)
    if not row.has_partner:
        crew.exclude(supporter=owner).update(is_active=False)
    move_crew(key, start, end)


def move_crew(shift: uuid.UUID, start: datetime, end: datetime) -> None:
    """Give the supporters of a shift its new times. Raises Overlaps by the database's guard."""
    try:
        with transaction.atomic():
            Assignment.objects.filter(shift=shift, is_active=True).update(
                starts_at=start, ends_at=end
            )
    except IntegrityError:
        raise rules.Overlaps from None


def call_off(shift: uuid.UUID, ended_by: str, now: datetime) -> int:
    """End every visit of hours with a word and other times. Returns how many.

    Raises AlreadyTalking during a talk.
    """
    live = Visit.objects.live().filter(shift=shift, is_forgotten=False)
    if live.filter(state=rules.S.TALKING).exists():
        raise rules.AlreadyTalking
    close_line(shift, ended_by, now)
    told = 0
    for visit in live.select_related("shift", "assignment"):
        cancel_with_word(visit, ended_by, now)
        told += 1
    return told


def withdraw(shifts: Iterable[uuid.UUID]) -> None:
    """Take hours back in which nobody has a time, so that their day is as if never published.

    Hours in which somebody once had a time keep their row, cancelled, while those visits are
    kept; they no longer belong to their weekly hours.
    """
    keys = list(shifts)
    settle_covers(Assignment.objects.filter(shift__in=keys).values_list("pk", flat=True))
    gone = Shift.objects.filter(pk__in=keys)
    gone.filter(visits__isnull=True).delete()
    gone.update(state=rules.ShiftState.CANCELLED, rule=None)
    Assignment.objects.filter(shift__in=keys).update(is_active=False)


def settle_covers(assignments: Iterable[uuid.UUID]) -> None:
    """Withdraw what was asked about hours that somebody no longer holds: cover, and swaps."""
    keys = list(assignments)
    asked = Cover.objects.filter(state=rules.CoverState.OPEN)
    asked.filter(assignment__in=keys).update(state=rules.CoverState.WITHDRAWN)
    asked.filter(exchange__in=keys).update(state=rules.CoverState.WITHDRAWN)
