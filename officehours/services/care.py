"""Writes of care: breaks, distance, a worry and what follows it.

A break taken by hand and one that follows a heavy talk, a worry or an exam are written by the
same function from the same form, widened to whole days. No audit row says that somebody rests.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import Group, Person
from officehours import care_rules, rules
from officehours.care_emails import tell_supervisors
from officehours.cover_emails import tell_supporters
from officehours.models import Assignment, Break, Cover, Distance, Escalation, Shift
from officehours.permissions import may_hold_hours, may_supervise
from peersupport.core import clock, ids, locks
from peersupport.core.audit.services import record
from program.queries import facts
from program.services import touch_public

_KEPT = timedelta(days=366)


def _own(supporter: Person, by: Person) -> None:
    """Let a supporter act for themselves, and nobody for them. Holds their lock."""
    if by.pk != supporter.pk or not may_hold_hours(by):
        raise rules.NotAllowed
    locks.hold("supporter", supporter.pk.bytes)


@transaction.atomic(durable=True)
def take_break(
    *,
    supporter: Person,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Person,
    now: datetime,
    find_cover: bool = False,
) -> Break:
    """Step back for whole days, until a day or until they come back; nothing is cancelled.

    Joins the breaks it touches to one, so that asking twice makes one. With `find_cover` a
    request is opened for each of their hours that begin within it: until somebody takes them,
    they stay as they are. Raises NotAllowed, or OutOfTime for a break that is over, ends before
    it starts, or lies more than a year away.
    """
    _own(supporter, by)
    too_far = now + care_rules.LONGEST_BREAK
    if ends_at is not None and not max(starts_at, now) < ends_at <= too_far:
        raise rules.OutOfTime
    if starts_at > too_far:
        raise rules.OutOfTime
    zone = facts().zone
    first, last = care_rules.whole_days(max(starts_at, now), ends_at, zone)
    kept = _join(supporter, first, last)
    if find_cover:
        _open_cover(supporter, max(first, now), last)
        tell_supporters(supporter.pk, now)
    touch_public()
    return kept


def _join(supporter: Person, first: datetime, last: datetime | None) -> Break:
    """Write one break in place of all it touches."""
    mine = Break.objects.filter(supporter=supporter)
    touched = mine.filter(Q(ends_at__isnull=True) | Q(ends_at__gte=first))
    if last is not None:
        touched = touched.filter(starts_at__lte=last)
    found = list(touched)
    if any(rest.ends_at is None for rest in found):
        last = None
    elif last is not None:
        last = max([last, *(rest.ends_at for rest in found if rest.ends_at is not None)])
    first = min([first, *(rest.starts_at for rest in found)])
    touched.filter(pk__in=[rest.pk for rest in found]).delete()
    return Break.objects.create(supporter=supporter, starts_at=first, ends_at=last)


def _open_cover(supporter: Person, first: datetime, last: datetime | None) -> None:
    """Ask the others to take the hours that begin within a break; once for each, never why."""
    theirs = Assignment.objects.filter(
        supporter=supporter,
        is_active=True,
        starts_at__gte=first,
        shift__in=Shift.objects.bookable(),
    )
    if last is not None:
        theirs = theirs.filter(starts_at__lt=last)
    Cover.objects.bulk_create(
        [
            Cover(pk=ids.new_id(), assignment_id=pk, state=rules.CoverState.OPEN)
            for pk in theirs.values_list("pk", flat=True)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic(durable=True)
def end_break(*, supporter: Person, rest: uuid.UUID, by: Person, now: datetime) -> None:
    """Come back, or take a planned break back: its row goes, and nobody is asked anything.

    Doing it twice is the same as once. Requests for cover stay until they are withdrawn.
    """
    _own(supporter, by)
    if Break.objects.filter(pk=rest, supporter=supporter).delete()[0]:
        touch_public()


@transaction.atomic(durable=True)
def keep_distance(
    *, supporter: Person, groups: Iterable[uuid.UUID], by: Person, now: datetime
) -> None:
    """Say from which groups a supporter keeps a distance: these, and no others."""
    _own(supporter, by)
    wanted = set(Group.objects.filter(pk__in=set(groups)).values_list("pk", flat=True))
    mine = Distance.objects.filter(supporter=supporter)
    mine.exclude(group__in=wanted).delete()
    Distance.objects.bulk_create(
        [Distance(supporter=supporter, group_id=group) for group in wanted], ignore_conflicts=True
    )


@transaction.atomic(durable=True)
def note_worry(
    *,
    supporter: Person,
    level: rules.Level,
    steps: Iterable[str],
    wants_debrief: bool,
    request_key: uuid.UUID,
    by: Person,
    now: datetime,
) -> Escalation:
    """Note that a supporter was worried, in which week, and what they did. Never about whom.

    There is no visit, name, time or free text in it, and no audit row, which would carry a time.
    Sending the same `request_key` again returns the same row. The clinical supervisor is told
    that there is something when the worry is for today or now, or a debrief is wanted. Raises
    NotAllowed.
    """
    _own(supporter, by)
    done = set(steps)
    row = Escalation(
        pk=ids.new_id(),
        supporter=supporter,
        level=level,
        week=rules.week_of(clock.local_date(now, facts().zone)),
        steps=",".join(step for step in care_rules.STEPS[level] if step in done),
        wants_debrief=wants_debrief,
        request_key=request_key,
    )
    Escalation.objects.bulk_create([row], ignore_conflicts=True)
    kept = Escalation.objects.get(request_key=request_key)
    if kept.supporter_id != supporter.pk:
        raise rules.NotAllowed
    if kept.pk == row.pk and (wants_debrief or level in care_rules.STOOD_DOWN):
        tell_supervisors(kept.pk, now)
    return kept


_MARKS = {"debriefed": "is_debriefed", "reviewed": "is_reviewed"}


@transaction.atomic(durable=True)
def mark_escalation(*, escalation: uuid.UUID, mark: str, by: Person, now: datetime) -> None:
    """Note that the debrief took place, or that the protocol was looked at again; twice is once.

    Only the clinical supervisor. Raises NotAllowed, also for a row or a mark that is not there.
    """
    if not may_supervise(by) or mark not in _MARKS:
        raise rules.NotAllowed
    rows = Escalation.objects.filter(pk=escalation)
    if rows.filter(**{_MARKS[mark]: False}).update(**{_MARKS[mark]: True}):
        record(by=by, verb=mark, thing="escalation", thing_id=str(escalation), now=now)
    elif not rows.exists():
        raise rules.NotAllowed


@transaction.atomic(durable=True)
def forget_care(*, now: datetime) -> int:
    """Delete breaks that are over, and escalations of more than a year ago. Returns how many."""
    gone = Break.objects.filter(ends_at__lte=now).delete()[0]
    oldest = rules.week_of((now - _KEPT).date())
    return gone + Escalation.objects.filter(week__lt=oldest).delete()[0]
