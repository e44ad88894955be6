"""Places of events, taken and given on by many at the same moment. Each with its control."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from accounts.models import Person
from events.models import Event, Rsvp
from events.rules import Going
from events.services import places
from tests.events.scene import event
from tests.people import cast
from tests.races.at_once import at_once, meeting
from tests.races.real_server import Answer, World, scene, served, world

_MAKE = """
from peersupport.core import clock
from tests.events.scene import event
print("EVENT" + str(event(clock.now(), capacity={capacity}).pk))
"""
_COUNT = """
import json
from events.models import Event, Rsvp
row = Event.objects.get()
answers = list(Rsvp.objects.order_by("number").values_list("state", "number"))
print("FOUND" + json.dumps([row.taken, row.waiting, answers]))
"""


def _made(program: World, capacity: int) -> str:
    said = program.manage("shell", "-v", "0", "-c", _MAKE.replace("{capacity}", str(capacity)))
    found = re.search(r"EVENT(\S+)", said)
    assert found
    return found[1]


def _crowd(program: World, row: str, what: str, cookies: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(len(cookies)) as pool:
        path = f"/events/{row}/{what}/"
        return list(pool.map(lambda cookie: program.post(path, cookie, {}), cookies))


def _found(program: World) -> tuple[int, int, list[tuple[str, int | None]]]:
    found = re.search(r"FOUND(.*)", program.manage("shell", "-v", "0", "-c", _COUNT))
    assert found
    taken, waiting, answers = json.loads(found[1])
    return taken, waiting, [(state, number) for state, number in answers]


@pytest.mark.process
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sixty_for_twenty_places_and_then_ten_leave(kind: str, tmp_path: Path) -> None:
    with world(kind, tmp_path, people=60, days=1) as program:
        row = _made(program, 20)
        got = _crowd(program, row, "going", program.students)
        assert Counter(answer.status for answer in got) == {302: 60}
        taken, waiting, answers = _found(program)
        assert (taken, waiting) == (20, 40)
        assert Counter(state for state, _number in answers) == {"going": 20, "waiting": 40}
        numbers = [number for state, number in answers if state == "waiting"]
        assert len(set(numbers)) == 40

        seen = [program.get(f"/events/{row}/", cookie).body for cookie in program.students]
        going = [c for c, body in zip(program.students, seen, strict=True) if "line" not in body]
        assert len(going) == 20
        left = _crowd(program, row, "not-going", going[:10])
        assert Counter(answer.status for answer in left) == {302: 10}
        taken, waiting, answers = _found(program)
        assert (taken, waiting) == (20, 30)
        # Those who waited longest have the places: nobody with a later number stands before them.
        still = [number or 0 for state, number in answers if state == "waiting"]
        given = [number for state, number in answers if state == "going" and number is not None]
        assert len(given) == 10
        assert max(given) < min(still)


_RESIZE = """
from events.models import Event
from events.services import places
from peersupport.core import clock
places.set_capacity(event=Event.objects.get().pk, capacity={capacity}, now=clock.now())
"""


@pytest.mark.process
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whatever_a_crowd_taps_at_once_the_counts_stay_true(kind: str, tmp_path: Path) -> None:
    """Three rounds in which everybody taps at random while the room grows and shrinks."""
    dice = random.Random(8)
    with world(kind, tmp_path, people=24, days=1) as program:
        row = _made(program, 6)
        for capacity in (3, 9, 5):
            taps = [
                (f"/events/{row}/{dice.choice(('going', 'going', 'not-going'))}/", cookie)
                for cookie in program.students * 2
            ]
            resize = _RESIZE.replace("{capacity}", str(capacity))
            with ThreadPoolExecutor(25) as pool:
                resized = pool.submit(program.manage, "shell", "-v", "0", "-c", resize)
                got = list(pool.map(lambda tap: program.post(tap[0], tap[1], {}), taps))
                resized.result()
            assert Counter(answer.status for answer in got) == {302: 48}
            _counts_are_true(program, capacity)


def _counts_are_true(program: World, capacity: int) -> None:
    taken, waiting, answers = _found(program)
    states = Counter(state for state, _number in answers)
    assert (taken, waiting) == (states["going"], states["waiting"])
    # Nobody is put out of a room that shrank, and nobody waits beside a free place.
    assert taken >= capacity or waiting == 0
    numbers = [number for _state, number in answers if number is not None]
    assert len(numbers) == len(set(numbers))


@pytest.mark.process
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_control_without_the_held_row_one_place_goes_to_several(kind: str, tmp_path: Path) -> None:
    beyond = "transaction," if kind == "sqlite" else ""
    with scene(kind, tmp_path, people=6, days=1) as program:
        row = _made(program, 1)
        with served(program, "tests.races.unguarded:application", UNGUARDED=f"{beyond}places"):
            _crowd(program, row, "going", program.students)
        _taken, _waiting, answers = _found(program)
        assert Counter(state for state, _number in answers)["going"] > 1


# -- inside one process, on both databases --------------------------------------------------------
inside = pytest.mark.parametrize("turn", range(4))


def _line(people: dict[str, Person], now: datetime) -> Event:
    """Return a full event for two, with three who wait."""
    row = event(now, capacity=2)
    for who in ("sol", "priya", "ana", "ben", "marcus"):
        places.answer(event=row.pk, person=people[who], now=now)
    return row


def _states() -> Counter[str]:
    return Counter(Rsvp.objects.values_list("state", flat=True))


def _leave_and_sweep(row: Event, people: dict[str, Person], now: datetime) -> list[object]:
    acts: list[Callable[[], Any]] = [
        partial(places.sweep, now=now),
        partial(places.sweep, now=now),
        partial(places.leave, event=row.pk, person=people["sol"], now=now),
    ]
    return at_once(acts)


@pytest.mark.django_db(transaction=True)
@pytest.mark.anydb
@inside
def test_two_sweeps_and_somebody_who_leaves_promote_one_person_once(
    evening: datetime, turn: int
) -> None:
    people = cast(evening)
    row = _line(people, evening)

    assert [e for e in _leave_and_sweep(row, people, evening) if isinstance(e, Exception)] == []

    row.refresh_from_db()
    assert (row.taken, row.waiting) == (2, 2)
    assert _states() == {Going.GOING: 2, Going.WAITING: 2, Going.LEFT: 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.anydb
@inside
def test_an_offer_that_is_taken_and_runs_out_at_once_is_one_of_both(
    evening: datetime, turn: int
) -> None:
    people = cast(evening)
    row = event(evening, capacity=1, starts_at=evening + timedelta(hours=20))
    for who in ("sol", "ana", "ben"):
        places.answer(event=row.pk, person=people[who], now=evening)
    places.leave(event=row.pk, person=people["sol"], now=evening)
    offer = Rsvp.objects.get(state=Going.OFFERED)
    assert offer.offer_until is not None
    last, over = offer.offer_until - timedelta(seconds=1), offer.offer_until

    at_once([
        partial(places.accept, event=row.pk, person=people["ana"], now=last),
        partial(places.sweep, now=over),
        partial(places.sweep, now=over),
    ])  # fmt: skip

    row.refresh_from_db()
    states = _states()
    assert row.taken == 1
    assert states[Going.GOING] + states[Going.OFFERED] == 1
    assert row.waiting == states[Going.WAITING]


@pytest.mark.django_db(transaction=True)
@pytest.mark.anydb
@inside
def test_a_smaller_room_and_a_crowd_at_once_never_overfill_it(
    evening: datetime, turn: int
) -> None:
    people = cast(evening)
    row = event(evening, capacity=4)
    names = ("sol", "priya", "ana", "ben", "marcus")

    got = at_once([
        *(partial(places.answer, event=row.pk, person=people[who], now=evening) for who in names),
        partial(places.set_capacity, event=row.pk, capacity=2, now=evening),
    ])  # fmt: skip

    assert [error for error in got if isinstance(error, Exception)] == []
    row.refresh_from_db()
    states = _states()
    assert row.taken == states[Going.GOING] >= 2
    assert row.waiting == states[Going.WAITING]
    assert row.places == max(2, row.taken)
    assert row.taken + row.waiting == len(names)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="the transaction is the lock there")
def test_control_without_the_held_row_a_place_is_taken_twice(evening: datetime) -> None:
    people = cast(evening)
    row = event(evening, capacity=1)
    with mock.patch.object(places, "hold_row", return_value=1), meeting(places, "may_answer"):
        at_once([
            partial(places.answer, event=row.pk, person=people[who], now=evening)
            for who in ("ana", "ben")
        ])  # fmt: skip
    assert _states()[Going.GOING] == 2
