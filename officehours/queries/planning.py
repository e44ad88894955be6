"""What is known about hours before they are published, changed or left out: flat in days."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from accounts.models import Person, Profile
from officehours import care_rules, rules
from officehours.models import Assignment, Rule, Shift, SkippedDay, Visit
from officehours.planning_rules import (
    PUBLISHES,
    Closed,
    Existing,
    Hours,
    Known,
    Plan,
    plan_once,
    plan_weekly,
)
from peersupport.core import clock
from program import queries as program
from program.calendars import exams_of_many
from program.models import Holiday
from program.rules import Span, gaps

_DAY = timedelta(days=1)


def hours_of_rule(rule: Rule) -> Hours:
    """Return weekly hours as they are."""
    return Hours(
        rule.weekday,
        rule.starts,
        rule.ends,
        ZoneInfo(rule.zone),
        rule.place,
        rule.minutes,
        rule.ways,
        rule.first_on,
        rule.last_on,
    )


def changed_hours(rule: Rule, *, last_on: date | None, **changes: Any) -> Hours:
    """Return weekly hours with something changed. Their day of the week stays.

    A last day before the first makes that the only one: they end before they ever took place.
    """
    first = rule.first_on if last_on is None else min(rule.first_on, last_on)
    return replace(hours_of_rule(rule), first_on=first, last_on=last_on, **changes)


def _ground(first: date, last: date) -> Known:
    """Return what stands behind every plan: three queries."""
    closed = program.holidays(first, last)
    return Known(
        zone=program.facts().zone,
        windows=tuple(program.windows()),
        holidays=tuple(Closed(h.name, h.first_on, h.last_on) for h in closed),
    )


def _busy(person: uuid.UUID, first: date, last: date, rule: Rule | None) -> tuple[Span, ...]:
    """Return when somebody has hours already, other than by this rule: one query.

    A day is added on each side: hours run past midnight, and zones differ.
    """
    start = datetime.combine(first - 2 * _DAY, time(), tzinfo=clock.UTC)
    mine = Assignment.objects.filter(
        supporter=person,
        is_active=True,
        ends_at__gt=start,
        starts_at__lt=datetime.combine(last + 3 * _DAY, time(), tzinfo=clock.UTC),
    )
    if rule is not None:
        mine = mine.filter(Q(shift__rule__isnull=True) | ~Q(shift__rule=rule.pk))
    return tuple(Span(start, end) for start, end in mine.values_list("starts_at", "ends_at"))


def people_in(shifts: Iterable[uuid.UUID]) -> Counter[uuid.UUID]:
    """Return how many people have a time or wait in each shift: one query. For its supporters."""
    live = Visit.objects.live().filter(shift__in=list(shifts), is_forgotten=False)
    counted = live.values_list("shift").annotate(count=Count("pk"))
    return Counter(dict(counted.order_by()))


def _existing(rule: Rule, first: date) -> dict[date, Existing]:
    """Return the hours of a rule that are published from a day on: three queries."""
    shifts = list(
        Shift.objects.filter(rule=rule, local_date__gte=first).prefetch_related("assignments")
    )
    people = people_in(shift.pk for shift in shifts)
    own = {rule.supporter_id, rule.partner_id}
    return {
        shift.local_date: Existing(
            shift=shift.pk,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            place=shift.place,
            minutes=shift.minutes,
            ways=shift.ways,
            is_bookable=shift.state in rules.BOOKABLE_SHIFT,
            is_by_hand=shift.is_by_hand,
            is_shared=not _holders(shift) <= own,
            people=people[shift.pk],
        )
        for shift in shifts
    }


def _holders(shift: Shift) -> set[uuid.UUID]:
    return {row.supporter_id for row in shift.assignments.all() if row.is_active}


def horizon(now: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """Return the first and the last local day of what is published at a moment."""
    return clock.local_date(now, zone), clock.local_date(now + rules.HORIZON, zone)


def weekly_plan(
    wanted: Hours, *, supporter: uuid.UUID, now: datetime, rule: Rule | None = None
) -> Plan:
    """Return what becomes of every day until the horizon if these were the weekly hours.

    With `rule`, against what it has published already. Eight queries whatever the number of days.
    """
    first, last = horizon(now, wanted.zone)
    ground = _ground(first, last)
    known = Known(
        zone=ground.zone,
        windows=ground.windows,
        holidays=ground.holidays,
        skipped=_skipped(rule),
        existing=_existing(rule, first) if rule is not None else {},
        busy=_busy(supporter, first, last, rule),
        partner_busy=_partner_busy(rule, first, last),
    )
    return plan_weekly(wanted, known, first, last, now)


def _partner_busy(rule: Rule | None, first: date, last: date) -> tuple[Span, ...]:
    if rule is None or rule.partner_id is None:
        return ()
    return _busy(rule.partner_id, first, last, rule)


def _skipped(rule: Rule | None) -> frozenset[date]:
    if rule is None:
        return frozenset()
    days = SkippedDay.objects.filter(rule=rule).values_list("local_date", flat=True)
    return frozenset(days)


def day_plan(
    day: date,
    start: datetime,
    end: datetime,
    *,
    supporters: Iterable[uuid.UUID],
    leaving_out: uuid.UUID | None = None,
) -> Plan:
    """Return what becomes of hours on one day; `leaving_out` is the shift they would replace."""
    ground = _ground(day, day)
    busy = Assignment.objects.filter(
        supporter__in=list(supporters), is_active=True, ends_at__gt=start, starts_at__lt=end
    )
    if leaving_out is not None:
        busy = busy.exclude(shift=leaving_out)
    spans = tuple(Span(*pair) for pair in busy.values_list("starts_at", "ends_at"))
    known = Known(ground.zone, ground.windows, ground.holidays, busy=spans)
    return plan_once(known, day, start, end)


def my_rule(person: Person, rule: uuid.UUID) -> Rule | None:
    """Return weekly hours of this supporter; None alike if foreign or never there."""
    return Rule.objects.filter(pk=rule, supporter=person).select_related("partner").first()


def any_rule(rule: uuid.UUID) -> Rule | None:
    """Return weekly hours of anybody, for whoever runs the program."""
    return Rule.objects.filter(pk=rule).select_related("partner").first()


def booked_times(shift: uuid.UUID) -> list[datetime]:
    """Return the times that are booked in hours, for their supporter."""
    live = Visit.objects.live().filter(shift=shift, starts_at__isnull=False)
    return sorted(visit.starts_at for visit in live if visit.starts_at is not None)


def skipped_days(rule: Rule, today: date) -> list[date]:
    """Return the days ahead that weekly hours leave out."""
    ahead = SkippedDay.objects.filter(rule=rule, local_date__gte=today)
    return list(ahead.order_by("local_date").values_list("local_date", flat=True))


def names(people: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """Return the names supporters are shown by: one query."""
    wanted = {one for one in people if one is not None}
    if not wanted:
        return {}
    found = Profile.objects.filter(person__in=wanted)
    return dict(found.values_list("person_id", "shown_name"))


def my_shift_ahead(person: Person, shift: uuid.UUID, now: datetime) -> Shift | None:
    """Return hours of this supporter that stand and have not begun."""
    mine = Shift.objects.bookable().filter(
        pk=shift, assignments__supporter=person, assignments__is_active=True, starts_at__gt=now
    )
    return mine.first()


@dataclass(frozen=True, slots=True)
class Weekly:
    """Weekly hours, and who holds them."""

    rule: Rule
    who: str
    partner: str


def weekly_hours(today: date) -> list[Weekly]:
    """Return all weekly hours that have not ended: two queries."""
    current = Rule.objects.filter(Q(last_on__isnull=True) | Q(last_on__gte=today))
    found = list(current.order_by("weekday", "starts", "pk"))
    named = names([one for rule in found for one in (rule.supporter_id, rule.partner_id)])
    return [
        Weekly(
            rule,
            named.get(rule.supporter_id, ""),
            named.get(rule.partner_id, "") if rule.partner_id else "",
        )
        for rule in found
    ]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Published hours behind which nobody stands for some of the time."""

    shift: uuid.UUID
    gaps: tuple[Span, ...]


def uncovered_ahead(shifts: Iterable[tuple[uuid.UUID, datetime, datetime]]) -> list[Uncovered]:
    """Return which published hours nobody stands behind by now, and when: two queries."""
    zone, windows = program.facts().zone, program.windows()
    found = []
    for shift, start, end in shifts:
        missing = tuple(gaps(windows, start, end, zone))
        if missing:
            found.append(Uncovered(shift, missing))
    return found


def uncovered_soon(now: datetime) -> list[Uncovered]:
    """Return every published shift that is not over and has a gap ahead: three queries."""
    ahead = Shift.objects.filter(ends_at__gt=now, state__in=rules.BOOKABLE_SHIFT)
    rows = ahead.order_by("starts_at").values_list("pk", "starts_at", "ends_at")
    return uncovered_ahead((pk, max(start, now), end) for pk, start, end in rows)


def standing_in(holidays: Iterable[Holiday], now: datetime) -> dict[uuid.UUID, int]:
    """Return how many hours are still published in each holiday: one query."""
    wanted = list(holidays)
    if not wanted:
        return {}
    first, last = min(h.first_on for h in wanted), max(h.last_on for h in wanted)
    days = Counter(in_days(first, last, now).values_list("local_date", flat=True))
    return {
        one.pk: sum(count for day, count in days.items() if one.first_on <= day <= one.last_on)
        for one in wanted
    }


def in_days(first: date, last: date, now: datetime) -> QuerySet[Shift]:
    """Return the hours that stand in some local days and have not begun."""
    standing = Shift.objects.bookable().filter(
        local_date__gte=first, local_date__lte=last, starts_at__gt=now
    )
    return standing.order_by("starts_at", "pk")


def crowded_weeks(person: uuid.UUID, plan: Plan, zone: ZoneInfo) -> list[date]:
    """Return the Mondays of weeks that a plan would give more hours than is good: one query."""
    new = [row for row in plan.rows if row.fate in PUBLISHES and row.existing is None]
    if not new:
        return []
    start, _ = care_rules.week_bounds(min(row.day for row in new), zone)
    _, end = care_rules.week_bounds(max(row.day for row in new), zone)
    mine = Assignment.objects.filter(
        supporter=person, is_active=True, starts_at__gte=start, starts_at__lt=end
    ).exclude(shift__state=rules.ShiftState.CANCELLED)
    weeks = Counter(
        care_rules.monday_of(clock.local_date(begins, zone))
        for begins in mine.values_list("starts_at", flat=True)
    )
    full = []
    for row in new:
        monday = care_rules.monday_of(row.day)
        if care_rules.too_many_shifts(weeks[monday]):
            full.append(monday)
        weeks[monday] += 1
    return sorted(set(full))


def near_exams(person: uuid.UUID, plan: Plan) -> list[date]:
    """Return the days of a plan with an exam of one's own within three days: no talks then.

    One query, three if an exam is near. For whoever plans hours of their own, and nobody else.
    """
    rows = [row for row in plan.rows if row.fate in PUBLISHES]
    if not rows:
        return []
    start, end = min(row.starts_at for row in rows), max(row.ends_at for row in rows)
    exams = exams_of_many(frozenset({person}), start, end + care_rules.BEFORE_EXAM)
    rests = [care_rules.blackout(span.start, span.end) for span in exams.get(person, [])]
    return [
        row.day
        for row in rows
        if any(first < row.ends_at and row.starts_at < last for first, last in rests)
    ]


def hours_by_week(first: date, last: date) -> dict[date, float]:
    """Return the hours of every week that are or were published, by its Monday: one query."""
    rows = Shift.objects.filter(local_date__gte=first - 6 * _DAY, local_date__lte=last)
    standing = rows.exclude(state__in=[rules.ShiftState.DRAFT, rules.ShiftState.CANCELLED])
    found: dict[date, float] = {}
    for day, start, end in standing.values_list("local_date", "starts_at", "ends_at"):
        monday = day - timedelta(days=day.weekday())
        found[monday] = found.get(monday, 0) + (end - start) / timedelta(hours=1)
    return found
