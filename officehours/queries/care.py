"""Who should not be offered for new talks now, and who must not meet whom. Flat in size.

The one place that knows caps, breaks and the days before one's own exams. It answers with ids and
nothing else: why somebody is left out cannot be told from the answer.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import Membership, Person
from officehours import care_rules, rules
from officehours.models import Assignment, Break, Distance, Load, Shift, Visit
from peersupport.core import clock
from program.calendars import exams_of_many
from program.queries import facts

# What uses up a supporter's evening: a time that is held, a talk, and one that is over.
COUNTED = sorted(
    str(s) for s in (rules.HOLDS_TIME | rules.WITH_SUPPORTER) - {rules.VisitState.MISSED}
)
_INSTANT = timedelta(microseconds=1)
Stretch = tuple[datetime, datetime | None]


def rests_in(
    supporters: Iterable[uuid.UUID], start: datetime, end: datetime
) -> dict[uuid.UUID, list[Stretch]]:
    """Return breaks and days before exams that touch a stretch of time: one query.

    And one for each calendar that answers for many people at once.
    """
    wanted = frozenset(supporters)
    found: dict[uuid.UUID, list[Stretch]] = defaultdict(list)
    if not wanted:
        return found
    breaks = Break.objects.filter(supporter__in=wanted, starts_at__lt=end).exclude(
        ends_at__lte=start
    )
    for supporter, first, last in breaks.values_list("supporter_id", "starts_at", "ends_at"):
        found[supporter].append((first, last))
    for supporter, days in _exams(wanted, start, end).items():
        found[supporter] += days
    return found


def _exams(
    supporters: frozenset[uuid.UUID], start: datetime, end: datetime
) -> dict[uuid.UUID, list[Stretch]]:
    """Return the days without talks around exams that touch a stretch of time."""
    spans = exams_of_many(supporters, start, end + care_rules.BEFORE_EXAM)
    return {
        one: [care_rules.blackout(span.start, span.end) for span in found]
        for one, found in spans.items()
    }


def touches(stretches: Iterable[Stretch], start: datetime, end: datetime) -> bool:
    return any(first < end and (last is None or start < last) for first, last in stretches)


def unavailable(
    supporters: Iterable[uuid.UUID], start: datetime, end: datetime
) -> frozenset[uuid.UUID]:
    """Return which of these supporters rest during part of a stretch of time: one query.

    For whoever needs to know who could take hours. Show it as "unavailable", never why.
    """
    rests = rests_in(supporters, start, end)
    return frozenset(one for one, found in rests.items() if touches(found, start, end))


def resting(people: Iterable[Person | uuid.UUID], now: datetime) -> frozenset[uuid.UUID]:
    """Return who of these people has a break at this instant, or an exam close ahead."""
    wanted = [one.pk if isinstance(one, Person) else one for one in people]
    return unavailable(wanted, now, now + _INSTANT)


def _zones(rows: Sequence[Assignment]) -> dict[uuid.UUID, ZoneInfo]:
    """Return the zone of each row's hours; asks the database only if a row came without them."""
    loaded = [row for row in rows if Assignment.shift.is_cached(row)]
    known = {row.shift_id: row.shift.zone for row in loaded}
    missing = {row.shift_id for row in rows} - set(known)
    if missing:
        known.update(Shift.objects.filter(pk__in=missing).values_list("pk", "zone"))
    return {row.pk: ZoneInfo(known[row.shift_id]) for row in rows}


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk that uses up its supporter's evening and week: held, going on or over."""

    assignment: uuid.UUID
    supporter: uuid.UUID
    begins: datetime
    zone: str


def _count(
    talks: Iterable[Talk],
) -> tuple[Counter[uuid.UUID], Counter[tuple[uuid.UUID, str]]]:
    """Return talks by assignment, and by supporter and local ISO week."""
    by_shift: Counter[uuid.UUID] = Counter()
    by_week: Counter[tuple[uuid.UUID, str]] = Counter()
    for talk in talks:
        day = clock.local_date(talk.begins, ZoneInfo(talk.zone))
        by_shift[talk.assignment] += 1
        by_week[talk.supporter, rules.week_of(day)] += 1
    return by_shift, by_week


def _talks(
    supporters: Iterable[uuid.UUID], weeks: Iterable[str], *, leaving_out: uuid.UUID | None = None
) -> tuple[Counter[uuid.UUID], Counter[tuple[uuid.UUID, str]]]:
    """Return talks by assignment, and by supporter and week: two queries.

    A talk is counted from its row until it is forgotten, and from the supporter's week
    afterwards: the same moment moves it from one to the other.
    """
    wanted = frozenset(supporters)
    rows = Visit.objects.filter(
        assignment__supporter__in=wanted, state__in=COUNTED, is_forgotten=False
    )
    by_shift, by_week = _count(
        Talk(assignment, supporter, starts or shift_starts, zone)
        for pk, assignment, supporter, starts, shift_starts, zone in rows.values_list(
            "pk",
            "assignment_id",
            "assignment__supporter_id",
            "starts_at",
            "shift__starts_at",
            "shift__zone",
        )
        if pk != leaving_out
    )
    loads = Load.objects.filter(supporter__in=wanted, week__in=set(weeks))
    for supporter, week, talks in loads.values_list("supporter_id", "week", "talks"):
        by_week[supporter, week] += talks
    return by_shift, by_week


def closed_to_new(
    rows: Iterable[Assignment], now: datetime, *, leaving_out: uuid.UUID | None = None
) -> frozenset[uuid.UUID]:
    """Return the ids of those assignments with which no new booking or call may be offered.

    What it guarantees, for every row given (active or not; whose they are is of no matter):

    - closed if the supporter has a break, or the days before an own exam, during any part of
      what is left of these hours;
    - closed if three talks are booked, going on or over in these hours, or six in the local ISO
      week in which they begin (a time that was missed, given up or only waits does not count);
    - open otherwise. It never says why, and never touches what is already booked.

    Three queries whatever the number of rows; one more if rows come without `shift` loaded, and
    one for each calendar of exams. `leaving_out` is a visit that is given up in the same moment
    (a move), which is then not counted.
    """
    ahead = [row for row in rows if row.ends_at > now]
    if not ahead:
        return frozenset()
    supporters = {row.supporter_id for row in ahead}
    zones = _zones(ahead)
    weeks = {
        row.pk: rules.week_of(clock.local_date(row.starts_at, zones[row.pk])) for row in ahead
    }
    rests = rests_in(
        supporters,
        max(now, min(row.starts_at for row in ahead)),
        max(row.ends_at for row in ahead),
    )
    by_shift, by_week = _talks(supporters, weeks.values(), leaving_out=leaving_out)
    return frozenset(
        row.pk
        for row in ahead
        if touches(rests.get(row.supporter_id, []), max(now, row.starts_at), row.ends_at)
        or care_rules.is_full(by_shift[row.pk], by_week[row.supporter_id, weeks[row.pk]])
    )


def knowing_rests(
    rows: QuerySet[Assignment], now: datetime, zone: ZoneInfo
) -> QuerySet[Assignment]:
    """Let hours bring along, in their own query, what `closed_of` asks of them."""
    rest = Break.objects.filter(
        Q(ends_at__isnull=True) | (Q(ends_at__gt=now) & Q(ends_at__gt=OuterRef("starts_at"))),
        supporter=OuterRef("supporter_id"),
        starts_at__lt=OuterRef("ends_at"),
    )
    carried = Load.objects.filter(supporter=OuterRef("supporter_id"))
    last, this = _weeks_near(now, zone)
    return rows.annotate(
        rests=Exists(rest),
        carried_last=Subquery(carried.filter(week=last).values("talks")[:1]),
        carried_this=Subquery(carried.filter(week=this).values("talks")[:1]),
    )


def _weeks_near(now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return the weeks that hours which are not over can have carried something in.

    Hours that began before midnight may belong to the week before.
    """
    today = clock.local_date(now, zone)
    return rules.week_of(today - timedelta(days=7)), rules.week_of(today)


def closed_of(
    rows: Iterable[Assignment], talks: Iterable[Talk], now: datetime, zone: ZoneInfo
) -> frozenset[uuid.UUID]:
    """Return what `closed_to_new` does, without a query beside those of the exam calendars.

    For the board, which reads everything at once: `rows` come from `knowing_rests`, with their
    shifts; `talks` are all that count of these supporters.
    """
    ahead = [row for row in rows if row.ends_at > now]
    if not ahead:
        return frozenset()
    last, this = _weeks_near(now, zone)
    by_shift, by_week = _count(talks)
    exams = _exams(
        frozenset(row.supporter_id for row in ahead), now, max(row.ends_at for row in ahead)
    )
    closed = set()
    for row in ahead:
        brought = vars(row)
        week = rules.week_of(clock.local_date(row.starts_at, ZoneInfo(row.shift.zone)))
        carried = {last: brought["carried_last"], this: brought["carried_this"]}.get(week) or 0
        in_week = by_week[row.supporter_id, week] + carried
        if (
            brought["rests"]
            or touches(exams.get(row.supporter_id, []), max(now, row.starts_at), row.ends_at)
            or care_rules.is_full(by_shift[row.pk], in_week)
        ):
            closed.add(row.pk)
    return frozenset(closed)


def may_take_more(
    supporter: Person,
    assignment: Assignment,
    now: datetime,
    *,
    leaving_out: uuid.UUID | None = None,
) -> bool:
    """Return whether this supporter may be offered one more talk in these hours of theirs."""
    if assignment.supporter_id != supporter.pk:
        return False
    return not closed_to_new([assignment], now, leaving_out=leaving_out)


def shifts_in_week(supporter: Person, day: date) -> int:
    """Return how many shifts a supporter already has in the local ISO week of a day.

    Ask `care_rules.too_many_shifts` whether one more is too many. Cancelled hours, and hours
    somebody else has taken over, do not count.
    """
    start, end = care_rules.week_bounds(day, facts().zone)
    mine = Assignment.objects.filter(
        supporter=supporter, is_active=True, starts_at__gte=start, starts_at__lt=end
    )
    return mine.exclude(shift__state=rules.ShiftState.CANCELLED).count()


def distant(person: uuid.UUID | None, supporters: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return which of these supporters must not meet this person: one query.

    They keep a distance from a group the person belongs to, or both are in a group whose members
    are kept apart. Nobody in particular (the door) is near to nobody.
    """
    wanted = frozenset(supporters)
    if person is None or not wanted:
        return frozenset()
    declared = Distance.objects.filter(supporter__in=wanted, group__memberships__person=person)
    together = Membership.objects.filter(
        person__in=wanted, group__is_apart=True, group__memberships__person=person
    )
    found = declared.values_list("supporter_id", flat=True)
    return frozenset(found.union(together.values_list("person_id", flat=True)))
