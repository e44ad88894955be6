"""A term as lanes: everything inside the drawing, nothing over anything else."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from peersupport.core.charts.timeline import WIDE, Item, Scale, columns, draw, lane

FIRST, LAST = date(2027, 1, 4), date(2027, 5, 21)
_days = st.integers(-20, 160).map(lambda n: FIRST + timedelta(days=n))
_items = st.builds(
    lambda label, first, length: Item(label, first, first + timedelta(days=length)),
    st.text("abcdefgh ", max_size=40),
    _days,
    st.integers(0, 60),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_items, max_size=12))
def test_bars_and_words_stay_inside_and_apart(items: list[Item]) -> None:
    drawn = lane(Scale(FIRST, LAST), "M1", items, 30)

    shown = [item for item in items if item.last >= FIRST and item.first <= LAST]
    assert len(drawn.bars) == len(shown)
    rows: dict[int, list[tuple[float, float]]] = {}
    for bar in drawn.bars:
        words = len(bar.label) * 7.4
        ends = {
            "start": (bar.x, bar.text_x + words),
            "end": (bar.text_x - words, bar.x + bar.width),
        }
        left, right = ends[bar.anchor]
        assert left >= -0.1
        assert min(bar.x + bar.width, WIDE) <= WIDE
        assert drawn.y <= bar.y < drawn.y + drawn.height
        for start, end in rows.setdefault(bar.y, []):
            assert right <= start or left >= end, (bar, rows)
        rows[bar.y].append((left, right))


def test_days_stand_where_they_belong() -> None:
    drawing = draw(
        date(2027, 1, 1),
        date(2027, 4, 10),  # a hundred days: ten units each
        [("Everybody", [Item("Exam", date(2027, 1, 11), date(2027, 1, 12), "exam")])],
        ("Hours", [(date(2027, 1, 4), 2.0), (date(2027, 1, 11), 4.0), (date(2027, 1, 18), 0)]),
        date(2027, 2, 1),
    )

    (bar,) = drawing.lanes[0].bars
    assert (bar.x, bar.width, bar.look, bar.anchor) == (100, 20, "exam", "start")
    assert [month.x for month in drawing.months] == [0, 310, 590, 900]
    assert drawing.today_x == 310
    low, high = drawing.lanes[1].columns
    assert high.height == 2 * low.height
    assert (low.label, high.label) == ("2", "4")
    assert drawing.lanes[1].y + 15 < high.text_y < high.y
    assert low.y + low.height == high.y + high.height
    assert drawing.height > drawing.lanes[1].y


def test_weeks_outside_and_without_hours_draw_nothing() -> None:
    scale = Scale(FIRST, LAST)
    before = (FIRST - timedelta(days=14), 3.0)
    assert columns(scale, "Hours", [before, (FIRST, 0)], 0).columns == ()
    assert draw(FIRST, LAST, [], None, date(2026, 1, 1)).today_x is None


def test_the_word_today_stays_inside() -> None:
    for day, anchor in ((FIRST, "start"), (LAST, "end")):
        drawing = draw(FIRST, LAST, [], None, day)
        assert drawing.today_anchor == anchor
        assert 0 <= drawing.today_text_x <= WIDE


def test_a_number_is_left_out_where_it_has_no_room() -> None:
    weeks = [(FIRST + timedelta(days=7 * n), 12.5) for n in range(52)]
    year = columns(Scale(FIRST, FIRST + timedelta(days=363)), "Hours", weeks, 0).columns
    assert len(year) == 52
    assert {one.label for one in year} == {""}
