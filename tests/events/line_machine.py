"""Anything at all happens to one event, in any order; after each step its tables are asked."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from accounts.models import Person
from events import keys, rules
from events.models import Event, Rsvp
from events.rules import Going
from events.services import places
from tests.events.scene import event

WHO = st.integers(0, 6)
REFUSED = (rules.NotOpen, rules.Full, rules.NotAllowedFrom)


class LineMachine(RuleBasedStateMachine):
    """One event for two, seven students, a clock that goes on, a capacity that moves."""

    start: datetime
    people: list[Person]

    def __init__(self) -> None:
        super().__init__()
        Event.objects.all().delete()
        self.now = self.start
        self.event = event(self.now, capacity=2, starts_at=self.now + timedelta(hours=30))
        self.declined: set[int] = set()
        self.before: dict[bytes, tuple[str, int | None]] = {}

    def _row(self) -> Event:
        return Event.objects.get(pk=self.event.pk)

    @rule(who=WHO)
    def answer(self, who: int) -> None:
        """Somebody taps "I am going"."""
        self.declined.discard(who)
        try:
            places.answer(event=self.event.pk, person=self.people[who], now=self.now)
        except REFUSED:
            return

    @rule(who=WHO)
    def leave(self, who: int) -> None:
        """Somebody taps "no longer going"."""
        try:
            places.leave(event=self.event.pk, person=self.people[who], now=self.now)
        except REFUSED:
            return
        self.declined.add(who)

    @rule(who=WHO)
    def accept(self, who: int) -> None:
        """Somebody takes an offer."""
        try:
            places.accept(event=self.event.pk, person=self.people[who], now=self.now)
        except REFUSED:
            return

    @rule(capacity=st.sampled_from([1, 2, 3, 5, None]))
    def resize(self, capacity: int | None) -> None:
        """The planner changes for how many it is."""
        places.set_capacity(event=self.event.pk, capacity=capacity, now=self.now)

    @rule(minutes=st.sampled_from([1, 20, 90, 240]))
    def wait(self, minutes: int) -> None:
        """Time goes by, and perhaps no job runs."""
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        """The sweep runs; a second one finds nothing."""
        places.sweep(now=self.now)
        assert places.sweep(now=self.now) == 0

    @invariant()
    def counts_are_true(self) -> None:
        """What the event counts is what its answers say."""
        row = self._row()
        answers = list(Rsvp.objects.filter(event=row))
        assert row.taken == sum(Going(one.state) in rules.HOLDS_PLACE for one in answers)
        assert row.waiting == sum(one.state == Going.WAITING for one in answers)
        if row.places is not None and row.capacity is not None:
            assert row.taken <= row.places
            assert row.places == max(row.capacity, row.taken)
        free, is_last = row.free_for_new(self.now), rules.is_free_for_all(row.starts_at, self.now)
        assert free is None or row.waiting == 0 or free == 0 or is_last

    @invariant()
    def nobody_twice(self) -> None:
        """One answer a person, each of which its holder finds."""
        key = keys.key_of(self._row(), self.start)
        held = [key.open_holder(bytes(one.holder)) for one in Rsvp.objects.all()]
        assert len(held) == len(set(held))
        for one in Rsvp.objects.all():
            assert key.tag(key.open_holder(bytes(one.holder))) == bytes(one.tag)

    @invariant()
    def nobody_jumps_and_nobody_is_asked_again(self) -> None:
        """Whoever left the line by being chosen stood before all who still wait."""
        row = self._row()
        after = {bytes(r.tag): (r.state, r.number) for r in Rsvp.objects.filter(event=row)}
        waiting = [number for state, number in after.values() if state == Going.WAITING]
        is_last = rules.is_free_for_all(row.starts_at, self.now)
        for tag, (state, number) in self.before.items():
            now_state, now_number = after[tag]
            moved = state == Going.WAITING and Going(now_state) in rules.HOLDS_PLACE
            if moved and not is_last and number is not None:
                assert all(number < other for other in waiting if other is not None)
            if state in (Going.DECLINED, Going.LAPSED, Going.LEFT) and now_number == number:
                assert now_state in (state, Going.GOING), "asked again without wanting to"
        self.before = after

    @invariant()
    def a_line_moves(self) -> None:
        """After a sweep nobody waits beside a free place, while there is time to ask."""
        places.sweep(now=self.now)
        row = self._row()
        if row.capacity is not None and not rules.is_free_for_all(row.starts_at, self.now):
            until = rules.offer_until(row.starts_at, self.now, self.now.tzinfo)  # type: ignore[arg-type]
            if until is not None:
                assert row.waiting == 0 or row.taken >= row.capacity
