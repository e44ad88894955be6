"""When counselors read, within how long they answer, and who is told last. Audited."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from peersupport.core import clock
from peersupport.core.audit.services import record
from program.queries import facts
from referrals import rules
from referrals.models import Counselor, DaysAway, Reading, Timers
from referrals.rules import CareRole, Timer, Urgency


def _may_change(by: Counselor, card: UUID) -> bool:
    """Return whether a counselor may set these hours: their own, or everybody's as the lead."""
    if by.state != Counselor.State.ACTIVE:
        return False
    if by.pk == card:
        return True
    there = Counselor.objects.filter(pk=card, state=Counselor.State.ACTIVE)
    return by.role == CareRole.LEAD and there.exists()


@transaction.atomic(durable=True)
def add_hours(
    *,
    card: UUID,
    weekday: int,
    starts: time,
    ends: time,
    by: Counselor,
    now: datetime,
    first_on: date | None = None,
    last_on: date | None = None,
) -> Reading:
    """Add weekly hours in which somebody reads. Adding the same hours twice is once.

    What already waits keeps the time that its student was told.
    """
    if not _may_change(by, card):
        raise rules.NotAllowed
    hours = {"card_id": card, "weekday": weekday, "starts": starts, "ends": ends}
    hours |= {"first_on": first_on, "last_on": last_on}
    again = Reading.objects.filter(**hours).first()
    if again is not None:
        return again
    row = Reading.objects.create(**hours)
    record(by=by, verb="add reading hours", thing="reading", thing_id=str(card), now=now)
    return row


@transaction.atomic(durable=True)
def remove_hours(*, hours: UUID, by: Counselor, now: datetime) -> None:
    """Take weekly hours away. Raises NotAllowed alike for a colleague's and for none."""
    row = Reading.objects.filter(pk=hours).first()
    if row is None or not _may_change(by, row.card_id):
        raise rules.NotAllowed
    card = str(row.card_id)
    row.delete()
    record(by=by, verb="remove reading hours", thing="reading", thing_id=card, now=now)


@transaction.atomic(durable=True)
def add_away(
    *, card: UUID, first_on: date, last_on: date, by: Counselor, now: datetime
) -> DaysAway:
    """Note days on which somebody reads nothing. Noting the same days twice is once.

    What already waits keeps the time that its student was told; the ladder passes by whoever is
    away, and what they have in hand the leads see and hear of (`services/held.py`).
    """
    if not _may_change(by, card):
        raise rules.NotAllowed
    days = {"card_id": card, "first_on": first_on, "last_on": last_on}
    if not DaysAway.objects.filter(**days).exists():
        DaysAway.objects.bulk_create([DaysAway(**days)], ignore_conflicts=True)
        record(by=by, verb="add days away", thing="reading", thing_id=str(card), now=now)
    return DaysAway.objects.get(**days)


@transaction.atomic(durable=True)
def remove_away(*, away: UUID, by: Counselor, now: datetime) -> None:
    """Take days away back: they read after all. NotAllowed alike for a colleague's and none."""
    row = DaysAway.objects.filter(pk=away).first()
    if row is None or not _may_change(by, row.card_id):
        raise rules.NotAllowed
    card = str(row.card_id)
    row.delete()
    record(by=by, verb="remove days away", thing="reading", thing_id=card, now=now)


@transaction.atomic(durable=True)
def forget_away(*, now: datetime) -> int:
    """Delete days away that are over for a week; return how many."""
    over = clock.local_date(now, facts().zone) - timedelta(days=7)
    return DaysAway.objects.filter(last_on__lt=over).delete()[0]


@transaction.atomic(durable=True)
def set_timers(
    *,
    timers: dict[Urgency, Timer],
    line_name: str,
    line_email: str,
    by: Counselor,
    now: datetime,
) -> None:
    """Set, as the lead, how soon each urgency is answered, and which line is told last.

    What already waits keeps the time that its student was told; what is handed on from now on,
    and what comes, follows these.
    """
    if by.role != CareRole.LEAD or by.state != Counselor.State.ACTIVE:
        raise rules.NotAllowed
    minutes = {str(urgency): _minutes(timer) for urgency, timer in timers.items()}
    said = {"minutes": minutes, "line_name": line_name, "line_email": line_email}
    if not Timers.objects.filter(pk=1).update(**said):
        Timers.objects.bulk_create([Timers(pk=1, **said)], ignore_conflicts=True)
        Timers.objects.filter(pk=1).update(**said)
    record(by=by, verb="set timers", thing="timers", thing_id="1", now=now)


def _minutes(timer: Timer) -> list[int]:
    parts = (timer.acknowledge, timer.contact, timer.step)
    return [int(part.total_seconds() // 60) for part in parts]
