"""Races through HTTP against running workers, on SQLite and on PostgreSQL."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.races.real_server import at_once, world

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
