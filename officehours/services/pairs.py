"""Two supporters in one room: join somebody's hours, for a day or every week, and leave again."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from accounts.models import Person
from officehours import care_rules, rules
from officehours.models import Assignment, Rule, Shift
from officehours.permissions import may_hold_hours
from officehours.queries import care, planning
from officehours.services.hours import leave_pair
from officehours.services.publishing import refuse
from peersupport.core import clock, locks
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.services import touch_public


def check_may_take(
    person: Person, start: datetime, end: datetime, day: date, *, gives: Assignment | None = None
) -> None:
    """Raise what speaks against this supporter taking hours on a local day.

    StepsBack: a break, or an exam of their own; TooManyShifts: their week is full. `gives` is
    what they would give for it in the same moment. Coverage and overlaps are not asked here.
    """
    if care.unavailable([person.pk], start, end):
        raise rules.StepsBack
    count = care.shifts_in_week(person, day)
    if gives is not None:
        gone = clock.local_date(gives.starts_at, ZoneInfo(gives.shift.zone))
        count -= care_rules.monday_of(gone) == care_rules.monday_of(day)
    if care_rules.too_many_shifts(count):
        raise rules.TooManyShifts


def put_in(shift: Shift, person: Person) -> Assignment:
    """Make somebody a supporter of a shift. In the caller's transaction, under both locks.

    Who was in it before and left gets their old row back. Raises Overlaps by the database's own
    guard.
    """
    fresh = {"starts_at": shift.starts_at, "ends_at": shift.ends_at, "is_active": True}
    fresh |= {"checked_in_at": None, "checked_out_at": None, "late_minutes": 0}
    fresh["is_nudged"] = False
    try:
        with transaction.atomic():
            row, _made = Assignment.objects.update_or_create(
                shift=shift, supporter=person, defaults=fresh
            )
    except IntegrityError:
        raise rules.Overlaps from None
    return row


def _joinable(shift: Shift, by: Person, now: datetime) -> Shift:
    """Return a shift that has room and has not begun; its lock is held."""
    locks.hold("shift", shift.pk.bytes)
    found = Shift.objects.bookable().filter(pk=shift.pk, starts_at__gt=now).first()
    if found is None:
        raise NotAllowedFrom("join hours")
    there = Assignment.objects.filter(shift=found, is_active=True).exclude(supporter=by).count()
    if not there:
        raise NotAllowedFrom("join hours")
    if there >= rules.MOST_IN_SHIFT:
        raise rules.ShiftFull
    return found


def _join(shift: Shift, by: Person) -> None:
    day, start, end = shift.local_date, shift.starts_at, shift.ends_at
    refuse(planning.day_plan(day, start, end, supporters=[by.pk], leaving_out=shift.pk))
    check_may_take(by, start, end, day)
    put_in(shift, by)


@transaction.atomic(durable=True)
def join_once(*, shift: Shift, by: Person, now: datetime) -> None:
    """Be the second person in somebody's hours on one day; twice is once.

    Raises NotAllowed, NotAllowedFrom (begun, cancelled, or nobody is in them), ShiftFull,
    Overlaps, NotCovered, StepsBack or TooManyShifts.
    """
    if not may_hold_hours(by):
        raise rules.NotAllowed
    locks.hold("supporter", by.pk.bytes)
    found = _joinable(shift, by, now)
    if Assignment.objects.filter(shift=found, supporter=by, is_active=True).exists():
        return
    _join(found, by)
    record(by=by, verb="join hours", thing="shift", thing_id=str(found.pk), now=now)
    touch_public()


@transaction.atomic(durable=True)
def join_weekly(*, rule: Rule, by: Person, now: datetime) -> list[date]:
    """Be the second person in somebody's weekly hours, from now on; twice is once.

    Returns the days already published that are left out: full, or this supporter has other hours
    or enough of them. Raises NotAllowed, NotAllowedFrom (ended), or ShiftFull.
    """
    found = Rule.objects.filter(pk=rule.pk).first()
    if found is None or found.supporter_id == by.pk or not may_hold_hours(by):
        raise rules.NotAllowed
    locks.hold_all("supporter", [by.pk.bytes, found.supporter_id.bytes])
    today = clock.local_date(now, ZoneInfo(found.zone))
    if found.last_on is not None and found.last_on < today:
        raise NotAllowedFrom("join hours")
    if not Rule.objects.filter(pk=found.pk, partner__isnull=True).update(partner=by):
        if not Rule.objects.filter(pk=found.pk, partner=by).exists():
            raise rules.ShiftFull
        return []
    out = []
    for shift in _ahead(found, now):
        if Assignment.objects.filter(shift=shift, supporter=by, is_active=True).exists():
            continue
        try:
            _join(_joinable(shift, by, now), by)
        except _IN_THE_WAY:
            out.append(shift.local_date)
    record(by=by, verb="join weekly hours", thing="rule", thing_id=str(found.pk), now=now)
    touch_public()
    return out


_IN_THE_WAY = (
    NotAllowedFrom,
    rules.NotCovered,
    rules.Overlaps,
    rules.OutOfTime,
    rules.ShiftFull,
    rules.StepsBack,
    rules.TooManyShifts,
)


def _ahead(rule: Rule, now: datetime) -> list[Shift]:
    """Return what a rule has published and has not begun, held in one order."""
    ahead = Shift.objects.bookable().filter(rule=rule, starts_at__gt=now)
    locks.hold_all("shift", [pk.bytes for pk in ahead.values_list("pk", flat=True)])
    return list(ahead.order_by("starts_at"))


@transaction.atomic(durable=True)
def leave_weekly(*, rule: Rule, by: Person, now: datetime) -> None:
    """Stop being the second person of weekly hours; twice is once.

    Their booked times in what is published are offered the one who stays. Raises NotAllowed for
    who is not the second person and never was.
    """
    found = Rule.objects.filter(pk=rule.pk).first()
    if found is None or found.supporter_id == by.pk or not may_hold_hours(by):
        raise rules.NotAllowed
    locks.hold_all("supporter", [by.pk.bytes, found.supporter_id.bytes])
    if not Rule.objects.filter(pk=found.pk, partner=by).update(partner=None):
        return
    for shift in _ahead(found, now):
        crew = Assignment.objects.filter(shift=shift, is_active=True)
        if not crew.filter(supporter=by).exists():
            continue
        if crew.exclude(supporter=by).exists():
            leave_pair(shift, by, now)
    record(by=by, verb="leave weekly hours", thing="rule", thing_id=str(found.pk), now=now)
    touch_public()
