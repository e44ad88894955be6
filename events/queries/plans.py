"""What is planned: reads for whoever plans, as frozen dataclasses. Nothing of who comes."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from accounts.models import Person, RosterEntry
from accounts.roster_rules import STUDENTS
from accounts.rules import Role
from events.models import Event, EventSet, Host, Invited, Series
from events.permissions import may_plan
from events.planning_rules import (
    Dated,
    Facts,
    Letting,
    Scope,
    changed,
    followed,
    followed_anyway,
    mark,
)
from events.rules import Kind, State, Visibility
from program.queries.basics import FactsNow, facts
from program.registry import value_of

_MOST = 300
MAY_HOST = (Role.SUPPORTER, Role.STUDENT_LEAD, Role.COORDINATOR)


def letting(known: FactsNow | None = None) -> Letting:
    """Return whether supporters may plan workshops: one query, none if the facts are known."""
    return Letting(value_of((known or facts()).values, "supporter-events"))


def facts_of(
    row: Event, invited: Iterable[tuple[str, str]] = (), hosts: Iterable[uuid.UUID] = ()
) -> Facts:
    """Return what a row says."""
    return Facts(
        kind=Kind(row.kind),
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=row.place,
        link=row.link,
        words=row.words,
        led_by=row.led_by,
        access=row.access,
        visibility=Visibility(row.visibility),
        is_sensitive=row.is_sensitive,
        capacity=row.capacity,
        opens_before=row.starts_at - row.opens_at if row.opens_at else None,
        closes_before=row.starts_at - row.closes_at if row.closes_at else None,
        invited=frozenset(invited),
        hosts=frozenset(hosts),
    )


def read(rows: Collection[Event]) -> dict[uuid.UUID, Facts]:
    """Return all that is planned of some events: two queries, however many."""
    keys = [row.pk for row in rows]
    invited: dict[uuid.UUID, list[tuple[str, str]]] = defaultdict(list)
    hosts: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for event, name, rotation in Invited.objects.filter(event__in=keys).values_list(
        "event", "class_name", "rotation"
    ):
        invited[event].append((name, rotation))
    for event, person in Host.objects.filter(event__in=keys).values_list("event", "person"):
        hosts[event].append(person)
    return {row.pk: facts_of(row, invited[row.pk], hosts[row.pk]) for row in rows}


def later_dates(row: Event, now: datetime) -> list[Event]:
    """Return an event, and the dates of its series after it that can still change: one query.

    Only those of the same kind of standing count: what is cancelled or over is left alone.
    """
    if row.series_id is None:
        return [row]
    later = Event.objects.filter(
        series=row.series_id, series_on__gt=row.series_on, ends_at__gt=now
    ).exclude(state=str(State.CANCELLED))
    return [row, *later.order_by("series_on")]


def mark_of(rows: Collection[Event], known: dict[uuid.UUID, Facts]) -> str:
    """Return the mark of how some events stand."""
    return mark((row.pk, row.state, known[row.pk]) for row in rows)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one date, and in what it goes its own way."""

    row: Event
    before: Facts
    after: Facts
    own: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """What changes of it."""
        return changed(self.before, self.after)


def changes(
    rows: Sequence[Event],
    known: dict[uuid.UUID, Facts],
    after: Facts,
    *,
    scope: Scope,
    anyway: frozenset[uuid.UUID],
    zone: ZoneInfo,
) -> list[Change]:
    """Return what a change of the first of these dates does to each of them. Asks nothing."""
    first = rows[0]
    this = Dated(known[first.pk], first.series_on or _day(first, zone))
    found = [Change(first, this.facts, after, frozenset())]
    for row in rows[1:] if scope is Scope.LATER else ():
        other = Dated(known[row.pk], row.series_on or _day(row, zone))
        becomes, own = followed(this, after, other, zone)
        if row.pk in anyway:
            becomes = followed_anyway(this, after, other, zone)
        found.append(Change(row, other.facts, becomes, frozenset(own)))
    return found


def _day(row: Event, zone: ZoneInfo) -> date:
    return row.starts_at.astimezone(zone).date()


# -- finding --------------------------------------------------------------------------------------
def visible(by: Person) -> EventSet:
    """Return the events that somebody may see while planning.

    Coordinators and student leads all, but no debrief that is not theirs; supporters their own.
    """
    own = Q(pk__in=Host.objects.filter(person=by).values("event"))
    if not may_plan(by):
        return Event.objects.filter(own)
    return Event.objects.filter(own | ~Q(kind=str(Kind.DEBRIEF)))


def one(by: Person, event: uuid.UUID) -> Event | None:
    """Return one of them: one query."""
    return visible(by).select_related("series").filter(pk=event).first()


def series_of(by: Person, series: uuid.UUID) -> tuple[Series, list[Event]] | None:
    """Return a series with its dates: two queries."""
    found = Series.objects.filter(pk=series).first()
    if found is None:
        return None
    dates = list(visible(by).filter(series=found).order_by("starts_at"))
    return (found, dates) if dates else None


def ahead(by: Person, now: datetime) -> list[Event]:
    """Return what is planned and not over, the next one first: one query."""
    return list(visible(by).ahead(now).order_by("starts_at", "title")[:_MOST])


def between(by: Person, start: datetime, end: datetime) -> list[Event]:
    """Return what lies between two instants: one query."""
    found = visible(by).filter(starts_at__lt=end, ends_at__gt=start)
    return list(found.order_by("starts_at", "title")[:_MOST])


@dataclass(frozen=True, slots=True)
class Past:
    """What has been: one event, or a whole series with how many dates it had."""

    event: Event
    dates: int


def earlier(by: Person, now: datetime) -> list[Past]:
    """Return what is over, the latest first; a series once, by its last date: two queries."""
    rows = list(visible(by).filter(ends_at__lte=now).order_by("-starts_at")[:_MOST])
    keys = {row.series_id for row in rows if row.series_id}
    counted = Event.objects.filter(series__in=keys).values("series").annotate(n=Count("pk"))
    number = dict(counted.order_by().values_list("series", "n"))
    found: list[Past] = []
    shown: set[uuid.UUID] = set()
    for row in rows:
        if row.series_id is None:
            found.append(Past(row, 1))
        elif row.series_id not in shown:
            shown.add(row.series_id)
            found.append(Past(row, number.get(row.series_id, 1)))
    return found


# -- choices --------------------------------------------------------------------------------------
def can_host() -> list[tuple[uuid.UUID, str]]:
    """Return who can host, by the name they go by: one query."""
    people = Person.objects.filter(
        is_active=True,
        grants__role__in=[str(role) for role in MAY_HOST],
        grants__revoked_on__isnull=True,
    )
    rows = people.distinct().values_list("pk", "profile__shown_name", "called", "email")
    named = [(pk, shown or called or email) for pk, shown, called, email in rows]
    return sorted(named, key=lambda pair: (pair[1].casefold(), str(pair[0])))


def names_of(people: Iterable[uuid.UUID]) -> list[str]:
    """Return what some people go by: one query."""
    rows = Person.objects.filter(pk__in=set(people)).values_list(
        "profile__shown_name", "called", "email"
    )
    return sorted(shown or called or email for shown, called, email in rows)


def cohorts() -> list[tuple[str, str]]:
    """Return every class of the list, and every rotation group of one: one query."""
    students = RosterEntry.objects.filter(standing__in=[str(one) for one in STUDENTS])
    pairs = set(students.exclude(class_name="").values_list("class_name", "rotation").distinct())
    return sorted(pairs | {(name, "") for name, _rotation in pairs})
