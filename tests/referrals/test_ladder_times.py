"""When the ladder rings: reading time, holidays, clock changes, moved hours, a stopped clock."""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest

from referrals import rules
from referrals.models import Counselor, Reading, Timers
from referrals.services.ladder import ring_due
from tests.referrals.ladder_scene import (
    at,
    clear,
    climb,
    holiday,
    keys,
    ladder_cast,
    minutes,
    reads,
    referral,
    rung_of,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane("care")]
TUESDAY = at(11, 24, 10)


@pytest.fixture(autouse=True)
def _care(settings: Any) -> None:
    settings.PLANE = "care"


@pytest.fixture
def cast() -> dict[str, Counselor]:
    """Dee, Eli and the line."""
    return ladder_cast()


TABLE = [
    # urgency, kind, when it comes, and the four moments at which it rings
    ("urgent", "student", at(11, 24, 10), "24 10:00, 24 10:30, 24 11:00, 24 11:30"),
    ("urgent", "student", at(11, 24, 16, 15), "24 16:15, 24 16:45, 25 09:15, 25 09:45"),
    # Thanksgiving, the Friday after it and a weekend lie between.
    ("urgent", "student", at(11, 25, 16, 40), "25 16:40, 30 09:10, 30 09:40, 30 10:10"),
    ("urgent", "student", at(11, 24, 22), "25 09:00, 25 09:30, 25 10:00, 25 10:30"),
    ("soon", "student", at(11, 24, 10), "24 10:00, 24 12:00, 24 14:00, 24 16:00"),
    # What falls due with the last minute of a day rings in it.
    ("soon", "student", at(11, 25, 15), "25 15:00, 25 17:00, 30 11:00, 30 13:00"),
    ("routine", "student", at(11, 23, 10), "23 10:00, 24 10:00, 25 10:00, 30 10:00"),
    # Danger rings by the clock on the wall, on a holiday, at night.
    ("urgent", "danger", at(11, 26, 3), "26 03:00, 26 03:10, 26 03:20, 26 03:30"),
]


@pytest.mark.parametrize(("urgency", "kind", "comes", "rings"), TABLE)
def test_every_rung_rings_at_its_minute(
    cast: dict[str, Counselor], urgency: str, kind: str, comes: datetime, rings: str
) -> None:
    row = referral(comes, urgency=urgency, kind=kind)

    climb(row, comes, 5)

    assert ", ".join(moment.strftime("%d %H:%M") for _, moment in rung_of(row)) == rings
    assert [number for number, _ in rung_of(row)] == [0, 1, 2, 3]
    row.refresh_from_db()
    assert (row.rung, row.ring_at) == (4, None)


CHANGES = [
    # over the night in which the clocks go back, and that in which they go forward
    ("urgent", at(10, 30, 16, 40), ["10-30 16:40", "11-02 09:10", "11-02 09:40", "11-02 10:10"]),
    ("soon", at(10, 30, 16), ["10-30 16:00", "11-02 10:00", "11-02 12:00", "11-02 14:00"]),
    (
        "urgent",
        at(3, 12, 16, 40, year=2027),
        ["03-12 16:40", "03-15 09:10", "03-15 09:40", "03-15 10:10"],
    ),
    (
        "routine",
        at(3, 12, 10, year=2027),
        ["03-12 10:00", "03-15 10:00", "03-16 10:00", "03-17 10:00"],
    ),
]


@pytest.mark.parametrize(("urgency", "comes", "rings"), CHANGES)
def test_reading_time_is_wall_time_over_both_clock_changes(
    cast: dict[str, Counselor], urgency: str, comes: datetime, rings: list[str]
) -> None:
    row = referral(comes, urgency=urgency)

    climb(row, comes, 5)

    assert [moment.strftime("%m-%d %H:%M") for _, moment in rung_of(row)] == rings


@pytest.mark.parametrize("comes", [at(11, 1, 1, 40), at(3, 14, 1, 40, year=2027)])
def test_danger_waits_ten_real_minutes_in_both_nights(
    cast: dict[str, Counselor], comes: datetime
) -> None:
    row = referral(comes, kind="danger")

    climb(row, comes, 1)

    passed = [moment - comes for _, moment in rung_of(row)]
    assert passed == [timedelta(minutes=10 * n) for n in range(4)]


# -- the clock stood still ----------------------------------------------------------------------


def test_after_a_weekend_only_the_highest_rung_rings(cast: dict[str, Counselor]) -> None:
    friday = at(11, 20, 15)
    rows = [referral(friday, urgency="urgent") for _ in range(3)]

    monday = at(11, 23, 9, 1)
    assert ring_due(now=monday) == 3
    assert ring_due(now=monday) == 0

    for row in rows:
        assert [number for number, _ in rung_of(row)] == [3]
    # The line, and the lead with it: her own rung was passed over.
    assert told() == {None: 3, cast["dee"].pk: 3}


def test_after_a_short_stop_it_goes_on_where_it_should_be(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    clear()

    ring_due(now=TUESDAY + timedelta(minutes=70))

    assert [number for number, _ in rung_of(row)] == [0, 2]
    assert set(told()) == keys(cast["dee"])
    row.refresh_from_db()
    assert row.ring_at == TUESDAY + timedelta(minutes=90)


@pytest.mark.parametrize("kind", ["student", "danger"])
def test_what_is_old_never_rings(cast: dict[str, Counselor], kind: str) -> None:
    row = referral(TUESDAY, kind=kind)
    woken = TUESDAY + rules.OLD

    assert ring_due(now=woken) == 0
    row.refresh_from_db()
    assert (row.state, row.ring_at) == ("received", TUESDAY)  # it stands, as overdue
    assert ring_due(now=woken - timedelta(minutes=1)) == 1  # a minute younger, and it does


def test_control_without_the_age(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, kind="student")
    with mock.patch.object(rules, "OLD", timedelta(days=400)):
        assert ring_due(now=TUESDAY + timedelta(days=300)) == 1


# -- hours that are moved -----------------------------------------------------------------------


def test_hours_moved_meanwhile_hold(cast: dict[str, Counselor]) -> None:
    """Planned for Wednesday at nine; since then the service reads on Thursdays alone."""
    row = referral(at(11, 17, 20), urgency="urgent")
    Reading.objects.all().delete()
    reads(cast["eli"], 3)

    for now in minutes(at(11, 18, 8), at(11, 19, 10, 30), 5):
        ring_due(now=now)

    assert [moment.strftime("%d %H:%M") for _, moment in rung_of(row)] == [
        "19 09:00",
        "19 09:30",
        "19 10:00",
        "19 10:30",
    ]


def test_a_holiday_that_comes_between_holds(cast: dict[str, Counselor]) -> None:
    row = referral(at(12, 1, 20), urgency="soon")

    day = at(12, 2, 12).date()
    holiday("Snow", day, day)

    ring_due(now=at(12, 2, 9))
    assert rung_of(row) == []
    ring_due(now=at(12, 3, 9))
    assert len(rung_of(row)) == 1


@pytest.mark.parametrize(("urgency", "step"), [("urgent", 30), ("soon", 120), ("routine", 480)])
def test_where_nobody_reads_the_clock_on_the_wall_holds(
    cast: dict[str, Counselor], urgency: str, step: int
) -> None:
    """No hours at all: nobody is on duty, and everybody is told at once."""
    Reading.objects.all().delete()
    row = referral(TUESDAY, urgency=urgency)

    for now in minutes(TUESDAY, TUESDAY + timedelta(days=2), 5):
        ring_due(now=now)

    assert [(number, moment - TUESDAY) for number, moment in rung_of(row)] == [
        (number, timedelta(minutes=step * (number - 1))) for number in (1, 2, 3)
    ]


def test_the_leads_own_timers_hold(cast: dict[str, Counselor]) -> None:
    Timers.objects.update(minutes={"soon": [60, 120, 15]})
    row = referral(TUESDAY, urgency="soon")

    for now in minutes(TUESDAY, TUESDAY + timedelta(hours=2)):
        ring_due(now=now)

    assert [moment - TUESDAY for _, moment in rung_of(row)] == [
        timedelta(minutes=15 * number) for number in range(4)
    ]
