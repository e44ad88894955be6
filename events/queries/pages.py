"""Reads for the pages of events: what somebody may see, and where they stand with each.

Who comes is read through the keys of the events, for the person who asks alone. A fixed number of
queries, however many events there are.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.paginator import Page, Paginator

from accounts.models import Person
from events import keys, rules
from events.models import Event, EventSet, Invited, Rsvp
from events.permissions import may_come, may_plan
from events.rules import Going, State, Visibility

Groups = Collection[tuple[str, str]]
ON_A_PAGE = 40
SOON = timedelta(days=14)  # what of somebody's own stands on Today
_ALL: Groups = ()


@dataclass(frozen=True, slots=True)
class Mine:
    """Where somebody stands with an event. An offer past its end is none, whatever ran."""

    going: Going
    until: datetime | None = None
    ahead: int | None = None  # how many stand before them in the line; known on one's page alone


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as somebody sees it."""

    row: Event
    mine: Mine | None
    is_for_me: bool
    is_host: bool

    @property
    def is_live(self) -> bool:
        """Whether they come, wait, or have a place offered."""
        return self.mine is not None and self.mine.going in rules.LIVE


@dataclass(frozen=True, slots=True)
class _Reader:
    """What of somebody decides which events they see."""

    person: Person | None
    is_comer: bool = False
    is_planner: bool = False
    class_name: str = ""
    rotation: str = ""
    hosting: frozenset[uuid.UUID] = frozenset()

    def is_of(self, groups: Groups) -> bool:
        """Return whether they are of an audience; an event without one is for all."""
        return rules.is_of(groups, self.class_name, self.rotation)

    def sees(self, event: uuid.UUID, visibility: str, groups: Groups) -> bool:
        """Return whether an event is in their list. A private one is found by its address."""
        if event in self.hosting:
            return True
        if visibility == Visibility.PRIVATE:
            return False
        if self.person is None or not (self.is_comer or self.is_planner):
            return visibility == Visibility.PUBLIC
        return self.is_planner or self.is_of(groups) or visibility == Visibility.PUBLIC


def _reader(person: Person | None) -> _Reader:
    """Return what decides what somebody sees: one query."""
    if person is None:
        return _Reader(None)
    rows = list(
        Person.objects.filter(pk=person.pk).values_list(
            "roster_entry__class_name", "roster_entry__rotation", "hosting__event"
        )
    )
    class_name, rotation, _event = rows[0] if rows else ("", "", None)
    hosting = frozenset(event for _class, _rotation, event in rows if event is not None)
    group = (class_name or "", rotation or "")
    return _Reader(person, may_come(person), may_plan(person), *group, hosting)


def _standing(rsvp: Rsvp, now: datetime, ahead: int | None = None) -> Mine:
    going = Going(rsvp.state)
    if going is Going.OFFERED and rsvp.offer_until is not None and rsvp.offer_until <= now:
        return Mine(Going.LAPSED)
    return Mine(going, rsvp.offer_until, ahead)


def _mine_of(
    person: Person | None, rows: Sequence[keys.Keyed], now: datetime
) -> dict[uuid.UUID, Rsvp]:
    """Return somebody's answers to these events, by event. One query."""
    if person is None or not rows:
        return {}
    tags = [key.tag(person.pk) for key in keys.keys_of(rows, now).values()]
    return {one.event_id: one for one in Rsvp.objects.filter(tag__in=tags)}


def _groups_of(events: EventSet) -> dict[uuid.UUID, Groups]:
    """Return whom events are for; those that are for all are left out. One query."""
    found: dict[uuid.UUID, set[tuple[str, str]]] = defaultdict(set)
    rows = Invited.objects.filter(event__in=events.values("pk"))
    for event, class_name, rotation in rows.values_list("event", "class_name", "rotation"):
        found[event].add((class_name, rotation))
    return {event: frozenset(groups) for event, groups in found.items()}


@dataclass(frozen=True, slots=True)
class _Slim:
    """What decides whether an event is in somebody's list, and where they stand with it."""

    pk: uuid.UUID
    visibility: str
    key_day: date
    key: bytes | None
    forget_at: datetime
    is_forgotten: bool


_SLIM = ("pk", "visibility", "key_day", "key", "forget_at", "is_forgotten")


def _slim(events: EventSet) -> list[_Slim]:
    rows = events.order_by("starts_at", "pk").values_list(*_SLIM)
    return [_Slim(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list: one's own, all of them on its first page alone, and some others."""

    mine: list[Seen]
    others: list[Seen]
    page: Page[uuid.UUID]


def coming(person: Person | None, now: datetime, number: str | None = None) -> Listed:
    """Return a page of the events somebody may see that are not over, in their order.

    A private event is there for who has a place in it. A cancelled one stays until its end. All
    are looked through by the little that decides it; read and shown are those of the page alone.
    Five queries, however many there are; three for visitors.
    """
    reader = _reader(person)
    ahead = Event.objects.shown().ahead(now)
    if person is None:
        ahead = ahead.public()
    slim, groups = _slim(ahead), _groups_of(ahead)
    answers = _mine_of(person if reader.is_comer else None, slim, now)
    standing = {pk: _standing(answer, now) for pk, answer in answers.items()}
    live = {pk for pk, mine in standing.items() if mine.going in rules.LIVE}
    others = [
        one.pk
        for one in slim
        if one.pk not in live and reader.sees(one.pk, one.visibility, groups.get(one.pk, _ALL))
    ]
    page = Paginator(others, ON_A_PAGE).get_page(number)
    mine = [one.pk for one in slim if one.pk in live and page.number == 1]
    rows = Event.objects.shown().filter(pk__in=[*mine, *page])
    # What is said of each stands on its own page.
    read = {row.pk: row for row in rows.defer("words", "access", "key")}

    def seen(events: Iterable[uuid.UUID]) -> list[Seen]:
        return [
            _seen(read[pk], groups.get(pk, _ALL), reader, standing.get(pk))
            for pk in events
            if pk in read  # one that was taken away since is not
        ]

    return Listed(seen(mine), seen(page), page)


def soon(person: Person, now: datetime) -> list[Seen]:
    """Return what somebody goes to, waits for or is offered in the next days, the next one first.

    Two queries: the keys of these events have to be read before anybody's answers can be found.
    One, if nothing is on.
    """
    if not may_come(person):
        return []
    slim = _slim(Event.objects.shown().ahead(now).filter(starts_at__lt=now + SOON))
    if not slim:
        return []
    tags = [key.tag(person.pk) for key in keys.keys_of(slim, now).values()]
    answers = Rsvp.objects.live().filter(tag__in=tags).select_related("event")
    bare = answers.defer("holder", "event__words", "event__access", "event__key")
    found = [
        Seen(answer.event, _standing(answer, now), True, False)
        for answer in bare.order_by("event__starts_at", "event")
    ]
    return [seen for seen in found if seen.is_live]


def _seen(row: Event, groups: Groups, reader: _Reader, mine: Mine | None) -> Seen:
    is_for_me = reader.is_comer and reader.is_of(groups)
    return Seen(row, mine, is_for_me, row.pk in reader.hosting)


def one(person: Person | None, event: uuid.UUID, now: datetime) -> Seen | None:
    """Return one event as somebody sees it; None alike for what is not there and not for them.

    Whoever has the address of a private event and is signed in sees it: that is the invitation.
    """
    this = Event.objects.shown().filter(pk=event)
    row = this.first()
    if row is None:
        return None
    reader, groups = _reader(person), _groups_of(this).get(row.pk, _ALL)
    answer = _mine_of(person if reader.is_comer else None, [row], now).get(row.pk)
    is_private = row.visibility == Visibility.PRIVATE and reader.is_comer
    if answer is None and not is_private and not reader.sees(row.pk, row.visibility, groups):
        return None
    mine = _standing(answer, now, _ahead(answer)) if answer is not None else None
    return _seen(row, groups, reader, mine)


def _ahead(answer: Rsvp) -> int | None:
    if answer.state != Going.WAITING:
        return None
    line = Rsvp.objects.filter(event=answer.event_id).in_line()
    return int(line.filter(number__lt=answer.number).count())


def is_open(row: Event, now: datetime) -> bool:
    """Return whether places can be taken now."""
    return (
        row.state == State.PUBLISHED
        and (row.opens_at is None or row.opens_at <= now)
        and now < min(row.closes_at or row.ends_at, row.ends_at)
    )
