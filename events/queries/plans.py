"""What is planned: reads for whoever plans, as frozen dataclasses. Nothing of who comes."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Q, When

from accounts.models import Person, RosterEntry
from accounts.roster_rules import STUDENTS
from accounts.rules import Role
from events.models import Event, EventSet, Host, Invited
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
from events.queries.pages import ON_A_PAGE
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


def with_later(by: Person, event: uuid.UUID, now: datetime) -> list[Event]:
    """Return an event and the later dates of its series, as `later_dates` does; or nothing.

    One query, where `one` and `later_dates` are two.
    """
    series = Event.objects.filter(pk=event, series__isnull=False).values("series")
    found = list(visible(by).filter(Q(pk=event) | Q(series__in=series)).order_by("series_on"))
    this = next((row for row in found if row.pk == event), None)
    if this is None:
        return []
    later = [row for row in found if _is_later(row, this, now)]
    return [this, *later]


def _is_later(row: Event, this: Event, now: datetime) -> bool:
    if row.series_on is None or this.series_on is None or row.series_on <= this.series_on:
        return False
    return row.ends_at > now and row.state != State.CANCELLED


def dates_of(by: Person, series: uuid.UUID) -> list[Event]:
    """Return the dates of a series in order, each with the series: one query."""
    found = visible(by).filter(series=series).select_related("series")
    return list(found.order_by("starts_at"))


def ahead(by: Person, now: datetime, number: str | None = None) -> Page[Event]:
    """Return a page of what is planned and not over: drafts first, then the next one. Two queries.

    Drafts wait for somebody: they do not stand behind forty published dates.
    """
    is_draft = Case(When(state=str(State.DRAFT), then=0), default=1)
    found = visible(by).ahead(now).order_by(is_draft, "starts_at", "title", "pk")
    return Paginator(found, ON_A_PAGE).get_page(number)


def between(by: Person, start: datetime, end: datetime) -> list[Event]:
    """Return what lies between two instants: one query."""
    found = visible(by).filter(starts_at__lt=end, ends_at__gt=start)
    return list(found.order_by("starts_at", "title")[:_MOST])


@dataclass(frozen=True, slots=True)
class Past:
    """What has been: one event, or a whole series with how many dates it had."""

    event: Event
    dates: int


def earlier(by: Person, now: datetime, number: str | None = None) -> Page[Past]:
    """Return a page of what is over, the latest first; a series once, by its last date.

    Two queries.
    """
    rows = list(visible(by).filter(ends_at__lte=now).order_by("-starts_at")[:_MOST])
    keys = {row.series_id for row in rows if row.series_id}
    counted = Event.objects.filter(series__in=keys).values("series").annotate(n=Count("pk"))
    dates = dict(counted.order_by().values_list("series", "n"))
    found: list[Past] = []
    shown: set[uuid.UUID] = set()
    for row in rows:
        if row.series_id is None:
            found.append(Past(row, 1))
        elif row.series_id not in shown:
            shown.add(row.series_id)
            found.append(Past(row, dates.get(row.series_id, 1)))
    return Paginator(found, ON_A_PAGE).get_page(number)


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


def hosts_of(events: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[uuid.UUID, str]]:
    """Return who hosts some events, and the name they go by: one query."""
    found: dict[uuid.UUID, dict[uuid.UUID, str]] = defaultdict(dict)
    rows = Host.objects.filter(event__in=list(events)).values_list(
        "event", "person", "person__profile__shown_name", "person__called", "person__email"
    )
    for event, person, shown, called, email in rows:
        found[event][person] = shown or called or email
    return found


def invited_to(event: uuid.UUID) -> list[tuple[str, str]]:
    """Return whom one event is for, in order: one query."""
    rows = Invited.objects.filter(event=event).order_by("class_name", "rotation")
    return list(rows.values_list("class_name", "rotation"))


def cohorts() -> list[tuple[str, str]]:
    """Return every class of the list, and every rotation group of one: one query."""
    students = RosterEntry.objects.filter(standing__in=[str(one) for one in STUDENTS])
    pairs = set(students.exclude(class_name="").values_list("class_name", "rotation").distinct())
    return sorted(pairs | {(name, "") for name, _rotation in pairs})
