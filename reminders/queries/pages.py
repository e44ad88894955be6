"""What the pages of campaigns show: counts and dates, never who."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Sum

from peersupport.core import clock
from program.calendar_rules import Entry
from program.queries.basics import facts
from program.queries.milestones import entry_of, milestones
from reminders.library import LIBRARY
from reminders.limit_rules import A_MILESTONE
from reminders.models import Campaign, PlanRun, Tally
from reminders.planning_rules import next_moment
from reminders.queries.audience import Reader, count, readers
from reminders.queries.ground import Time, quiets_of, times_of
from reminders.rules import Audience, State

YEAR = timedelta(days=365)
# Smaller numbers are not told apart: in a group of three, "one did not want it" is a name.
FEW = 5
_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class When:
    """One time that a campaign speaks, and to how many people as it stands today."""

    time: Time
    people: int
    waits_to: datetime | None
    is_lost: bool
    is_too_many: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of a year from a day on, and the zone they are meant in."""

    zone: ZoneInfo
    today: date
    entries: Mapping[uuid.UUID, Entry]


def calendar(now: datetime, ahead: timedelta = YEAR) -> Calendar:
    """Return what stands in the calendar: two queries."""
    zone = facts().zone
    today = clock.local_date(now, zone)
    rows = milestones(today - timedelta(days=70), today + ahead + timedelta(days=70))
    return Calendar(zone, today, {row.pk: entry_of(row) for row in rows})


def draft_of(key: str) -> Campaign:
    """Return one of the library as the draft it would become. Writes nothing."""
    shipped = LIBRARY[key]
    return Campaign(
        library=key,
        title=str(shipped.title),
        kind=str(shipped.kind or ""),
        words=shipped.words,
        offset=shipped.offset,
        counts_from=str(shipped.counts_from),
        at=shipped.at,
        good_for=shipped.good_for,
        audience=str(shipped.audience),
        subject=str(shipped.subject),
        body=shipped.body,
        priority=shipped.priority,
    )


def all_campaigns() -> list[Campaign]:
    """Return every campaign that has not ended, by its title: one query."""
    return list(Campaign.objects.exclude(state=str(State.ENDED)).order_by("title", "pk"))


def ended_campaigns() -> list[Campaign]:
    """Return those that have ended: one query."""
    return list(Campaign.objects.filter(state=str(State.ENDED)).order_by("title", "pk"))


def campaign(key: uuid.UUID) -> Campaign | None:
    """Return one campaign."""
    return Campaign.objects.filter(pk=key).first()


def ahead(one: Campaign, known: Calendar, now: datetime) -> list[Time]:
    """Return the times of the coming year at which a campaign speaks, in order. No query."""
    times = times_of(one, known.entries, known.zone)
    return sorted(
        (time for time in times if now < time.at.due_at <= now + YEAR),
        key=lambda time: time.at.due_at,
    )


def preview(one: Campaign, known: Calendar, now: datetime) -> list[When]:
    """Return every time of the coming year: to how many, and what an exam does to it."""
    times = ahead(one, known, now)
    everybody: Iterable[Reader] = readers() if times else []
    return [_when(time, known, everybody) for time in times]


def _when(time: Time, known: Calendar, everybody: Iterable[Reader]) -> When:
    """An exam of the very group that it is for holds it; others are looked at one by one then."""
    entry, campaign_ = time.entry, time.campaign
    own = (entry.class_name, entry.rotation)
    if campaign_.audience == Audience.COHORT:
        own = (campaign_.class_name, campaign_.rotation)
    elif campaign_.audience != Audience.OWN:
        own = ("", "")
    wall = time.at.due_at.astimezone(known.zone).replace(tzinfo=None)
    free = next_moment(wall, quiets_of(known.entries.values(), *own))
    waits_to = clock.to_utc(free, known.zone) if free != wall else None
    is_lost = waits_to is not None and waits_to >= time.at.expires_at
    is_too_many = time.at.index >= A_MILESTONE
    return When(time, count(campaign_, entry, everybody), waits_to, is_lost, is_too_many)


def marks(first: date, last: date) -> list[tuple[date, str]]:
    """Return the days on which campaigns that are on speak, for the timeline: three queries."""
    on = list(Campaign.objects.filter(state=str(State.ON)).order_by("title"))
    if not on:
        return []
    zone = facts().zone
    around = timedelta(days=70)
    rows = milestones(first - around, last + around)
    entries = {row.pk: entry_of(row) for row in rows}
    found = {
        (time.at.day, time.campaign.title) for one in on for time in times_of(one, entries, zone)
    }
    return sorted((day, title) for day, title in found if first <= day <= last)


@dataclass(frozen=True, slots=True)
class Total:
    """One line of the ledger."""

    campaign: uuid.UUID
    kind: str
    outcome: str
    why: str
    number: int

    @property
    def is_few(self) -> bool:
        """Whether the number is too small to be told."""
        return self.number < FEW


def totals(first: date, last: date) -> list[Total]:
    """Return what became of everything unasked between two days: one query, numbers only."""
    rows = Tally.objects.filter(day__gte=first, day__lte=last, number__gt=0)
    lines = rows.values_list("campaign", "kind", "outcome", "why").annotate(n=Sum("number"))
    return [Total(*line) for line in lines.order_by("campaign", "kind", "outcome", "why")]


def titles(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the titles of campaigns: one query."""
    return dict(Campaign.objects.filter(pk__in=set(keys)).values_list("pk", "title"))


def by_outcome(lines: Iterable[Total]) -> Counter[str]:
    """Return the sums of lines by what became of them."""
    found: Counter[str] = Counter()
    for line in lines:
        found[line.outcome] += line.number
    return found


@dataclass(frozen=True, slots=True)
class Planner:
    """Whether the planner runs."""

    last_at: datetime | None
    is_late: bool


def planner(now: datetime) -> Planner:
    """Return when messages were last planned: one query."""
    last = PlanRun.objects.filter(pk=1).values_list("last_at", flat=True).first()
    return Planner(last, last is None or last < now - _LATE)
