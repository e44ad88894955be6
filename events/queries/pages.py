"""Reads for the pages of events: what somebody may see, and where they stand with each.

Who comes is read through the keys of the events, for the person who asks alone. A fixed number of
queries, however many events there are.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from accounts.models import Person, RosterEntry
from accounts.rules import Role
from events import keys, rules
from events.models import Event, EventSet, Host, Invited, Rsvp
from events.permissions import may_plan
from events.rules import Going, State, Visibility


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
    is_student: bool = False
    is_planner: bool = False
    class_name: str = ""
    rotation: str = ""
    hosting: frozenset[uuid.UUID] = frozenset()

    def is_of(self, invited: Iterable[Invited]) -> bool:
        """Return whether they are of an audience; an event without one is for all."""
        groups = {(one.class_name, one.rotation) for one in invited}
        return rules.is_of(groups, self.class_name, self.rotation)

    def sees(self, row: Event) -> bool:
        """Return whether an event is in their list. A private one is found by its address."""
        if row.pk in self.hosting:
            return True
        if row.visibility == Visibility.PRIVATE:
            return False
        if self.person is None or not (self.is_student or self.is_planner):
            return row.visibility == Visibility.PUBLIC
        is_theirs = self.is_of(row.invited.all())
        return self.is_planner or is_theirs or row.visibility == Visibility.PUBLIC


def _reader(person: Person | None) -> _Reader:
    if person is None:
        return _Reader(None)
    entry = RosterEntry.objects.filter(person=person).values_list("class_name", "rotation").first()
    class_name, rotation = entry or ("", "")
    hosting = frozenset(Host.objects.filter(person=person).values_list("event", flat=True))
    is_student = person.has_role(Role.STUDENT)
    return _Reader(person, is_student, may_plan(person), class_name, rotation, hosting)


def _standing(rsvp: Rsvp, now: datetime, ahead: int | None = None) -> Mine:
    going = Going(rsvp.state)
    if going is Going.OFFERED and rsvp.offer_until is not None and rsvp.offer_until <= now:
        return Mine(Going.LAPSED)
    return Mine(going, rsvp.offer_until, ahead)


def _mine_of(person: Person | None, rows: Sequence[Event], now: datetime) -> dict[uuid.UUID, Rsvp]:
    """Return somebody's answers to these events, by event. One query."""
    if person is None or not rows:
        return {}
    tags = [key.tag(person.pk) for key in keys.keys_of(rows, now).values()]
    return {one.event_id: one for one in Rsvp.objects.filter(tag__in=tags)}


def _shown() -> EventSet:
    invited = Prefetch("invited", queryset=Invited.objects.order_by("class_name", "rotation"))
    return Event.objects.shown().prefetch_related(invited)


def coming(person: Person | None, now: datetime) -> list[Seen]:
    """Return the events somebody may see that are not over, in their order; and those they chose.

    A private event is there for who has a place in it. A cancelled one stays until its end.
    """
    reader = _reader(person)
    ahead = _shown().ahead(now)
    if person is None:
        ahead = ahead.public()
    rows = list(ahead.order_by("starts_at", "pk"))
    mine = _mine_of(person if reader.is_student else None, rows, now)
    found = []
    for row in rows:
        answer = mine.get(row.pk)
        standing = _standing(answer, now) if answer is not None else None
        is_mine = standing is not None and standing.going in rules.LIVE
        if is_mine or reader.sees(row):
            found.append(_seen(row, reader, standing))
    return found


def _seen(row: Event, reader: _Reader, mine: Mine | None) -> Seen:
    is_for_me = reader.is_student and reader.is_of(row.invited.all())
    return Seen(row, mine, is_for_me, row.pk in reader.hosting)


def one(person: Person | None, event: uuid.UUID, now: datetime) -> Seen | None:
    """Return one event as somebody sees it; None alike for what is not there and not for them.

    Whoever has the address of a private event and is signed in sees it: that is the invitation.
    """
    row = _shown().filter(pk=event).first()
    if row is None:
        return None
    reader = _reader(person)
    answer = _mine_of(person if reader.is_student else None, [row], now).get(row.pk)
    is_private = row.visibility == Visibility.PRIVATE and reader.is_student
    if answer is None and not is_private and not reader.sees(row):
        return None
    mine = _standing(answer, now, _ahead(answer)) if answer is not None else None
    return _seen(row, reader, mine)


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
