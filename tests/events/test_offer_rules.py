"""How long somebody has to say whether they take a place: whatever the hour and the clocks do."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events import rules
from events.rules import (
    FREE_FOR_ALL,
    OFFER_LASTS,
    OFFERS_WITHIN,
    SHORTEST_OFFER,
    is_free_for_all,
    is_given_at_once,
    offer_until,
)
from events.telling_rules import given_at

pytestmark = pytest.mark.anydb

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def _at(words: str, zone: tzinfo = NEW_YORK, fold: int = 0) -> datetime:
    """Return the instant of a local time of 2026, such as "11-24 18:00"."""
    wall = datetime.fromisoformat(f"2026-{words}")
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


# (an offer made at, for an event at, stands until; None: there is no time for one)
TABLE = [
    # By day: two hours.
    ("11-24 10:00", "11-24 18:00", "11-24 12:00"),
    ("11-24 08:00", "11-24 18:00", "11-24 10:00"),
    ("11-23 19:59", "11-24 18:00", "11-23 21:59"),
    # It would end at night: until nine in the morning.
    ("11-23 20:00", "11-24 18:00", "11-24 09:00"),
    ("11-23 21:59", "11-24 18:00", "11-24 09:00"),
    ("11-23 22:00", "11-24 18:00", "11-24 09:00"),
    ("11-23 23:59", "11-24 18:00", "11-24 09:00"),
    ("11-24 00:00", "11-24 18:00", "11-24 09:00"),
    ("11-24 05:59", "11-24 18:00", "11-24 09:00"),
    # Made before people are up, it does not end sooner than one made earlier in the night.
    ("11-24 06:00", "11-24 18:00", "11-24 09:00"),
    ("11-24 06:59", "11-24 18:00", "11-24 09:00"),
    ("11-24 07:00", "11-24 18:00", "11-24 09:00"),
    ("11-24 07:01", "11-24 18:00", "11-24 09:01"),
    # Never beyond half an hour before the start.
    ("11-24 15:30", "11-24 18:00", "11-24 17:30"),
    ("11-24 15:31", "11-24 18:00", "11-24 17:30"),
    ("11-24 17:00", "11-24 18:00", "11-24 17:30"),
    ("11-24 17:01", "11-24 18:00", None),
    ("11-24 17:30", "11-24 18:00", None),
    ("11-24 18:00", "11-24 18:00", None),
    ("11-24 19:00", "11-24 18:00", None),
    # The night before an early event: the event is earlier than nine, and cuts it short.
    ("11-23 22:30", "11-24 07:00", "11-24 06:30"),
    ("11-23 22:30", "11-24 09:15", "11-24 08:45"),
    ("11-24 05:00", "11-24 07:00", "11-24 06:30"),
    # An event at night.
    ("11-23 20:30", "11-23 23:00", "11-23 22:30"),
    ("11-23 21:00", "11-24 00:30", "11-24 00:00"),
    # Clocks go forward on 8 March: the night has ten hours less one.
    ("03-07 23:00", "03-08 18:00", "03-08 09:00"),
    ("03-08 00:30", "03-08 18:00", "03-08 09:00"),
    ("03-08 01:30", "03-08 05:00", "03-08 04:30"),
    ("03-08 03:30", "03-08 18:00", "03-08 09:00"),
    # Clocks go back on 1 November: the night has an hour more.
    ("10-31 19:59", "11-01 18:00", "10-31 21:59"),
    ("10-31 20:00", "11-01 18:00", "11-01 09:00"),
    ("11-01 00:30", "11-01 18:00", "11-01 09:00"),
    ("11-01 01:30", "11-01 04:00", "11-01 03:30"),
]


@pytest.mark.parametrize(("now", "starts", "until"), TABLE)
def test_an_offer_stands_until(now: str, starts: str, until: str | None) -> None:
    told = offer_until(_at(starts), _at(now), NEW_YORK)
    assert told == (_at(until) if until else None)


@pytest.mark.parametrize(
    ("now", "starts", "until"),
    [
        ("03-28 23:00", "03-29 18:00", "03-29 09:00"),  # forward in Berlin
        ("03-29 03:30", "03-29 18:00", "03-29 09:00"),
        ("10-24 20:00", "10-25 18:00", "10-25 09:00"),  # and back
        ("10-24 19:59", "10-25 18:00", "10-24 21:59"),
        # By day, and not in the night of another zone.
        ("11-24 03:00", "11-24 18:00", "11-24 09:00"),
        ("11-24 14:00", "11-24 20:00", "11-24 16:00"),
    ],
)
def test_the_night_is_the_one_of_the_school(now: str, starts: str, until: str) -> None:
    assert offer_until(_at(starts, BERLIN), _at(now, BERLIN), BERLIN) == _at(until, BERLIN)


def test_both_hours_that_the_clocks_say_twice_are_one_night() -> None:
    """On 1 November 1:30am comes twice; whoever is asked in either has until nine."""
    starts, nine = _at("11-01 18:00"), _at("11-01 09:00")
    for fold in (0, 1):
        assert offer_until(starts, _at("11-01 01:30", fold=fold), NEW_YORK) == nine
    first, second = (_at("11-01 01:30", fold=fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "at_once", "is_last"),
    [
        (OFFERS_WITHIN + MINUTE, True, False),
        (OFFERS_WITHIN, False, False),
        (FREE_FOR_ALL + MINUTE, False, False),
        (FREE_FOR_ALL, False, True),
        (timedelta(0), False, True),
        (-MINUTE, False, True),
    ],
)
def test_a_place_is_given_then_offered_then_whoever_taps_first(
    left: timedelta, *, at_once: bool, is_last: bool
) -> None:
    now = _at("11-24 12:00")
    assert is_given_at_once(now + left, now) is at_once
    assert is_free_for_all(now + left, now) is is_last


# -- whatever the moment --------------------------------------------------------------------------
ZONES = st.sampled_from([NEW_YORK, BERLIN])
# The days around the clock changes of both zones, and any other.
_DAYS = [(3, 7), (3, 8), (3, 28), (3, 29), (10, 24), (10, 25), (10, 31), (11, 1), (11, 24)]


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Return an instant, most likely near a clock change, to the minute or not."""
    month, day = draw(st.sampled_from(_DAYS))
    minutes, micro = draw(st.integers(-600, 36 * 60)), draw(st.sampled_from([0, 1, 999_999]))
    begin = datetime(2026, month, day, tzinfo=UTC)
    return begin + timedelta(minutes=minutes, microseconds=micro)


AHEAD = st.integers(-60, int(OFFERS_WITHIN / MINUTE)).map(lambda number: number * MINUTE)
SOON = st.integers(0, 14 * 60).map(lambda number: number * MINUTE)


def _is_night(moment: datetime, zone: tzinfo) -> bool:
    local = moment.astimezone(zone).time()
    return local >= rules.NIGHT_BEGINS or local < rules.NIGHT_ENDS


@settings(max_examples=400, deadline=None)
@given(now=moments(), ahead=AHEAD, zone=ZONES)
def test_an_offer_leaves_time_and_ends_before_the_start_and_not_at_night(
    now: datetime, ahead: timedelta, zone: tzinfo
) -> None:
    starts = now + ahead
    last = starts - FREE_FOR_ALL
    until = offer_until(starts, now, zone)

    # There is none exactly if the line ends too soon for anybody to answer.
    assert (until is None) == (last - now < SHORTEST_OFFER)
    if until is None:
        return
    assert until.utcoffset() == timedelta(0)
    assert now + SHORTEST_OFFER <= until <= last < starts
    if until < last:
        assert until - now >= OFFER_LASTS
        assert not _is_night(until, zone)
        # An hour of the day at least, whenever it was made.
        assert not _is_night(until - timedelta(hours=1), zone)
        # And no longer than a night, the one that is an hour longer included.
        assert until - now <= timedelta(hours=14)


@settings(max_examples=400, deadline=None)
@example(
    now=_at("11-24 05:59"), later=timedelta(hours=1), ahead=timedelta(hours=12), zone=NEW_YORK
)
@given(now=moments(), later=SOON, ahead=AHEAD, zone=ZONES)
def test_who_is_asked_later_never_has_to_answer_sooner(
    now: datetime, later: timedelta, ahead: timedelta, zone: tzinfo
) -> None:
    starts = now + ahead
    one, other = offer_until(starts, now, zone), offer_until(starts, now + later, zone)
    if one is None:
        assert other is None
    elif other is not None:
        assert one <= other


@settings(max_examples=400, deadline=None)
@given(now=moments(), ahead=AHEAD, more=SOON, zone=ZONES)
def test_a_later_event_never_leaves_less_time(
    now: datetime, ahead: timedelta, more: timedelta, zone: tzinfo
) -> None:
    one = offer_until(now + ahead, now, zone)
    other = offer_until(now + ahead + more, now, zone)
    assert one is None or (other is not None and one <= other)


@settings(max_examples=400, deadline=None)
@given(now=moments(), ahead=st.integers(24 * 60 + 1, 24 * 90), zone=ZONES)
def test_whoever_is_given_a_place_is_told_by_day_or_has_less_than_a_day(
    now: datetime, ahead: int, zone: tzinfo
) -> None:
    starts = now + ahead * MINUTE
    told = given_at(starts, now, zone)

    assert now <= told < starts
    # The night of the autumn change is an hour longer.
    assert told - now <= timedelta(hours=12)
    if _is_night(told, zone):
        assert told == now
        nine = now + timedelta(hours=12)
        assert starts - nine <= OFFERS_WITHIN
    else:
        assert told == now or told.astimezone(zone).time() == time(9)
