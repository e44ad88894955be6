"""Planning: who may, what is written, guarded changes, who is told, and what calendars learn."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Person
from events import keys
from events.models import Event, Host, Invited
from events.planning_rules import (
    ChangedMeanwhile,
    Facts,
    HasPeople,
    InThePast,
    NoPlaceYet,
    StaysDiscreet,
)
from events.queries import plans
from events.rules import Going, Kind, NotAllowed, NotAllowedFrom, State, Visibility
from events.services import places, planning, writing
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from program.queries import facts as program_facts
from program.services import change_setting
from tests.events.plans import TUESDAY, facts, mark, somebody_comes, wall
from tests.people import cast

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Whom the services tell: the letters themselves have tests of their own."""
    said: list[tuple[str, Any]] = []
    for name in ("tell_changed", "tell_cancelled"):
        monkeypatch.setattr(writing, name, lambda row, now, name=name: said.append((name, row.pk)))
    return said


def _let(value: str, now: datetime) -> None:
    change_setting(key="supporter-events", value=value, by=SYSTEM, now=now)


def _on(evening: datetime, **more: Any) -> Event:
    row = planning.write(facts=facts(**more), by=SYSTEM, now=evening)
    return planning.publish(event=row.pk, by=SYSTEM, now=evening)


def _change(row: Event, after: Facts, by: Any, now: datetime, **more: Any) -> int:
    return planning.change(event=row.pk, facts=after, seen=mark(row, now), by=by, now=now, **more)


def test_a_draft_holds_what_was_planned(people: dict[str, Person], evening: datetime) -> None:
    wanted = facts(
        words="**Bring** a mat",
        capacity=12,
        opens_before=timedelta(days=7),
        closes_before=timedelta(hours=1),
        invited=frozenset({("M1", ""), ("M3", "Surgery B")}),
        hosts=frozenset({people["sol"].pk}),
    )
    row = planning.write(facts=wanted, by=people["cora"], now=evening)

    row.refresh_from_db()
    assert plans.read([row])[row.pk] == wanted
    assert (row.state, row.places, row.sequence) == (State.DRAFT, 12, 0)
    assert row.opens_at == wanted.starts_at - timedelta(days=7)
    assert keys.key_of(row, evening)
    assert [e.verb for e in Entry.objects.filter(thing_id=str(row.pk))] == ["write event"]


def test_a_time_that_is_over_cannot_be_planned(evening: datetime) -> None:
    with pytest.raises(InThePast):
        planning.write(facts=facts(starts_at=evening), by=SYSTEM, now=evening)


@pytest.mark.parametrize("who", ["ana", "ida", "sol"])
def test_who_may_not_plan_cannot(people: dict[str, Person], evening: datetime, who: str) -> None:
    with pytest.raises(NotAllowed):
        planning.write(facts=facts(kind=Kind.WORKSHOP), by=people[who], now=evening)
    row = _on(evening)
    for act in (planning.cancel, planning.drop):
        with pytest.raises(NotAllowed):
            act(event=row.pk, by=people[who], now=evening)
    with pytest.raises(NotAllowed):
        _change(row, facts(title="Mine"), people[who], evening)
    with pytest.raises(NotAllowed):
        planning.copy(event=row.pk, day=TUESDAY, by=people[who], now=evening)
    assert Event.objects.get().title == "Yoga"


@pytest.mark.parametrize(("value", "publishes"), [("draft", False), ("publish", True)])
def test_supporters_plan_workshops_of_their_own_if_they_are_let(
    people: dict[str, Person], evening: datetime, value: str, publishes: bool
) -> None:
    _let(value, evening)
    sol, priya = people["sol"], people["priya"]
    with pytest.raises(NotAllowed):
        planning.write(facts=facts(), by=sol, now=evening)

    row = planning.write(facts=facts(kind=Kind.WORKSHOP), by=sol, now=evening)

    assert set(Host.objects.values_list("person", flat=True)) == {sol.pk}
    with pytest.raises(NotAllowed):
        planning.publish(event=row.pk, by=priya, now=evening)
    if publishes:
        planning.publish(event=row.pk, by=sol, now=evening)
    else:
        with pytest.raises(NotAllowed):
            planning.publish(event=row.pk, by=sol, now=evening)
        planning.publish(event=row.pk, by=people["cora"], now=evening)
        with pytest.raises(NotAllowed):
            planning.cancel(event=row.pk, by=sol, now=evening)
    row.refresh_from_db()
    assert row.state == State.PUBLISHED


def test_a_supporter_cannot_make_it_something_else_or_let_go_of_it(
    people: dict[str, Person], evening: datetime
) -> None:
    _let("draft", evening)
    sol = people["sol"]
    row = planning.write(facts=facts(kind=Kind.WORKSHOP), by=sol, now=evening)
    mine = plans.read([row])[row.pk]

    for after in (replace(mine, kind=Kind.MOVE), replace(mine, hosts=frozenset())):
        with pytest.raises(NotAllowed):
            _change(row, after, sol, evening)


def test_a_debrief_is_its_hosts_alone(people: dict[str, Person], evening: datetime) -> None:
    private = facts(
        kind=Kind.DEBRIEF, visibility=Visibility.PRIVATE, hosts=frozenset({people["sol"].pk})
    )
    row = writing.insert(facts=private, now=evening)

    assert plans.one(people["cora"], row.pk) is None
    assert plans.one(people["sol"], row.pk) == row
    with pytest.raises(NotAllowed):
        planning.publish(event=row.pk, by=people["cora"], now=evening)
    planning.publish(event=row.pk, by=people["sol"], now=evening)
    with pytest.raises(NotAllowed):
        planning.cancel(event=row.pk, by=people["cora"], now=evening)
    planning.cancel(event=row.pk, by=people["sol"], now=evening)


def test_nothing_is_published_that_nobody_finds_or_that_has_begun(evening: datetime) -> None:
    nowhere = planning.write(facts=facts(place=""), by=SYSTEM, now=evening)
    with pytest.raises(NoPlaceYet):
        planning.publish(event=nowhere.pk, by=SYSTEM, now=evening)
    late = planning.write(facts=facts(), by=SYSTEM, now=evening)
    with pytest.raises(InThePast):
        planning.publish(event=late.pk, by=SYSTEM, now=late.starts_at)


@pytest.mark.parametrize("act", ["publish", "cancel", "change"])
def test_of_two_coordinators_the_second_is_told(
    people: dict[str, Person], evening: datetime, act: str
) -> None:
    """Each has looked at the event as it stood; the control is that looking again helps."""
    row = _on(evening) if act != "publish" else planning.write(
        facts=facts(), by=SYSTEM, now=evening
    )  # fmt: skip
    seen = mark(row, evening)
    _change(row, facts(title="First"), people["cora"], evening)

    def again(seen: str) -> None:
        more: dict[str, Any] = {"facts": facts(title="Second")} if act == "change" else {}
        getattr(planning, act)(event=row.pk, seen=seen, by=people["cora"], now=evening, **more)

    with pytest.raises(ChangedMeanwhile):
        again(seen)
    assert Event.objects.get().title == "First"
    again(mark(row, evening))


@pytest.mark.parametrize(
    ("after", "is_told", "is_raised"),
    [
        (lambda: facts(words="Typo mended"), False, False),
        (lambda: facts(led_by="A teacher", access="Lift", capacity=None), False, False),
        (lambda: facts(title="Yoga for all"), False, True),
        (lambda: facts(place="Gym"), True, True),
        (lambda: facts(link="https://call.example/1"), True, True),
        (lambda: facts(starts_at=wall(TUESDAY, 17)), True, True),
        (lambda: facts(ends_at=wall(TUESDAY, 20)), True, True),
    ],
    ids=["words", "around", "title", "place", "link", "start", "end"],
)
def test_people_are_told_what_matters_and_calendars_what_they_hold(
    told: list[Any],
    evening: datetime,
    after: Callable[[], Facts],
    is_told: bool,
    is_raised: bool,
) -> None:
    row = _on(evening)
    later = evening + timedelta(hours=1)

    assert _change(row, after(), SYSTEM, later) == 1

    row.refresh_from_db()
    assert told == ([("tell_changed", row.pk)] if is_told else [])
    assert row.sequence == int(is_raised)
    assert row.facts_at == (later if is_raised else evening)


def test_a_draft_tells_nobody_and_its_calendar_facts_begin_when_it_is_published(
    told: list[Any], evening: datetime
) -> None:
    row = planning.write(facts=facts(), by=SYSTEM, now=evening)
    _change(row, facts(place="Gym"), SYSTEM, evening)
    later = evening + timedelta(hours=1)
    planning.publish(event=row.pk, by=SYSTEM, now=later)

    row.refresh_from_db()
    assert (told, row.sequence, row.facts_at) == ([], 0, later)


def test_the_same_again_changes_nothing(told: list[Any], evening: datetime) -> None:
    row = _on(evening)

    assert _change(row, facts(), SYSTEM, evening) == 0
    assert (told, Event.objects.get().sequence) == ([], 0)


@pytest.mark.parametrize("is_public", [False, True])
def test_the_public_version_moves_only_with_what_is_public(
    evening: datetime, is_public: bool
) -> None:
    how = Visibility.PUBLIC if is_public else Visibility.STUDENTS

    def moves(act: Callable[[], object]) -> bool:
        before = program_facts().version
        act()
        return program_facts().version != before

    row = planning.write(facts=facts(visibility=how), by=SYSTEM, now=evening)
    assert not moves(lambda: _change(row, facts(title="A", visibility=how), SYSTEM, evening))
    assert moves(lambda: planning.publish(event=row.pk, by=SYSTEM, now=evening)) is is_public
    after = facts(title="B", visibility=how)
    assert moves(lambda: _change(row, after, SYSTEM, evening)) is is_public
    assert moves(lambda: planning.cancel(event=row.pk, by=SYSTEM, now=evening)) is is_public


def test_a_moved_event_is_remembered_exactly_as_long_as_promised(evening: datetime) -> None:
    row = _on(evening)
    key, person = keys.key_of(row, evening), somebody_comes(row).pk
    sealed = key.seal_holder(person)

    _change(row, facts(TUESDAY + timedelta(days=30)), SYSTEM, evening)

    row.refresh_from_db()
    assert row.forget_at == row.ends_at + timedelta(days=7)
    assert row.key_day == keys.day_for(row.forget_at)
    assert keys.key_of(row, evening).open_holder(sealed) == person


def test_what_is_published_as_discreet_stays_so(evening: datetime) -> None:
    row = _on(evening)
    _change(row, facts(is_sensitive=True), SYSTEM, evening)
    row.refresh_from_db()

    assert row.forget_at == row.ends_at + timedelta(hours=24)
    with pytest.raises(StaysDiscreet):
        _change(row, facts(), SYSTEM, evening)
    draft = planning.write(facts=facts(is_sensitive=True), by=SYSTEM, now=evening)
    _change(draft, facts(), SYSTEM, evening)


def test_places_change_with_the_people_in_them(
    people: dict[str, Person], evening: datetime
) -> None:
    row = _on(evening, capacity=1)
    for who in ("ana", "ben"):
        places.answer(event=row.pk, person=people[who], now=evening)

    _change(row, facts(capacity=2), SYSTEM, evening)
    counts = Event.objects.values_list("capacity", "places", "taken", "waiting")
    assert counts.get() == (2, 2, 2, 0)
    _change(row, facts(capacity=1), SYSTEM, evening)
    assert counts.get() == (1, 2, 2, 0)
    _change(row, facts(), SYSTEM, evening)
    assert counts.get() == (None, None, 2, 0)


def test_cancelling_tells_once_and_marks_calendars(told: list[Any], evening: datetime) -> None:
    row = _on(evening)
    later = evening + timedelta(hours=1)
    planning.cancel(event=row.pk, by=SYSTEM, now=later)
    with pytest.raises(NotAllowedFrom):
        planning.cancel(event=row.pk, by=SYSTEM, now=later)

    row.refresh_from_db()
    assert told == [("tell_cancelled", row.pk)]
    assert (row.state, row.cancelled_at, row.sequence, row.facts_at) == (
        State.CANCELLED, later, 1, later,
    )  # fmt: skip


def test_what_is_over_or_cancelled_is_left_alone(evening: datetime) -> None:
    row = _on(evening)
    over = row.ends_at
    for act in (planning.cancel, planning.drop):
        with pytest.raises(NotAllowedFrom):
            act(event=row.pk, by=SYSTEM, now=over)
    with pytest.raises(NotAllowedFrom):
        _change(row, facts(title="Late"), SYSTEM, over)
    with pytest.raises(NotAllowedFrom):
        planning.publish(event=row.pk, by=SYSTEM, now=evening)


def test_an_event_that_has_begun_can_still_move_its_room_but_not_its_start(
    evening: datetime,
) -> None:
    row = _on(evening)
    during = row.starts_at + timedelta(minutes=5)

    assert _change(row, facts(place="Gym"), SYSTEM, during) == 1
    with pytest.raises(InThePast):
        _change(row, facts(place="Gym", starts_at=wall(TUESDAY, 17)), SYSTEM, during)


@pytest.mark.parametrize("state", [Going.GOING, Going.WAITING])
def test_nothing_vanishes_in_which_somebody_is(evening: datetime, state: Going) -> None:
    row = _on(evening, capacity=1)
    empty = _on(evening)
    somebody_comes(row, state)

    with pytest.raises(HasPeople):
        planning.drop(event=row.pk, by=SYSTEM, now=evening)
    planning.drop(event=empty.pk, by=SYSTEM, now=evening)
    assert [one.pk for one in Event.objects.all()] == [row.pk]


def test_a_copy_is_a_draft_of_the_same_without_anybody(
    people: dict[str, Person], evening: datetime
) -> None:
    left = Person.objects.create_user("left@school.example", joined=evening.date())
    wanted = facts(
        capacity=5,
        invited=frozenset({("M1", "")}),
        hosts=frozenset({people["sol"].pk, left.pk}),
        opens_before=timedelta(days=7),
    )
    row = _on(evening, **{name: getattr(wanted, name) for name in (
        "capacity", "invited", "hosts", "opens_before")})  # fmt: skip
    somebody_comes(row)

    copied = planning.copy(event=row.pk, day=date(2027, 8, 31), by=people["cora"], now=evening)

    copied.refresh_from_db()
    again = replace(
        wanted,
        starts_at=wall(date(2027, 8, 31), 18),
        ends_at=wall(date(2027, 8, 31), 19),
        hosts=frozenset({people["sol"].pk}),
    )
    assert plans.read([copied])[copied.pk] == again
    assert (copied.state, copied.taken, copied.series_id) == (State.DRAFT, 0, None)
    assert bytes(copied.key or b"") != bytes(row.key or b"")
    with pytest.raises(InThePast):
        planning.copy(event=row.pk, day=evening.date(), by=SYSTEM, now=evening + timedelta(days=1))


def test_what_stays_around_an_event_is_not_written_anew(
    people: dict[str, Person], evening: datetime
) -> None:
    around: dict[str, Any] = {
        "invited": frozenset({("M1", "")}),
        "hosts": frozenset({people["sol"].pk}),
    }
    row = _on(evening, **around)
    before = set(Invited.objects.values_list("pk")) | set(Host.objects.values_list("pk"))

    _change(row, facts(title="New", **around), SYSTEM, evening)

    assert set(Invited.objects.values_list("pk")) | set(Host.objects.values_list("pk")) == before
    _change(row, facts(title="New"), SYSTEM, evening)
    assert not Invited.objects.exists()
    assert not Host.objects.exists()
