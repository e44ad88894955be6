"""What must hold after every step of an evening, asked of the database alone.

`Promises` remembers what it saw at the last look, so that it can say not only whether the rows are
right, but whether each visit came to where it is along the table of states, by somebody who may.
"""

import uuid
from collections import Counter as Tally
from collections import defaultdict
from datetime import date, datetime

from accounts.models import Person
from accounts.queries.profiles import with_room
from officehours import rules
from officehours.models import Assignment, Cover, Load, Shift, Visit
from officehours.queries import sealed
from peersupport.core import daykey

S = rules.S
_IN_LINE = (S.WAITING, S.CALLED)
_HAS_TIME = (S.BOOKED, S.ARRIVED)
# Who acts, by the words of the table. The system may end what is due in anybody's step; dark
# hours are called off by it in the name of the program.
STUDENT, SUPPORTER = frozenset({"student", "system"}), frozenset({"supporter", "system"})
PROGRAM = SYSTEM = frozenset({"program", "system"})
_BEGIN = {S.BOOKED, S.WAITING, S.TALKING}


class Promises:
    """The promises of office hours, and what is known from outside about who wants what."""

    def __init__(self, people: list[Person], devices: list[bytes]) -> None:
        self.people, self.devices = people, devices
        # Supporters whom a person, or a visit without one, must never meet.
        self.unwanted: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
        self._talks: Tally[uuid.UUID] = Tally()  # of visits that are forgotten, by supporter
        self._forgotten: set[uuid.UUID] = set()
        self._state: dict[uuid.UUID, str] = {}
        self._before: dict[uuid.UUID, tuple[str, datetime]] = {}
        self._ended: dict[uuid.UUID, datetime] = {}
        self._copies: dict[uuid.UUID, tuple[date, bytes]] = {}
        self._tags: dict[tuple[date, bytes, str], bytes] = {}

    def check(self, now: datetime, by: frozenset[str] = SYSTEM) -> None:
        """Ask whether every promise holds after a step by one of `by`."""
        visits = list(Visit.objects.select_related("assignment", "shift"))
        active = list(Assignment.objects.filter(is_active=True))
        for visit in visits:
            self._check_step(visit, by, now)
            self._check_memory(visit, now)
        live = [visit for visit in visits if visit.state in rules.LIVE]
        self._check_places(live, now)
        self._check_times(visits)
        for visit in live:
            _check_hours(visit, active, now)
            self._check_wanted(visit, now)
        crews = Tally(row.shift_id for row in active)
        assert max(crews.values(), default=0) <= rules.MOST_IN_SHIFT, "too many hold these hours"
        open_for = set(
            Cover.objects.filter(state=rules.CoverState.OPEN).values_list("assignment", flat=True)
        )
        gone = Assignment.objects.filter(pk__in=open_for, shift__state=rules.ShiftState.CANCELLED)
        assert not gone.exists(), "cover is asked for cancelled hours"

    def check_settled(self, now: datetime) -> None:
        """Ask whether the timers, which have just run, ended everything that is due."""
        for visit in Visit.objects.live().select_related("shift"):
            ends = visit.shift.ends_at
            assert now < ends + rules.LAPSE_GRACE, "somebody was left hanging"
            assert visit.state not in _IN_LINE or now < ends, "somebody waits after the hours"
        bookable = Shift.objects.bookable()
        assert not bookable.filter(ends_at__lte=now).exists(), "hours that are over stand open"
        dark = Assignment.objects.filter(
            shift__in=bookable,
            is_active=True,
            checked_in_at__isnull=True,
            starts_at__lte=now - rules.DARK_AFTER,
        )
        assert not dark.exists(), "hours are dark and stand open"
        staying = Assignment.objects.filter(
            ends_at__lte=now, checked_in_at__isnull=False, checked_out_at__isnull=True
        )
        assert not staying.exists(), "somebody is in after the hours"

    def check_unreadable(self, now: datetime) -> None:
        """Ask, before any job has run, whether what is due to be forgotten reads as forgotten."""
        due = [visit.pk for visit in Visit.objects.due_to_forget(now)]
        if not due:
            return
        for person in self.people:
            assert not sealed.visits_of(person.pk, now).filter(pk__in=due).exists()
        for visit in Visit.objects.filter(pk__in=due):
            assert sealed.holder_of(visit, now) is None, "a holder is read too late"
            assert sealed.name_of(visit, now) == ""
            assert visit.acceptable is None or sealed.wanted_of(visit, now) == sealed.NOBODY

    def check_forgotten(self, now: datetime) -> None:
        """Ask whether the forgetting, which has just run, forgot what is due and nothing else."""
        assert not Visit.objects.due_to_forget(now).exists(), "forgetting did not start"
        early = Visit.objects.filter(is_forgotten=True, forget_at__gt=now)
        assert not early.exists(), "somebody was forgotten early"
        for pk, (day, box) in list(self._copies.items()):
            if now < daykey.gone_at(day):
                continue
            copy = Visit(pk=pk, key_day=day, forget_at=now, holder=box)
            # Even a clock that is set back opens no copy: the key is gone.
            assert sealed.holder_of(copy, daykey.gone_at(day) - 2 * rules.REMEMBER) is None, (
                "an old copy can be opened"
            )
            del self._copies[pk]

    def check_counts(self) -> None:
        """Ask whether every finished talk was counted once, when it was forgotten."""
        counted: Tally[uuid.UUID] = Tally()
        for row in Load.objects.all():
            counted[row.supporter_id] += row.talks
        assert counted == self._talks, "a talk was lost, or counted twice"

    def holder(self, visit: Visit, now: datetime) -> uuid.UUID | None:
        """Return the person who holds a visit."""
        found = sealed.holder_of(visit, now)
        return None if found is None else found.person

    def _tag(self, day: date, key: bytes, purpose: str) -> bytes:
        found = self._tags.get((day, key, purpose))
        if found is None:
            found = self._tags[day, key, purpose] = sealed.tag_on(day, key, purpose)
        return found

    def _check_step(self, visit: Visit, by: frozenset[str], now: datetime) -> None:
        """Ask whether the visit moved along the table, if it moved."""
        before, after = self._state.get(visit.pk), visit.state
        if before == after:
            return
        self._state[visit.pk] = after
        if before is None:
            assert after in _BEGIN, f"a visit begins as {after}"
        elif self._is_undo(visit, before, after, now):
            assert "supporter" in by, "undone by somebody else"
            del self._before[visit.pk]
        else:
            assert after in _next(before, by), f"{before} to {after} by {sorted(by)}"
            self._before[visit.pk] = (before, now)
        if after in rules.ENDED:
            self._ended[visit.pk] = now
        else:
            self._ended.pop(visit.pk, None)

    def _is_undo(self, visit: Visit, before: str, after: str, now: datetime) -> bool:
        came = self._before.get(visit.pk)
        return (
            before in rules.UNDOABLE
            and came is not None
            and came[0] == after
            and now <= came[1] + rules.UNDO
        )

    def _check_memory(self, visit: Visit, now: datetime) -> None:
        """Ask whether people are known no longer than promised."""
        ends = self._ended.get(visit.pk, visit.shift.ends_at)
        assert visit.forget_at <= ends + rules.REMEMBER, "remembered too long"
        assert visit.forget_at <= daykey.gone_at(visit.key_day), "remembered past its key"
        if visit.holder is not None:
            self._copies[visit.pk] = (visit.key_day, bytes(visit.holder))
        if visit.is_forgotten and visit.pk not in self._forgotten:
            self._forgotten.add(visit.pk)
            if visit.state == S.FINISHED and visit.assignment is not None:
                self._talks[visit.assignment.supporter_id] += 1

    def _check_places(self, live: list[Visit], now: datetime) -> None:
        """Ask whether nobody is in two places, and everybody can find their own."""
        places: Tally[tuple[object, str]] = Tally()
        for visit in live:
            kind = "booked" if visit.state in _HAS_TIME else "line"
            if visit.state == S.TALKING:
                kind = "talk"
            if visit.holder_kind == Visit.HolderKind.ACCOUNT:
                person = self.holder(visit, now)
                assert person is not None, "a live visit is nobody's"
                places[person, kind] += 1
                mine = {self._tag(visit.key_day, person.bytes, p) for p in ("booked", "waiting")}
                assert bytes(visit.claim_tag or b"") in mine, "its holder cannot find a visit"
            elif visit.holder_kind == Visit.HolderKind.DOOR:
                tag = bytes(visit.claim_tag or b"")
                day = visit.key_day
                found = [d for d in self.devices if self._tag(day, d, "door") == tag]
                assert len(found) == 1, "its device cannot find a visit"
                places[found[0], "line"] += 1
        for (_, kind), number in places.items():
            assert number <= 1 or kind != "line", "somebody waits in two places"
            assert number <= 1 or kind != "booked", "somebody has two booked times"

    def _check_times(self, visits: list[Visit]) -> None:
        with_them = [v.assignment_id for v in visits if v.state in rules.WITH_SUPPORTER]
        assert len(with_them) == len(set(with_them)), "a supporter is in two talks"
        times = [
            (visit.assignment_id, visit.starts_at)
            for visit in visits
            if visit.state in rules.HOLDS_TIME and visit.starts_at is not None
        ]
        assert len(times) == len(set(times)), "one time was given to two"
        ranks = [(v.shift_id, v.line_rank) for v in visits if v.state in _IN_LINE]
        assert len(ranks) == len(set(ranks)), "two have one place in line"

    def _check_wanted(self, visit: Visit, now: datetime) -> None:
        """Ask whether nobody is with, or offered, a person outside their acceptable set."""
        if visit.assignment is None:
            return
        supporter = visit.assignment.supporter_id
        assert visit.way not in rules.REMOTE or with_room([supporter]), "nowhere to meet"
        assert sealed.wanted_of(visit, now).allows(supporter), "with somebody unwanted"
        assert supporter not in self.unwanted[visit.pk], "with somebody unwanted"
        person = self.holder(visit, now)
        if person is not None:
            assert supporter not in self.unwanted[person], "with somebody unwanted"
            assert supporter != person, "with themselves"


def _next(before: str, by: frozenset[str]) -> set[str]:
    """Return where a visit may go to by the table."""
    steps = rules.TRANSITIONS.steps
    return {step.target for step in steps if before in step.sources and step.actors & by}


def _check_hours(visit: Visit, active: list[Assignment], now: datetime) -> None:
    """Ask whether a live visit is in hours that stand, with somebody who holds them."""
    shift, row = visit.shift, visit.assignment
    is_over = now >= shift.ends_at
    assert visit.way in shift.ways.split(","), "a way that is not offered"
    is_remote = visit.way in rules.REMOTE
    assert (visit.contact is not None) == is_remote, "nobody could be sent, or a place is kept"
    assert not visit.is_offer or visit.state in _HAS_TIME
    if visit.state == S.WAITING:
        assert row is None, "who waits is with nobody"
    if row is not None:
        assert row.shift_id == visit.shift_id
    if visit.state in _IN_LINE:
        assert visit.line_rank is not None
        assert shift.state in rules.BOOKABLE_SHIFT, "somebody is left in a closed line"
        crew = [one for one in active if one.shift_id == shift.pk]
        there = [one for one in crew if one.checked_out_at is None]
        assert there or is_over, "somebody waits for nobody"
    if visit.state in _HAS_TIME:
        assert shift.state != rules.ShiftState.CANCELLED, "booked in cancelled hours"
        assert row is not None
        assert row.is_active, "booked with somebody who gave the hours up"
        assert row.checked_out_at is None or is_over, "booked with somebody who has left"
        assert shift.starts_at <= (visit.starts_at or visit.ends_at) < shift.ends_at
    if visit.state == S.CALLED:
        assert row is not None
        assert row.is_active, "called by somebody who gave the hours up"
        assert row.checked_in_at is not None
        assert row.checked_out_at is None or is_over, "called by somebody who has left"
