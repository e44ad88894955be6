"""Series: every week at the same local time, one date by itself, an early end, again next year."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from events.models import Event, Series
from events.planning_rules import ChangedMeanwhile, InThePast, Scope
from events.queries import plans
from events.rules import Kind, NotAllowed, State
from events.services import planning, series, writing
from peersupport.core.actors import SYSTEM
from program.services import change_setting
from tests.events.plans import NEW_YORK, TUESDAY, facts, mark, somebody_comes, wall
from tests.people import cast

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
WEEK = timedelta(days=7)


def _made(now: datetime, weeks: int = 4, **more: Any) -> list[Event]:
    made = series.make(
        facts=facts(**more), every_weeks=1, last_on=TUESDAY + (weeks - 1) * WEEK,
        by=SYSTEM, now=now,
    )  # fmt: skip
    return list(Event.objects.filter(series=made).order_by("series_on"))


def _published(now: datetime, weeks: int = 4, **more: Any) -> list[Event]:
    rows = _made(now, weeks, **more)
    key = rows[0].series_id
    assert key is not None
    assert series.publish(series=key, by=SYSTEM, now=now) == weeks
    return list(Event.objects.filter(series=key).order_by("series_on"))


def _change(row: Event, now: datetime, *, scope: Scope = Scope.LATER, **more: Any) -> int:
    now_is = plans.read([Event.objects.get(pk=row.pk)])[row.pk]
    anyway = more.pop("anyway", frozenset())
    return planning.change(
        event=row.pk, facts=replace(now_is, **more), scope=scope, anyway=anyway,
        seen=mark(row, now), by=SYSTEM, now=now,
    )  # fmt: skip


def _places() -> list[str]:
    return list(Event.objects.order_by("series_on").values_list("place", flat=True))


def test_its_dates_are_drafts_at_the_same_local_time_over_a_clock_change(
    evening: datetime,
) -> None:
    made = series.make(
        facts=facts(date(2027, 3, 2), capacity=8), every_weeks=2, last_on=date(2027, 3, 31),
        leaving_out=frozenset({date(2027, 3, 30)}), by=SYSTEM, now=evening,
    )  # fmt: skip

    rows = list(Event.objects.order_by("starts_at"))
    local = [row.starts_at.astimezone(NEW_YORK) for row in rows]
    assert [one.date() for one in local] == [date(2027, 3, 2), date(2027, 3, 16)]
    assert {one.time() for one in local} == {time(18)}
    assert rows[1].starts_at - rows[0].starts_at == timedelta(days=14, hours=-1)
    assert {row.state for row in rows} == {str(State.DRAFT)}
    assert (made.every_weeks, made.minutes, made.last_on) == (2, 60, date(2027, 3, 16))


def test_what_changes_reaches_this_date_alone_or_the_later_ones_too(evening: datetime) -> None:
    rows = _made(evening)

    assert _change(rows[1], evening, scope=Scope.THIS, place="Gym") == 1
    assert _places() == ["Atrium", "Gym", "Atrium", "Atrium"]
    assert _change(rows[2], evening, place="Lawn") == 2
    assert _places() == ["Atrium", "Gym", "Lawn", "Lawn"]


def test_a_date_changed_by_hand_is_kept_unless_somebody_says_so(evening: datetime) -> None:
    rows = _made(evening)
    _change(rows[2], evening, scope=Scope.THIS, place="Gym")

    assert _change(rows[0], evening, place="Lawn") == 3
    assert _places() == ["Lawn", "Lawn", "Gym", "Lawn"]
    assert _change(rows[0], evening, place="Pool", anyway=frozenset({rows[2].pk})) == 4
    assert _places() == ["Pool"] * 4


def test_only_dates_with_people_whose_time_moves_are_told(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(writing, "tell_changed", lambda row, now: told.append(row.pk))
    rows = _published(evening)
    _change(rows[3], evening, scope=Scope.THIS, place="Gym")
    told.clear()

    _change(rows[1], evening, place="Lawn")

    assert told == [rows[1].pk, rows[2].pk]
    numbers = Event.objects.order_by("series_on").values_list("sequence", flat=True)
    assert list(numbers) == [0, 1, 1, 1]


def test_a_cancelled_date_is_left_out_of_everything_after(evening: datetime) -> None:
    rows = _published(evening)
    planning.cancel(event=rows[1].pk, by=SYSTEM, now=evening)

    assert _change(rows[0], evening, place="Lawn") == 3
    assert _places() == ["Lawn", "Atrium", "Lawn", "Lawn"]
    states = Event.objects.order_by("series_on").values_list("state", flat=True)
    assert list(states) == ["published", "cancelled", "published", "published"]


def test_a_dropped_date_is_gone_and_the_others_stay(evening: datetime) -> None:
    rows = _published(evening)
    planning.drop(event=rows[1].pk, by=SYSTEM, now=evening)

    assert [row.series_on for row in Event.objects.order_by("series_on")] == [
        TUESDAY, TUESDAY + 2 * WEEK, TUESDAY + 3 * WEEK,
    ]  # fmt: skip


def test_an_early_end_tells_where_somebody_comes_and_removes_the_rest(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(writing, "tell_cancelled", lambda row, now: told.append(row.pk))
    rows = _published(evening)
    somebody_comes(rows[2])
    key = rows[0].series_id
    assert key is not None

    done = series.end_early(series=key, last_on=TUESDAY, by=SYSTEM, now=evening)

    assert (done.dropped, done.cancelled, told) == (2, 1, [rows[2].pk])
    assert Series.objects.get().last_on == TUESDAY
    left = Event.objects.order_by("series_on").values_list("state", flat=True)
    assert list(left) == ["published", "cancelled"]
    again = series.end_early(series=key, last_on=TUESDAY, by=SYSTEM, now=evening)
    assert (again.dropped, again.cancelled) == (0, 0)


def test_somebody_who_joined_after_the_look_is_not_passed_over(evening: datetime) -> None:
    """The mark is of what is planned; whether somebody comes is asked again under the lock."""
    rows = _published(evening, weeks=2)
    key = rows[0].series_id
    assert key is not None
    seen = plans.mark_of(rows, plans.read(rows))
    somebody_comes(rows[1])

    done = series.end_early(series=key, last_on=TUESDAY, seen=seen, by=SYSTEM, now=evening)

    assert (done.dropped, done.cancelled) == (0, 1)
    with pytest.raises(ChangedMeanwhile):
        series.end_early(series=key, last_on=TUESDAY, seen=seen, by=SYSTEM, now=evening)


def test_last_years_series_comes_again_with_its_dates_moved(evening: datetime) -> None:
    rows = _published(evening, capacity=6)
    _change(rows[2], evening, scope=Scope.THIS, place="Gym")
    planning.cancel(event=rows[1].pk, by=SYSTEM, now=evening)
    somebody_comes(rows[0])
    autumn = evening + timedelta(days=280)
    key = rows[0].series_id
    assert key is not None

    made = series.copy(series=key, first_on=date(2027, 9, 7), by=SYSTEM, now=autumn)

    copied = list(Event.objects.filter(series=made).order_by("starts_at"))
    days = [row.starts_at.astimezone(NEW_YORK) for row in copied]
    assert [one.date() for one in days] == [
        date(2027, 9, 7), date(2027, 9, 21), date(2027, 9, 28),
    ]  # fmt: skip
    assert {one.time() for one in days} == {time(18)}
    assert [row.place for row in copied] == ["Atrium", "Gym", "Atrium"]
    assert {(row.state, row.taken, row.capacity) for row in copied} == {("draft", 0, 6)}
    with pytest.raises(InThePast):
        series.copy(series=key, first_on=TUESDAY, by=SYSTEM, now=autumn)


def test_only_who_may_keeps_a_series(evening: datetime) -> None:
    people = cast(evening)
    change_setting(key="supporter-events", value="draft", by=SYSTEM, now=evening)
    mine = series.make(
        facts=facts(kind=Kind.WORKSHOP), every_weeks=1, last_on=TUESDAY + WEEK,
        by=people["sol"], now=evening,
    )  # fmt: skip
    other = _made(evening)[0].series_id
    assert other is not None

    for who, key in (("sol", mine.pk), ("priya", mine.pk), ("ana", other), ("sol", other)):
        with pytest.raises(NotAllowed):
            series.publish(series=key, by=people[who], now=evening)
    for who, key in (("priya", mine.pk), ("ana", other), ("sol", other)):
        with pytest.raises(NotAllowed):
            series.end_early(series=key, last_on=TUESDAY, by=people[who], now=evening)
        with pytest.raises(NotAllowed):
            series.copy(series=key, first_on=TUESDAY, by=people[who], now=evening)
    assert series.publish(series=mine.pk, by=people["cora"], now=evening) == 2


def test_the_window_for_answers_moves_with_each_date(evening: datetime) -> None:
    rows = _made(evening, opens_before=WEEK, closes_before=timedelta(hours=1))

    _change(rows[1], evening, starts_at=wall(TUESDAY + WEEK, 17), ends_at=wall(TUESDAY + WEEK, 18))

    for row in Event.objects.all():
        assert row.opens_at == row.starts_at - WEEK
        assert row.closes_at == row.starts_at - timedelta(hours=1)
