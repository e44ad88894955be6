"""Receipts: sixteen digits, kept as a mark, with the same work for what is none."""

import re
import statistics
import time

import pytest

from referrals import receipts

SECRET = bytes(range(32))


def test_a_receipt_is_sixteen_digits_in_groups() -> None:
    found = {receipts.new() for _ in range(200)}

    assert len(found) == 200
    assert all(re.fullmatch(r"\d{4} \d{4} \d{4} \d{4}", one) for one in found)
    assert receipts.of(SECRET) == receipts.of(SECRET) != receipts.of(SECRET[::-1])


def test_the_mark_does_not_hang_on_how_digits_are_written() -> None:
    one = receipts.of(SECRET)
    marks = {
        receipts.mark(text)
        for text in (one, one.replace(" ", ""), one.replace(" ", "-"), f"  {one} ")
    }

    assert len(marks) == 1
    assert len(marks.pop()) == 32


def test_another_receipt_has_another_mark() -> None:
    one = receipts.of(SECRET)
    other = ("1" if one[0] != "1" else "2") + one[1:]

    assert receipts.mark(one) != receipts.mark(other)


@pytest.mark.parametrize(
    "text", ["", "1", "1234", "x" * 16, "٣" * 16, "1234 5678 9012 34567", "\ud800", "\0" * 16]
)
def test_what_is_none_has_a_mark_that_no_row_has(text: str) -> None:
    assert receipts.mark(text) == receipts.mark("nothing at all")
    assert receipts.mark(text) != receipts.mark(receipts.of(SECRET))


def test_it_takes_the_same_work_for_one_and_for_none() -> None:
    """Medians of interleaved tries; the bound is wide, but far below an answer without work."""
    took: dict[str, list[float]] = {"good": [], "none": []}
    good = receipts.of(SECRET)
    for _ in range(5):
        for name, text in (("good", good), ("none", "12")):
            begun = time.perf_counter()
            receipts.mark(text)
            took[name].append(time.perf_counter() - begun)

    good_took, none_took = (statistics.median(took[name]) for name in ("good", "none"))
    assert min(good_took, none_took) > 0.01
    assert 0.4 < good_took / none_took < 2.5
