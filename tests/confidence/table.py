"""What was tried and what came of it, as lines that a stranger can read."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

HELD, NOT_HELD, LIMIT = "held", "NOT HELD", "known limit"
_WIDTHS = (52, 7, 60, 11)
_HEADS = ("What was tried", "times", "What came of it", "Result")


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of attack, how often it was tried, and how it ended."""

    what: str
    times: int
    came: str
    verdict: str


def judged(what: str, times: int, broken: Iterable[object], came: str, *, control: bool) -> Line:
    """Return the line of an attack: held if nothing was broken, and the attack itself works.

    `control` says whether the same attack found something where the guard was not there.
    """
    found = [str(one) for one in broken]
    if not control:
        return Line(
            what, times, f"the attack finds nothing even without the guard; {came}", NOT_HELD
        )
    if not times:
        return Line(what, times, "it was not tried at all", NOT_HELD)
    if found:
        return Line(what, times, f"{len(found)} got through: {'; '.join(found)[:400]}", NOT_HELD)
    return Line(what, times, came, HELD)


def limit(what: str, times: int, came: str, *, is_as_said: bool = True) -> Line:
    """Return a line for what cannot be held, as long as it is no worse than it is said to be."""
    return Line(what, times, came, LIMIT if is_as_said else NOT_HELD)


def drawn(title: str, lines: Iterable[Line]) -> str:
    """Return a part of the table."""
    rows = [_row(one.what, f"{one.times:,}", one.came, one.verdict) for one in lines]
    return "\n".join([f"\n{title}", *rows])


def head() -> str:
    """Return the head of the table."""
    return "\n".join([_row(*_HEADS), "  ".join("-" * width for width in _WIDTHS)])


def _row(*cells: str) -> str:
    columns = [
        textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)
    ]
    columns[1] = [each.rjust(_WIDTHS[1]) for each in columns[1]]
    tall = max(map(len, columns))
    return "\n".join(
        "  ".join(
            (column[n] if n < len(column) else "").ljust(width)
            for column, width in zip(columns, _WIDTHS, strict=True)
        ).rstrip()
        for n in range(tall)
    )
