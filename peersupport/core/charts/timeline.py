"""A stretch of days as lanes: where each thing stands, in units of a drawing 1000 wide.

Pure arithmetic. Whoever draws it puts a table with the same content beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDE = 1000
ROW = 26
_HEAD = 22
_LETTER = 7.4  # a letter of 13 units, about
_GAP = 10
_LEAST = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Item:
    """Something from a first to a last day, both included. `look` is the class that paints it."""

    label: str
    first: date
    last: date
    look: str = "other"


@dataclass(frozen=True, slots=True)
class Bar:
    """An item as drawn: a bar, and where its words begin or end."""

    label: str
    look: str
    x: float
    y: int
    width: float
    text_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Column:
    """A week's value as drawn, from the floor of its lane up, with its number over it."""

    x: float
    y: float
    width: float
    height: float
    label: str = ""

    @property
    def text_x(self) -> float:
        """Where its number has its middle."""
        return round(self.x + self.width / 2, 1)

    @property
    def text_y(self) -> float:
        """Where its number stands."""
        return self.y - 4


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane as drawn."""

    title: str
    y: int
    height: int
    bars: tuple[Bar, ...] = ()
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """The first of a month, or the first day drawn."""

    x: float
    day: date

    @property
    def text_x(self) -> float:
        """Where its name begins."""
        return self.x + 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything, in units."""

    height: int
    lanes: tuple[Lane, ...]
    months: tuple[Month, ...]
    today_x: float | None

    @property
    def today_anchor(self) -> str:
        """On which side of its line the word "today" begins: never outside the drawing."""
        return "end" if self.today_x is not None and self.today_x > WIDE / 2 else "start"

    @property
    def today_text_x(self) -> float:
        """Where the word "today" begins or ends."""
        return (self.today_x or 0) + (-5 if self.today_anchor == "end" else 5)


class Scale:
    """Where days stand between a first and a last."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last
        self._each = WIDE / max((last - first).days + 1, 1)

    def x(self, day: date) -> float:
        """Return where a day begins, within the drawing."""
        day = min(max(day, self.first), self.last + _DAY)
        return round((day - self.first).days * self._each, 1)

    def months(self) -> tuple[Month, ...]:
        """Return the first day drawn and the first of every month after it.

        The first is left out where its name would run into the next.
        """
        found, day = [], (self.first.replace(day=28) + 4 * _DAY).replace(day=1)
        while day <= self.last:
            found.append(Month(self.x(day), day))
            day = (day + 31 * _DAY).replace(day=1)
        if not found or found[0].x > 60:
            found.insert(0, Month(0, self.first))
        return tuple(found)


def _place(scale: Scale, item: Item) -> tuple[Bar, float, float]:
    """Return an item as drawn in the first row, and the room it needs with its words."""
    x = scale.x(item.first)
    width = max(round(scale.x(item.last + _DAY) - x, 1), _LEAST)
    words = len(item.label) * _LETTER
    if x + width + _GAP + words <= WIDE:
        return (
            Bar(item.label, item.look, x, 0, width, x + width + 5, "start"),
            x,
            x + width + words,
        )
    # Near the end of the drawing the words stand before the bar; never outside it.
    end = max(x - 5, min(words, WIDE))
    return Bar(item.label, item.look, x, 0, width, end, "end"), max(end - words, 0), x + width


def lane(scale: Scale, title: str, items: Iterable[Item], y: int) -> Lane:
    """Return a lane in which no two things or words overlap: as few rows as that takes."""
    rows: list[list[tuple[float, float]]] = []
    bars = []
    shown = [i for i in items if i.last >= scale.first and i.first <= scale.last]
    for item in sorted(shown, key=lambda i: (i.first, i.last, i.label)):
        bar, left, right = _place(scale, item)
        fits = (
            number
            for number, taken in enumerate(rows)
            if all(right + _GAP <= start or left >= end + _GAP for start, end in taken)
        )
        number = next(fits, len(rows))
        if number == len(rows):
            rows.append([])
        rows[number].append((left, right))
        top = y + _HEAD + number * ROW
        bars.append(Bar(bar.label, bar.look, bar.x, top, bar.width, bar.text_x, bar.anchor))
    return Lane(title, y, _HEAD + max(len(rows), 1) * ROW, tuple(bars))


def columns(scale: Scale, title: str, weeks: Sequence[tuple[date, float]], y: int) -> Lane:
    """Return a lane of weekly values, each from its Monday, the largest as high as the lane."""
    room, figures = 3 * ROW, 16
    most = max((value for _, value in weeks), default=0) or 1
    found = []
    for monday, value in weeks:
        x, end = scale.x(monday), scale.x(monday + 7 * _DAY)
        if end <= x or not value:
            continue
        height = round((room - figures) * value / most, 1)
        label = f"{value:.1f}".removesuffix(".0")
        wide = max(end - x - 2, 1)
        shown = label if len(label) * _LETTER <= wide else ""
        found.append(Column(x + 1, y + _HEAD + room - height, wide, height, shown))
    return Lane(title, y, _HEAD + room + 8, columns=tuple(found))


def draw(
    first: date,
    last: date,
    lanes: Sequence[tuple[str, Sequence[Item]]],
    weekly: tuple[str, Sequence[tuple[date, float]]] | None,
    today: date,
) -> Drawing:
    """Return the whole drawing: months on top, then each lane, then weekly values."""
    scale, y, drawn = Scale(first, last), 30, []
    for title, items in lanes:
        one = lane(scale, title, items, y)
        drawn.append(one)
        y += one.height + 6
    if weekly is not None:
        one = columns(scale, *weekly, y)
        drawn.append(one)
        y += one.height + 6
    today_x = scale.x(today) if first <= today <= last else None
    y += ROW if today_x is not None else 0  # the word "today" stands under everything
    return Drawing(y, tuple(drawn), scale.months(), today_x)
