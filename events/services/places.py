"""Places: taken, given back, waited for, offered. One event's row is held by one change at a time.

Every change, and every mark that somebody came, begins with an UPDATE of the event's row. On
PostgreSQL that holds it until the end of the transaction; on SQLite the transaction is the only
one that writes. What is read after it is therefore true, and the check constraints of the tables
stand behind it.

`_fill` is the one function that moves the line. It runs before and after every change and in a
sweep behind them, and doing it twice does nothing.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import Person
from events import emails, keys, rules
from events.models import Event, Rsvp
from events.permissions import may_answer
from events.rules import GOING_STEPS, Full, Going, NotAllowed, NotAllowedFrom, NotOpen, State
from program.queries import facts


def hold_row(event: uuid.UUID) -> int:
    """Hold an event's row until the caller's transaction ends; return whether it is there.

    A number is written as it is: the write is what matters.
    """
    return Event.objects.filter(pk=event).update(next_number=F("next_number"))


class _Held:
    """An event whose row this transaction holds, and its counts until they are written."""

    def __init__(self, event: uuid.UUID, now: datetime) -> None:
        if not hold_row(event):
            raise NotOpen
        over = Rsvp.objects.over(now).filter(event=OuterRef("pk"))
        self.row = Event.objects.annotate(has_over=Exists(over)).get(pk=event)
        self.has_over: bool = self.row.has_over  # type: ignore[attr-defined]
        self.now = now

    @property
    def free(self) -> int | None:
        """Return how many places nobody holds; None: there is always one."""
        row = self.row
        return None if row.capacity is None else max(row.capacity - row.taken, 0)

    def write(self) -> None:
        """Write the counts. `places` never stands below what is taken."""
        row = self.row
        row.places = None if row.capacity is None else max(row.capacity, row.taken)
        Event.objects.filter(pk=row.pk).update(
            capacity=row.capacity,
            places=row.places,
            taken=row.taken,
            waiting=row.waiting,
            next_number=row.next_number,
            came=row.came,
        )

    def mine(self, person: uuid.UUID) -> Rsvp | None:
        """Return somebody's answer. Raises Forgotten once nobody may tell any more."""
        tag = keys.key_of(self.row, self.now).tag(person)
        return Rsvp.objects.filter(event=self.row, tag=tag).first()

    def step(self, rsvp: Rsvp, verb: str, **fields: object) -> None:
        """Move an answer by one step of the table, and count. Raises NotAllowedFrom."""
        before = Going(rsvp.state)
        after = Going(GOING_STEPS.target(before, verb))
        held = Rsvp.objects.filter(pk=rsvp.pk, state=str(before))
        said = {"offer_until": None, **fields, "state": str(after)}
        if held.update(**said) != 1:
            raise NotAllowedFrom(verb)
        for name, value in said.items():
            setattr(rsvp, name, value)
        self.count(before, -1)
        self.count(after, 1)

    def count(self, state: Going, by: int) -> None:
        """Count one more or less in a state."""
        self.row.taken += by * (state in rules.HOLDS_PLACE)
        self.row.waiting += by * (state is Going.WAITING)

    def number(self) -> int:
        """Return the next place in the line."""
        self.row.next_number += 1
        return self.row.next_number - 1


def _lapse(held: _Held) -> int:
    """End offers that ran out: their places are free, and they are not asked again."""
    if not held.has_over:
        return 0
    held.has_over = False
    over = Rsvp.objects.over(held.now).filter(event=held.row)
    lapsed = over.update(state=str(Going.LAPSED), offer_until=None)
    held.row.taken -= lapsed
    return int(lapsed)


def _fill(held: _Held) -> int:
    """Move the line: end old offers, then give or offer each free place to who waits longest.

    Returns how many answers changed. Cancelled and past events, and those about to begin, give
    nothing on: in the last minutes a free place is whoever's taps first.
    """
    row, now = held.row, held.now
    changed = _lapse(held)
    if row.state != State.PUBLISHED or (row.waiting == 0 and not changed):
        return changed
    if rules.is_free_for_all(row.starts_at, now):
        return changed
    at_once = rules.is_given_at_once(row.starts_at, now)
    until = None if at_once else rules.offer_until(row.starts_at, now, facts().zone)
    if not at_once and until is None:
        return changed
    most = row.waiting if held.free is None else min(held.free, row.waiting)
    asked = list(Rsvp.objects.filter(event=row).in_line()[:most]) if most else []
    for rsvp in asked:
        if until is None:
            held.step(rsvp, "promote")
        else:
            held.step(rsvp, "offer", offer_until=until)
    if asked:
        tell = emails.tell_all_given if until is None else emails.tell_all_offered
        tell(row, asked, now)
    return changed + len(asked)


def _is_on(row: Event, now: datetime) -> bool:
    """Return whether an event is on and not over."""
    return row.state == State.PUBLISHED and now < row.ends_at


def _is_open(row: Event, now: datetime) -> bool:
    """Return whether places can be asked for. A change of mind to "no" is taken until the end."""
    is_early = row.opens_at is not None and now < row.opens_at
    return not is_early and (row.closes_at is None or now < row.closes_at)


@transaction.atomic(durable=True)
def answer(*, event: uuid.UUID, person: Person, now: datetime, wants_mail: bool = True) -> Rsvp:
    """Take a place, or one in the line if there is none or somebody waits. Twice is once.

    Whoever is offered a place takes it by this, also once places are closed or the event is no
    longer for them. Raises NotOpen outside the window and for events that are not on, NotAllowed
    for whoever it is not for, and Full in the last minutes, in which the line has ended.
    """
    held = _Held(event, now)
    row = held.row
    if not _is_on(row, now):
        raise NotOpen
    _fill(held)
    mine = held.mine(person.pk)
    is_live = mine is not None and Going(mine.state) in rules.LIVE
    if not _is_open(row, now) and (mine is None or mine.state != Going.OFFERED):
        raise NotOpen
    if not is_live and not may_answer(person, row):
        raise NotAllowed
    is_last = rules.is_free_for_all(row.starts_at, now)
    has_place = held.free is None or (held.free > 0 and (row.waiting == 0 or is_last))
    if mine is not None and is_live:
        _again(held, mine, has_place=has_place and is_last)
    elif has_place:
        mine = _begin(held, person, mine, "take", wants_mail=wants_mail)
        emails.tell_going(row, mine, now)
    elif is_last:
        raise Full
    else:
        mine = _begin(held, person, mine, "wait", wants_mail=wants_mail, number=held.number())
    held.write()
    return mine


def _again(held: _Held, mine: Rsvp, *, has_place: bool) -> None:
    """Answer once more: an offer is accepted, a free place of the last minutes is taken."""
    if mine.state == Going.OFFERED:
        held.step(mine, "accept")
    elif mine.state == Going.WAITING and has_place:
        held.step(mine, "seize")
    else:
        return
    emails.tell_going(held.row, mine, held.now)


def _begin(held: _Held, person: Person, mine: Rsvp | None, verb: str, **fields: object) -> Rsvp:
    """Begin an answer, or begin again one that had ended."""
    if mine is not None:
        held.step(mine, verb, **fields)
        return mine
    key = keys.key_of(held.row, held.now)
    state = Going(GOING_STEPS.target(Going.LEFT, verb))
    mine = Rsvp(
        event=held.row,
        tag=key.tag(person.pk),
        holder=key.seal_holder(person.pk),
        state=str(state),
        **fields,
    )
    mine.save(force_insert=True)
    held.count(state, 1)
    return mine


@transaction.atomic(durable=True)
def leave(*, event: uuid.UUID, person: Person, now: datetime) -> bool:
    """Give back a place, an offer or a place in the line; always possible until the end.

    Returns whether there was one. Raises NotOpen once the event is over.
    """
    held = _Held(event, now)
    if now >= held.row.ends_at:
        raise NotOpen
    return _leave(held, held.mine(person.pk))


def leave_in_hand(*, event: uuid.UUID, person: Person, now: datetime) -> bool:
    """Do what `leave` does inside the caller's transaction, for whoever deletes their account."""
    held = _Held(event, now)
    return _leave(held, held.mine(person.pk))


def _leave(held: _Held, mine: Rsvp | None) -> bool:
    if _fill(held) and mine is not None:
        mine.refresh_from_db()
    has_left = mine is not None and Going(mine.state) in rules.LIVE
    if mine is not None and has_left:
        # Whoever was at the door and goes again does not stay counted as having come.
        held.row.came -= bool(mine.came_by)
        held.step(mine, "decline" if mine.state == Going.OFFERED else "leave", came_by="")
        _fill(held)
    held.write()
    return has_left


@transaction.atomic(durable=True)
def accept(*, event: uuid.UUID, person: Person, now: datetime) -> Rsvp:
    """Take a place that is offered. Raises NotAllowedFrom if the offer is not there any more."""
    held = _Held(event, now)
    if not _is_on(held.row, now):
        raise NotOpen
    _fill(held)
    mine = held.mine(person.pk)
    if mine is None or mine.state != Going.OFFERED:
        raise NotAllowedFrom("accept")
    _again(held, mine, has_place=False)
    held.write()
    return mine


@transaction.atomic(durable=True)
def decline(*, rsvp: uuid.UUID, now: datetime) -> bool:
    """Say no by the link in a letter: to an offer, to a place, or to waiting. Twice is once.

    Returns whether there was something to say no to. Raises NotOpen once the event is over.
    """
    event = Rsvp.objects.filter(pk=rsvp).values_list("event", flat=True).first()
    if event is None:
        raise NotOpen
    held = _Held(event, now)
    if now >= held.row.ends_at:
        raise NotOpen
    return _leave(held, Rsvp.objects.filter(pk=rsvp).first())


@transaction.atomic(durable=True)
def set_capacity(*, event: uuid.UUID, capacity: int | None, now: datetime) -> Event:
    """Make an event larger, smaller, or without a limit. Nobody is put out; the line moves.

    For the planner's services, which have asked who may. Returns the event as it is then.
    """
    return set_capacity_in_hand(event=event, capacity=capacity, now=now)


def set_capacity_in_hand(*, event: uuid.UUID, capacity: int | None, now: datetime) -> Event:
    """Do what `set_capacity` does inside the caller's transaction."""
    held = _Held(event, now)
    held.row.capacity = capacity
    if capacity is None and held.row.waiting:
        _let_all_in(held)
    _fill(held)
    _shorten_offers(held)
    held.write()
    return held.row


def _shorten_offers(held: _Held) -> None:
    """End offers with the line if the event begins earlier now, and tell who has one until when.

    If the line has ended, or ends before anybody could answer, they have until the start.
    """
    start = held.row.starts_at
    last = start - rules.FREE_FOR_ALL
    until = last if last - held.now >= rules.SHORTEST_OFFER else start
    too_long = Rsvp.objects.filter(event=held.row, state=str(Going.OFFERED), offer_until__gt=until)
    shortened = list(too_long)
    if shortened:
        too_long.update(offer_until=until)
        for rsvp in shortened:
            rsvp.offer_until = until
        emails.tell_all_offered(held.row, shortened, held.now)


def _let_all_in(held: _Held) -> None:
    """Without a limit nobody waits: everybody in the line has a place at once."""
    _lapse(held)
    waiting = list(Rsvp.objects.filter(event=held.row).in_line())
    for rsvp in waiting:
        held.step(rsvp, "promote")
    emails.tell_all_given(held.row, waiting, held.now)


@transaction.atomic(durable=True)
def fill(*, event: uuid.UUID, now: datetime) -> int:
    """Move the line of one event. Returns how many answers changed; twice is once."""
    held = _Held(event, now)
    changed = _fill(held)
    held.write()
    return changed


def sweep(*, now: datetime) -> int:
    """Move every line that has something to move, one transaction each. Returns how many changed.

    It stands behind the changes themselves: what it finds is an offer that ran out, or a line
    left standing by a process that died.
    """
    ahead = Event.objects.on().filter(starts_at__gt=now)
    old = Rsvp.objects.over(now)
    stands = ahead.filter(waiting__gt=0, taken__lt=F("capacity"))
    found = set(old.values_list("event", flat=True)) | set(stands.values_list("pk", flat=True))
    return sum(fill(event=event, now=now) for event in sorted(found))
