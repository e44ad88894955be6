"""The demo's day: somebody is always in, whatever the hour. Idempotent, and only in the demo."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Shift
from officehours.services import presence
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.clock import local, local_date
from peersupport.portal.cast import dress_cast, ensure_cast, ensure_counselors
from peersupport.portal.demo_care import lay_out_desk
from peersupport.portal.demo_events import lay_out_events
from peersupport.portal.demo_term import lay_out_term
from program import services as program_services
from program.models import Coverage
from program.queries import facts
from referrals.models import Counselor, Reading
from referrals.services import duty


def _cover(now: datetime) -> None:
    if Coverage.objects.exists():
        return
    program_services.add_coverage(
        label="On-call counselor",
        phone="555-0100",
        weekday=None,
        starts=time(0),
        ends=time(0),
        until=None,
        by=SYSTEM,
        now=now,
    )


def _let_counselors_read(counselors: dict[str, Counselor], now: datetime) -> None:
    """Hours in which the counselors read, every day: the demo is looked at on weekends too."""
    if Reading.objects.exists():
        return
    hours = {"dee": (time(8), time(14)), "eli": (time(13), time(21))}
    for name, (starts, ends) in hours.items():
        for weekday in range(7):
            duty.add_hours(
                card=counselors[name].pk,
                weekday=weekday,
                starts=starts,
                ends=ends,
                by=counselors["dee"],
                now=now,
            )


def _has_hours(supporter: Person, now: datetime, *, later: bool) -> bool:
    mine = Assignment.objects.filter(
        supporter=supporter, is_active=True, shift__in=Shift.objects.bookable()
    )
    if later:
        return mine.filter(starts_at__gt=now + timedelta(minutes=30)).exists()
    return mine.filter(
        starts_at__lte=now,
        ends_at__gt=now + timedelta(minutes=45),
        checked_in_at__isnull=False,
        checked_out_at__isnull=True,
    ).exists()


@transaction.atomic
def _lay(
    supporter: Person,
    start: datetime,
    length: timedelta,
    place: str,
    now: datetime,
    *,
    ways: str = rules.Way.IN_PERSON,
) -> None:
    """Make hours that may have begun already; the ordinary way publishes the future only."""
    end = start + length
    mine = Assignment.objects.filter(supporter=supporter, is_active=True)
    if mine.filter(starts_at__lt=end, ends_at__gt=start).exists():
        return
    zone = facts().zone
    in_now = start <= now
    shift = Shift.objects.create(
        pk=ids.new_id(),
        local_date=local_date(start, zone),
        zone=zone.key,
        starts_at=start,
        ends_at=end,
        place=place,
        ways=ways,
        minutes=30,
        state=rules.ShiftState.OPEN if in_now else rules.ShiftState.PUBLISHED,
    )
    Assignment.objects.create(
        shift=shift,
        supporter=supporter,
        starts_at=start,
        ends_at=end,
        checked_in_at=start if in_now else None,
    )
    program_services.touch_public()


def lay_out_day(*, now: datetime) -> None:
    """See to it that Priya is in now, Marcus comes later, and Sol is free to publish hours.

    Refuses to do anything outside the demo.
    """
    if not settings.DEMO:
        raise RuntimeError("The demo's day exists in the demo only.")
    cast = ensure_cast(now)
    dress_cast(cast)
    counselors = ensure_counselors(now)
    _let_counselors_read(counselors, now)
    lay_out_desk(people=cast, counselors=counselors, now=now)
    _cover(now)
    presence.close_ended(now=now)
    half_hour = timedelta(minutes=30)
    wall = local(now, facts().zone)
    began = now - timedelta(
        minutes=wall.minute % 30, seconds=wall.second, microseconds=wall.microsecond
    )
    if not _has_hours(cast["priya"], now, later=False):
        _lay(cast["priya"], began, 8 * half_hour, "Room 214", now)
    if not _has_hours(cast["marcus"], now, later=True):
        ways = f"{rules.Way.IN_PERSON},{rules.Way.VIDEO}"
        start = began + 4 * half_hour
        _lay(cast["marcus"], start, 6 * half_hour, "Lounge B", now, ways=ways)
    lay_out_events(cast, now=now)
    # Last, so that letters can say the hours that are planned.
    lay_out_term(cast, now=now)
