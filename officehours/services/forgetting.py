"""Counting what may be counted, and forgetting who it was."""

import random
from collections import Counter as Tally
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from accounts.services import mix_rows
from officehours import rules
from officehours.models import Counter, Load, Visit
from officehours.queries import sealed
from peersupport.core import clock, daykey

_BATCH = 500


def _totals(
    visits: Iterable[Visit], now: datetime
) -> tuple[Tally[tuple[str, str, str]], Tally[tuple[object, str, str]]]:
    """Return what a batch adds to the counters and to the supporters' weeks."""
    counts: Tally[tuple[str, str, str]] = Tally()
    loads: Tally[tuple[object, str, str]] = Tally()
    for visit in visits:
        if visit.state != rules.S.FINISHED:
            continue
        wall = clock.local(visit.starts_at or visit.shift.starts_at, ZoneInfo(visit.shift.zone))
        week, term = rules.week_of(wall.date()), rules.term_of(wall.date())
        if visit.assignment is not None:  # None: the supporter has deleted their account since
            loads[visit.assignment.supporter_id, week, "talks"] += 1
        if visit.is_log_removed:
            continue
        counts["daypart by week", rules.daypart_of(wall.time()), week] += 1
        log = sealed.log_of(visit, now)
        if log is None:
            continue
        counts["length by term", log.length, term] += 1
        for topic in log.topics:
            counts["topic by term", topic, term] += 1
        if log.weight == rules.Weight.HEAVY and visit.assignment is not None:
            loads[visit.assignment.supporter_id, week, "heavy"] += 1
    return counts, loads


def _add(counts: Tally[tuple[str, str, str]]) -> None:
    keys = list(counts)
    random.shuffle(keys)
    for series, bucket, period in keys:
        row = {"series": series, "bucket": bucket, "period": period}
        Counter.objects.bulk_create([Counter(**row)], ignore_conflicts=True)
        Counter.objects.filter(**row).update(count=F("count") + counts[series, bucket, period])


def _carry(loads: Tally[tuple[object, str, str]]) -> None:
    for supporter, week, column in sorted(loads, key=str):
        row = Load(supporter_id=supporter, week=week)  # type: ignore[misc]
        Load.objects.bulk_create([row], ignore_conflicts=True)
        Load.objects.filter(supporter_id=supporter, week=week).update(  # type: ignore[misc]
            **{column: F(column) + loads[supporter, week, column]}
        )


@transaction.atomic(durable=True)
def _forget_batch(now: datetime) -> int:
    """Count and empty one shuffled batch. Safe twice: each visit is emptied once."""
    due = list(
        Visit.objects.due_to_forget(now)
        .select_related("shift", "assignment")
        .order_by("pk")[:_BATCH]
    )
    random.shuffle(due)
    mine = []
    for visit in due:
        emptied = Visit.objects.filter(pk=visit.pk, is_forgotten=False).update(
            is_forgotten=True,
            holder=None,
            name=None,
            acceptable=None,
            contact=None,
            claim_tag=None,
            log=None,
            changed_at=None,
            line_rank=None,
            state=visit.state if visit.state in rules.ENDED else rules.S.LAPSED,
        )
        if emptied == 1:
            mine.append(visit)
    counts, loads = _totals(mine, now)
    _add(counts)
    _carry(loads)
    return len(due)


def forget_visits(*, now: datetime) -> int:
    """Forget everybody whose time has come, move the day key on, delete old rows.

    Returns how many visits were forgotten. Runs from the hourly job, from `manage.py forget`
    and from nothing else; reads do not wait for it.
    """
    forgotten = 0
    try:
        while True:
            count = _forget_batch(now)
            forgotten += count
            if count < _BATCH:
                break
    finally:
        # Whatever becomes of the counts: a key whose time is over goes.
        daykey.advance(now)
    with transaction.atomic(durable=True):
        Visit.objects.filter(is_forgotten=True, ends_at__lte=now - rules.ROW_KEPT).delete()
    mix_rows()
    return forgotten


@transaction.atomic(durable=True)
def forget_loads(*, now: datetime) -> int:
    """Delete what supporters carried more than a year ago. Returns the number of weeks."""
    oldest = rules.week_of((now - timedelta(days=366)).date())
    return Load.objects.filter(week__lt=oldest).delete()[0]
