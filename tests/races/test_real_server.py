"""Races through HTTP against running workers, on SQLite and on PostgreSQL."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.races.real_server import World, at_once, scene, served, world

pytestmark = pytest.mark.process


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_hundred_students_for_one_time(kind: str, tmp_path: Path) -> None:
    with world(kind, tmp_path, people=200, days=1) as program:
        got = at_once([(cookie, program.slots[0]) for cookie in program.students], program)

        assert Counter(answer.status for answer in got) == {302: 1, 409: 199}
        for answer in got:
            if answer.status == 409:
                assert "has just been taken" in answer.body or "no longer offered" in answer.body
                assert 'value="Ash"' in answer.body  # the rest of the form is kept
                assert 'name="slot"' in answer.body  # and other times are shown
                assert program.slots[0] not in answer.body


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_student_fifty_times_at_once(kind: str, tmp_path: Path) -> None:
    with world(kind, tmp_path, people=1, days=13) as program:
        ana = program.students[0]
        got = at_once([(ana, program.slots[n % 13]) for n in range(50)], program)

        assert Counter(answer.status for answer in got) == {302: 1, 409: 49}
        assert program.get("/visits/", ana).body.count("You have a time") == 2  # label, heading


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_start_against_cancel_and_cancel_against_book(kind: str, tmp_path: Path) -> None:
    with world(kind, tmp_path, people=8, days=1) as program, ThreadPoolExecutor(8) as pool:
        slot, (ana, *others) = program.slots[0], program.students
        for _round in range(5):
            visit = program.book(ana, slot).location.split("/")[2]
            start = pool.submit(
                program.post, f"/hours/talks/{visit}/start/", program.supporter, {}
            )
            cancel = pool.submit(program.post, f"/visits/{visit}/cancel/", ana, {})
            statuses = sorted([start.result().status, cancel.result().status])
            # One gets it. A cancel that came first makes the start too late, and the other way.
            assert statuses == [302, 409]
            if start.result().status == 302:
                break

        if start.result().status == 409:
            visit = program.book(ana, slot).location.split("/")[2]
            cancel = pool.submit(program.post, f"/visits/{visit}/cancel/", ana, {})
            books = [pool.submit(program.book, other, slot) for other in others]
            assert cancel.result().status == 302
            assert sum(book.result().status == 302 for book in books) <= 1
            assert {book.result().status for book in books} <= {302, 409}


# Controls: the same program with one guard taken away (unguarded.py), where the same crowd wins
# what it must not. On SQLite the IMMEDIATE transaction is a guard of its own and goes as well.
_UNGUARDED = "tests.races.unguarded:application"
_BEYOND = {"sqlite": "transaction,", "postgresql": ""}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_control_without_the_constraint_one_time_goes_to_many(kind: str, tmp_path: Path) -> None:
    drop = "DROP INDEX officehours_visit_one_per_time"
    with scene(kind, tmp_path, people=16, days=1) as program:
        slot, (ana, *others) = program.slots[0], program.students
        drops = f"from django.db import connection as c\nc.cursor().execute('{drop}')"
        program.manage("shell", "-c", drops, side="owner")
        with served(program), ThreadPoolExecutor(1) as pool:
            visit = program.book(ana, slot).location.split("/")[2]
            cancel = pool.submit(program.post, f"/visits/{visit}/cancel/", ana, {})
            got = at_once([(other, slot) for other in others], program)

            assert cancel.result().status == 302
            # As many as the supporter may see in an evening (three), or more in the rush.
            assert Counter(answer.status for answer in got)[302] > 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_control_without_the_persons_guard_one_student_gets_several(
    kind: str, tmp_path: Path
) -> None:
    with scene(kind, tmp_path, people=1, days=8) as program:
        ana = program.students[0]
        with served(program, _UNGUARDED, UNGUARDED=f"{_BEYOND[kind]}person"):
            got = at_once([(ana, slot) for slot in program.slots], program)
            won = {answer.location for answer in got if answer.status == 302}

            assert len(won) > 1
            assert all("You have a time" in program.get(page, ana).body for page in won)


def _start_and_cancel(program: World) -> list[int]:
    """Start a talk while its student cancels; return both statuses, and of a booking after."""
    slot, (ana, ben) = program.slots[0], program.students
    visit = program.book(ana, slot).location.split("/")[2]
    start, cancel = f"/hours/talks/{visit}/start/", f"/visits/{visit}/cancel/"
    with ThreadPoolExecutor(2) as pool:
        started = pool.submit(program.post, start, program.supporter, {})
        cancelled = pool.submit(program.post, cancel, ana, {})
    return [started.result().status, cancelled.result().status, program.book(ben, slot).status]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_control_without_the_states_guard_start_and_cancel_and_book_all_win(
    kind: str, tmp_path: Path
) -> None:
    anew = "from officehours.models import Visit\nVisit.objects.all().delete()"
    with scene(kind, tmp_path, people=2, days=1) as program:
        with served(program, _UNGUARDED, UNGUARDED=f"{_BEYOND[kind]}state"):
            assert _start_and_cancel(program) == [302, 302, 302]
        program.manage("shell", "-c", anew)
        # The same moment and as few transactions, with the guarded write where it was.
        with served(program, _UNGUARDED, UNGUARDED=f"{_BEYOND[kind]}nothing"):
            assert _start_and_cancel(program) == [302, 409, 409]
