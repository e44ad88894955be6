"""What people may do in an evening, chosen by the dice from what there is.

Each function looks around and returns one act, prepared, or None if there is nothing to do.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta

from accounts.models import Person
from accounts.queries.profiles import with_room
from officehours import rules
from officehours.models import Assignment, Cover, Shift, Visit
from officehours.queries import line as lines
from officehours.queries import sealed
from officehours.queries.sealed import Claimant
from officehours.services import (
    booking,
    calling,
    care,
    cover,
    follow_up,
    hours,
    line,
    meeting,
    pairs,
    presence,
    talks,
)
from officehours.services.booking import Meeting, Slot
from tests.officehours.evening import Act, Evening
from tests.officehours.promises import PROGRAM, STUDENT, SUPPORTER, SYSTEM

S = rules.S
Do = Callable[[], object]
_SOON = rules.EARLY_IN + timedelta(minutes=5)
_LOG = sealed.Log("15 to 30", ("study",), other_help=False, weight="heavy")


def _rows(play: Evening) -> list[Assignment]:
    """Return who holds which hours, in one order whatever the keys are."""
    rows = Assignment.objects.filter(is_active=True).select_related("shift", "supporter")
    return list(rows.order_by("starts_at", "supporter__email"))


def _current(play: Evening) -> list[Assignment]:
    """Return the hours that go on, are about to, or are just over; all if there are none."""
    rows, late = _rows(play), rules.LAPSE_GRACE
    now = [r for r in rows if r.starts_at - _SOON <= play.now < r.ends_at + late]
    return now or rows


def _row(play: Evening, rows: list[Assignment]) -> Assignment | None:
    return play.dice.choice(rows) if rows else None


def _near(play: Evening) -> list[Assignment]:
    """Return tonight's hours mostly, and tomorrow's now and then."""
    return _rows(play) if play.chance(0.3) else _current(play)


def _slot(play: Evening, row: Assignment) -> Slot:
    """Return a time of these hours, mostly one to come."""
    times = rules.slots(row.starts_at, row.ends_at, row.shift.minutes)
    ahead = [start for start in times if start > play.now]
    return Slot(row.pk, play.dice.choice(ahead if ahead and play.chance(0.9) else times))


def _somebody(play: Evening, purpose: str) -> Person:
    """Return somebody, mostly with nothing of this kind; a supporter, who is a student, too."""
    people = list(play.students)
    play.dice.shuffle(people)
    if play.chance(0.25):
        return play.dice.choice(play.supporters if play.chance(0.5) else people)
    for person in people[:4]:
        tags = sealed.claim_tags(person.pk, purpose, play.now).values()
        if not Visit.objects.live().filter(claim_tag__in=tags).exists():
            return person
    return people[0]


def _meeting(play: Evening, person: Person, shift: Shift) -> Meeting:
    way = play.dice.choice(shift.ways.split(","))
    if way in rules.REMOTE:
        return Meeting(play.only(person), way, "12 Elm Street", "555-0123")
    return Meeting(play.only(person), way)


def _has_live(person: Person, play: Evening) -> bool:
    return sealed.visits_of(person.pk, play.now).live().exists()


def book(play: Evening) -> Act | None:
    """A student takes a time with somebody they would meet."""
    person = _somebody(play, "booked")
    unwanted = play.promises.unwanted[person.pk]
    row = _row(play, [r for r in _near(play) if r.supporter_id not in unwanted])
    if row is None:
        return None
    slot, key = _slot(play, row), play.key()
    said, mail = _meeting(play, person, row.shift), play.chance(0.3)

    def then(found: object) -> None:
        if isinstance(found, rules.AlreadyBooked):
            assert _has_live(person, play), "told of a time they do not have"
        if isinstance(found, rules.SlotTaken):
            taken = Visit.objects.holding_time().filter(assignment=row, starts_at=slot.starts_at)
            assert taken.exists(), "a free time was said to be taken"

    return Act(
        STUDENT,
        lambda: booking.book(
            person=person,
            slot=slot,
            name="Ash",
            wants_mail=mail,
            request_key=key,
            now=play.now,
            meeting=said,
        ),
        then,
    )


def move(play: Evening) -> Act | None:
    """A student with a time takes another."""
    found = _mine(play, Visit.HolderKind.ACCOUNT)
    if found is None or found[0].person is None:
        return None
    person = next(one for one in play.everybody if one.pk == found[0].person)
    unwanted = play.promises.unwanted[person.pk]
    row = _row(play, [r for r in _rows(play) if r.supporter_id not in unwanted])
    if row is None:
        return None
    slot, key = _slot(play, row), play.key()
    return Act(
        STUDENT,
        lambda: booking.move(
            person=person, visit=found[1], slot=slot, request_key=key, now=play.now
        ),
    )


def join(play: Evening) -> Act | None:
    """A student joins a line."""
    person, row = _somebody(play, "waiting"), _row(play, _current(play))
    if row is None:
        return None
    shift, key = row.shift, play.key()
    said = _meeting(play, person, shift)
    there = lines.line_is_open(
        shift, lines.who_may_call(shift.assignments.all(), play.now), play.now
    )

    def then(found: object) -> None:
        if isinstance(found, rules.AlreadyWaiting):
            assert _has_live(person, play), "told of a place they do not have"
        if isinstance(found, rules.LineClosed):
            assert not there, "an open line was said to be closed"

    return Act(
        STUDENT,
        lambda: line.join(
            person=person, shift=shift.pk, name="", meeting=said, request_key=key, now=play.now
        ),
        then,
    )


def join_at_door(play: Evening) -> Act | None:
    """Somebody without an account joins with the code at the door, now or a while ago."""
    device, row = play.dice.choice(play.devices), _row(play, _current(play))
    if row is None:
        return None
    back = play.dice.choice([0, 0, 0, 1, rules.DOOR_SENT, rules.DOOR_SENT + 1])
    code, key, shift = lines.door_code(row.shift_id, play.now, back=back), play.key(), row.shift_id
    everybody = {one.pk for one in play.supporters}
    unwanted = {play.dice.choice(play.supporters).pk} if play.chance(0.4) else set()

    def then(found: object) -> None:
        if isinstance(found, Visit):
            assert back <= rules.DOOR_SENT, "an old code was taken"
            if found.request_key == key:
                play.promises.unwanted[found.pk] |= unwanted

    return Act(
        STUDENT,
        lambda: line.join_at_door(
            shift=shift,
            code=code,
            device=device,
            name="",
            only=frozenset(everybody - unwanted) if unwanted else None,
            request_key=key,
            now=play.now,
        ),
        then,
    )


def _mine(play: Evening, kind: str) -> tuple[Claimant, Visit] | None:
    """Return a visit that a student or a device finds as their own."""
    if kind == Visit.HolderKind.ACCOUNT:
        claims = [Claimant(person=person.pk) for person in play.everybody]
    else:
        claims = [Claimant(device=device) for device in play.devices]
    play.dice.shuffle(claims)
    for claim in claims:
        visits = list(sealed.claimed_by(claim, play.now).order_by("request_key"))
        live = [visit for visit in visits if visit.state in rules.LIVE]
        if visits:
            return claim, play.dice.choice(live if live and play.chance(0.7) else visits)
    return None


def holder_acts(play: Evening) -> Act | None:
    """Whoever holds a visit does something with it, whether it can be done or not."""
    kinds = [Visit.HolderKind.ACCOUNT, Visit.HolderKind.ACCOUNT, Visit.HolderKind.DOOR]
    found = _mine(play, play.dice.choice(kinds))
    if found is None:
        return None
    claim, visit = found
    now, away = play.now, play.chance(0.5)
    late: Do = lambda: line.come_late(claimant=claim, visit=visit.pk, now=now)  # noqa: E731
    acts: list[Do] = [
        lambda: line.leave(claimant=claim, visit=visit.pk, now=now),
        lambda: line.set_away(claimant=claim, visit=visit.pk, is_away=away, now=now),
        lambda: line.set_away(claimant=claim, visit=visit.pk, is_away=False, now=now),
    ]
    person = next((one for one in play.everybody if one.pk == claim.person), None)
    if person is not None:
        booked: list[Do] = [
            lambda: booking.cancel(person=person, visit=visit, now=now),
            lambda: booking.arrive(person=person, visit=visit, now=now),
            lambda: booking.arrive(person=person, visit=visit, now=now),
            lambda: booking.remove_log(person=person, visit=visit, now=now),
        ]
        acts = booked if visit.starts_at is not None else [*acts, *booked]
        if visit.is_offer:
            acts = [
                lambda: meeting.accept_offer(person=person, visit=visit, now=now),
                lambda: meeting.decline_offer(person=person, visit=visit, now=now),
            ]
    if visit.state == S.MISSED or play.chance(0.05):
        acts = [late]
    return Act(STUDENT, play.dice.choice(acts))


def presence_acts(play: Evening) -> Act | None:
    """A supporter comes, goes, is late, closes the line, or adds somebody without a name."""
    row = _row(play, _current(play))
    if row is None:
        return None
    by, now, key = row.supporter, play.now, play.key()
    gives_up, closed = play.chance(0.4), play.chance(0.3)
    acts: list[Do] = [
        lambda: presence.check_out(assignment=row, give_up_booked=gives_up, by=by, now=now),
        lambda: presence.run_late(assignment=row, minutes=10, by=by, now=now),
        lambda: calling.add(assignment=row.pk, request_key=key, by=by, now=now),
        lambda: calling.set_line_closed(assignment=row.pk, is_closed=closed, by=by, now=now),
        lambda: talks.walk_in(assignment=row, request_key=key, by=by, now=now),
    ]
    is_in = row.checked_in_at is not None and row.checked_out_at is None
    if not is_in and play.chance(0.8):
        acts = [lambda: presence.check_in(assignment=row, by=by, now=now)]
    return Act(SUPPORTER, play.dice.choice(acts))


# What a supporter may sensibly do with a visit in a state, beside going on with it.
_SENSIBLE = {
    S.BOOKED: ["arrive", "miss", "start"],
    S.ARRIVED: ["miss", "start"],
    S.WAITING: ["call", "remove"],
    S.CALLED: ["not found", "not found", "put back", "start", "remove"],
    S.TALKING: ["undo"],
    S.FINISHED: ["undo", "log", "log", "remove log"],
    S.MISSED: ["undo", "undo", "came late"],
}


def supporter_acts(play: Evening) -> Act | None:
    """A supporter does something with a visit, whether it can be done or not."""
    visits = list(Visit.objects.select_related("assignment").order_by("request_key"))
    row = _row(play, _current(play))
    if row is None or not visits:
        return None
    now = play.now
    near = [v for v in visits if v.shift_id == row.shift_id and v.state in _SENSIBLE]
    visit = play.dice.choice(near if near and play.chance(0.9) else visits)
    by = row.supporter
    if visit.assignment is not None and play.chance(0.8):
        by = next(one for one in play.supporters if one.pk == visit.assignment.supporter_id)
    acts: dict[str, Do] = {
        "arrive": lambda: talks.arrive(visit=visit, by=by, now=now),
        "miss": lambda: talks.miss(visit=visit, by=by, now=now),
        "undo": lambda: talks.undo(visit=visit, by=by, now=now),
        "start": lambda: talks.start(visit=visit, by=by, now=now),
        "log": lambda: talks.write_log(visit=visit, log=_LOG, by=by, now=now),
        "remove log": lambda: talks.remove_log(visit=visit, by=by, now=now),
        "call": lambda: calling.call(visit=visit.pk, by=by, now=now),
        "not found": lambda: calling.not_found(visit=visit.pk, by=by, now=now),
        "put back": lambda: calling.put_back(visit=visit.pk, by=by, now=now),
        "came late": lambda: calling.came_late(visit=visit.pk, by=by, now=now),
        "remove": lambda: calling.remove(visit=visit.pk, by=by, now=now),
        "give up": lambda: follow_up.give_up(visit=visit.pk, by=by, now=now),
    }
    sensible = _SENSIBLE.get(S(visit.state), []) if play.chance(0.85) else list(acts)
    return Act(SUPPORTER, acts[play.dice.choice(sensible or list(acts))])


def not_me(play: Evening) -> Act | None:
    """A supporter says "not me" about somebody who is booked, waits or is called."""
    row = _row(play, _current(play))
    before = [str(s) for s in (S.BOOKED, S.ARRIVED, S.WAITING, S.CALLED)]
    found = Visit.objects.filter(state__in=before, shift=row.shift_id if row else None)
    visits = list(found.order_by("request_key"))
    if row is None or not visits:
        return None
    visit, by = play.dice.choice(visits), row.supporter

    def then(found: object) -> None:
        if not isinstance(found, Exception):
            play.promises.unwanted[visit.pk].add(by.pk)

    return Act(SUPPORTER, lambda: meeting.not_me(visit=visit, by=by, now=play.now), then)


def work(play: Evening) -> Act | None:
    """Go on with whatever this supporter has in hand, else call the next."""
    row = _row(play, _current(play))
    if row is None:
        return None
    by, now, anyway = row.supporter, play.now, play.chance(0.3)
    mine = Visit.objects.filter(assignment=row).order_by("state", "request_key")
    talking = mine.filter(state=S.TALKING).first()
    called = mine.filter(state__in=[str(S.CALLED), str(S.ARRIVED)]).last()
    if talking is not None:
        return Act(SUPPORTER, lambda: talks.finish(visit=talking, by=by, now=now))
    if called is not None and play.chance(0.7):
        return Act(SUPPORTER, lambda: talks.start(visit=called, by=by, now=now))
    line_now = Visit.objects.filter(shift=row.shift_id, state=S.WAITING, is_away=False)
    suits = [v.pk for v in line_now.order_by("line_rank") if _would_meet(play, v, row)]

    def then(found: object) -> None:
        if isinstance(found, Visit):
            assert found.pk == suits[0], "somebody was passed over"
        assert not (suits and isinstance(found, rules.NobodyToCall)), "somebody was not seen"

    return Act(
        SUPPORTER,
        lambda: calling.call_next(assignment=row.pk, by=by, now=now, anyway=anyway),
        then,
    )


def _would_meet(play: Evening, visit: Visit, row: Assignment) -> bool:
    person = play.promises.holder(visit, play.now)
    unwanted = play.promises.unwanted[visit.pk]
    unwanted = unwanted | play.promises.unwanted[person or uuid.UUID(int=0)]
    if visit.way in rules.REMOTE and not with_room([row.supporter_id]):
        return False
    return row.supporter_id not in unwanted | {person}


def follow(play: Evening) -> Act | None:
    """A supporter keeps one of their times for somebody who gets a code."""
    row = _row(play, _rows(play))
    if row is None:
        return None
    slot, key, by = _slot(play, row), play.key(), row.supporter
    return Act(SUPPORTER, lambda: follow_up.hold(slot=slot, request_key=key, by=by, now=play.now))


def cover_acts(play: Evening) -> Act | None:
    """Supporters ask for cover, take hours, swap, or join and leave somebody's hours."""
    ahead = [row for row in _rows(play) if row.starts_at > play.now]
    row, by, now = _row(play, ahead), play.dice.choice(play.supporters), play.now
    if row is None:
        return None
    asked = list(Cover.objects.order_by("state", "assignment__starts_at"))
    own = [r for r in ahead if r.supporter_id == by.pk]
    acts: list[Do] = [
        lambda: cover.ask(assignment=row.pk, by=row.supporter, now=now),
        lambda: pairs.join_once(shift=row.shift, by=by, now=now),
    ]
    if asked:
        one = play.dice.choice(asked)
        acts += [
            lambda: cover.take(cover=one.pk, by=by, now=now),
            lambda: cover.take(cover=one.pk, by=by, now=now),
            lambda: cover.take_back(cover=one.pk, by=by, now=now),
            lambda: cover.accept_swap(cover=one.pk, by=by, now=now),
            lambda: cover.decline_swap(cover=one.pk, by=by, now=now),
        ]
        if own:
            given = play.dice.choice(own).pk
            acts.append(lambda: cover.offer_swap(cover=one.pk, mine=given, by=by, now=now))
    return Act(SUPPORTER, play.dice.choice(acts))


def step_back(play: Evening) -> Act | None:
    """A supporter takes a break from tomorrow on, and may ask for cover."""
    by, asks = play.dice.choice(play.supporters), play.chance(0.5)
    start = play.now + timedelta(days=1)
    return Act(
        SUPPORTER,
        lambda: care.take_break(
            supporter=by, starts_at=start, ends_at=None, by=by, now=play.now, find_cover=asks
        ),
    )


def cancel_hours(play: Evening) -> Act | None:
    """Hours are cancelled: one of a pair leaves, or the program cancels them."""
    row = _row(play, _rows(play))
    if row is None or play.chance(0.4):
        return None
    by, shift, now = row.supporter, row.shift, play.now
    if play.chance(0.6):
        return Act(SUPPORTER, lambda: hours.cancel_shift(shift=shift, by=by, now=now))
    cora = play.people["cora"]
    return Act(PROGRAM, lambda: hours.cancel_shift(shift=shift, by=cora, now=now))


def timers(play: Evening) -> Act:
    """The minute's timers run: each of their steps is a transaction of its own."""
    return Act(SYSTEM, play.tick, is_whole=False)


def look(play: Evening) -> Act | None:
    """Whoever holds a visit looks at their place, and is told the truth about it."""
    found = _mine(play, play.dice.choice([Visit.HolderKind.ACCOUNT, Visit.HolderKind.DOOR]))
    if found is None:
        return None
    claim, _ = found

    def then(seen: object) -> None:
        live = sealed.claimed_by(claim, play.now).live().filter(state__in=["waiting", "called"])
        place = live.first()
        if isinstance(seen, lines.MyPlace) and place is not None:
            assert seen.id == place.pk, "somebody is shown an old place"

    return Act(SYSTEM, lambda: lines.my_place(claim, play.now), then)


# How often each is done, of all.
KINDS: list[Callable[[Evening], Act | None]] = [
    *[book] * 6,
    *[join] * 6,
    *[join_at_door] * 2,
    *[holder_acts] * 8,
    *[presence_acts] * 4,
    *[supporter_acts] * 10,
    *[work] * 14,
    *[cover_acts] * 3,
    *[timers] * 4,
    *[not_me] * 2,
    *[follow, move, move, look, cancel_hours, step_back],
]
