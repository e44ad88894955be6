"""Coverage: who answers when, and what happens when the program's zone changes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from officehours.models import Shift
from officehours.rules import NotCovered
from officehours.services import hours
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from program import services
from program.models import Coverage
from program.queries import days_ahead
from program.rules import Span, Window, gaps
from tests.people import cast, hours_of, sign_in
from tests.roles import extend_horizon

NEW_YORK = ZoneInfo("America/New_York")
DAY = time(0)


def _at(hour: int, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("windows", "missing"),
    [
        ([], [(17, 19)]),
        ([Window(None, DAY, DAY)], []),
        ([Window(0, time(17), time(19))], []),
        ([Window(1, time(17), time(19))], [(17, 19)]),
        ([Window(None, time(17), time(18))], [(18, 19)]),
        ([Window(None, time(18), time(18, 30)), Window(None, time(16), time(18))], [(18.5, 19)]),
        ([Window(None, time(22), time(18))], [(18, 19)]),
        ([Window(None, DAY, DAY, date(2026, 11, 22))], [(17, 19)]),
    ],
)
def test_gaps(windows: list[Window], missing: list[tuple[float, float]]) -> None:
    expected = [
        Span(_at(0) + timedelta(hours=start), _at(0) + timedelta(hours=end))
        for start, end in missing
    ]

    assert gaps(windows, _at(17), _at(19), NEW_YORK) == expected


@pytest.mark.django_db
@pytest.mark.anydb
def test_a_coordinator_names_and_removes_somebody(evening: datetime) -> None:
    cora = sign_in(cast(evening)["cora"])
    data = {
        "kind": "line", "label": "Night line", "phone": "555-0101", "starts": "00:00",
        "ends": "00:00", "rung": "1", "how": "spoke", "answered_by": "Cora",
    }  # fmt: skip

    assert cora.post("/program/coverage/", data).status_code == 302
    page = cora.get("/program/coverage/").content.decode()
    assert "Night line" in page
    assert "Said yes to Cora" in page
    address = page.split('href="/program/coverage/')[1].split('"')[0]
    assert cora.post(f"/program/coverage/{address}remove/").status_code == 302
    assert "Night line" not in cora.get("/program/coverage/").content.decode()
    assert cora.post("/program/coverage/", {**data, "phone": "call me"}).status_code == 400
    for wrong in ({"answered_by": ""}, {"how": "letter"}, {"until": "2026-01-01",
        "first_on": "2026-02-01"}, {"rung": "9"}):  # fmt: skip
        assert cora.post("/program/coverage/", {**data, **wrong}).status_code == 400, wrong
    assert not Coverage.objects.exists()


@pytest.mark.django_db
@pytest.mark.anydb
def test_hours_keep_their_instants_when_the_zone_changes(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    services.add_coverage(
        label="Line", phone="555-0100", weekday=None, starts=DAY, ends=DAY, until=None,
        by=SYSTEM, now=evening,
    )  # fmt: skip
    rule, refused = hours.publish_weekly(
        supporter=priya, first_on=date(2026, 11, 24), last_on=None, starts=time(17),
        ends=time(19), place="Room 214", minutes=30, request_key=ids.new_id(), by=priya,
        now=evening,
    )  # fmt: skip
    before = list(Shift.objects.order_by("starts_at").values_list("pk", "starts_at"))
    assert len(before) == 2
    assert refused == []

    services.change_zone(zone=ZoneInfo("America/Los_Angeles"), by=SYSTEM, now=evening)
    later = evening + timedelta(days=7)
    assert extend_horizon(rule=rule, now=later) == 1
    assert extend_horizon(rule=rule, now=later) == 0

    after = list(Shift.objects.order_by("starts_at").values_list("pk", "starts_at"))
    assert after[:2] == before
    # Weekly hours keep the zone they were made in, too.
    assert after[2][1].astimezone(NEW_YORK).time() == time(17)


@pytest.mark.django_db
@pytest.mark.anydb
def test_the_database_refuses_overlapping_hours(evening: datetime) -> None:
    from django.db import DatabaseError, transaction

    from officehours.models import Assignment
    from tests.people import hours_of

    priya = cast(evening)["priya"]
    one = hours_of(priya, evening)
    with pytest.raises(DatabaseError), transaction.atomic():
        hours_of(priya, evening + timedelta(minutes=30))
    Assignment.objects.filter(pk=one.pk).update(is_active=False)
    hours_of(priya, evening + timedelta(minutes=30))


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_the_coming_days_show_when_nobody_answers(
    evening: datetime, django_assert_max_num_queries: Any
) -> None:
    cora = sign_in(cast(evening)["cora"])
    for _ in range(3):
        _line(evening, starts=time(17), ends=time(7))
    with django_assert_max_num_queries(20) as few:
        page = cora.get("/program/coverage/").content.decode()
    assert page.count("7am to 5pm") == 13  # and today, of which only the rest is ahead
    for _ in range(97):
        _line(evening, starts=DAY, ends=DAY)
    with django_assert_max_num_queries(len(few)):
        page = cora.get("/program/coverage/").content.decode()
    assert page.count("<td>never</td>") == 14


@pytest.mark.django_db
@pytest.mark.anydb
def test_days_ahead_end_with_the_arrangement_and_on_the_longer_day() -> None:
    """The clocks go back on 1 November 2026: that day's gap is an hour longer."""
    now = datetime(2026, 10, 30, 4, tzinfo=UTC)
    row = Coverage(label="Line", phone="555-0100", starts=DAY, ends=DAY, until=date(2026, 10, 31))

    days = days_ahead([row], now, NEW_YORK, 4)

    assert [one.is_bare for one in days] == [False, False, True, True]
    assert [sum((g.end - g.start for g in one.gaps), timedelta()) for one in days] == [
        timedelta(), timedelta(), timedelta(hours=25), timedelta(hours=24)
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.anydb
def test_published_hours_are_never_silently_without_anybody(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        cora, line = sign_in(people["cora"]), _line(evening)
        hours_of(people["priya"], evening + timedelta(hours=3))
        assert "Published hours that nobody stands behind" not in _index(cora)

        services.remove_coverage(coverage=line, by=SYSTEM, now=evening)
        assert "Published hours that nobody stands behind" in _index(cora)
        _line(evening)
        assert "Published hours that nobody stands behind" not in _index(cora)


def _index(client: Any) -> str:
    return str(client.get("/program/").content.decode())


def _line(now: datetime, starts: time = DAY, ends: time = DAY) -> Coverage:
    return services.add_coverage(
        label="Line", phone="555-0100", weekday=None, starts=starts, ends=ends, until=None,
        by=SYSTEM, now=now,
    )  # fmt: skip


MIDNIGHT, AUTUMN, SPRING = date(2026, 11, 25), date(2026, 10, 31), date(2027, 3, 13)


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.parametrize(
    ("day", "starts", "ends", "behind", "is_whole"),
    [
        # Past midnight: one until then, another from then on; and one minute too few.
        (MIDNIGHT, 23, 1, [(time(17), DAY), (DAY, time(8))], True),
        (MIDNIGHT, 23, 1, [(time(17), time(23, 59)), (DAY, time(8))], False),
        (MIDNIGHT, 23, 1, [(time(17), DAY), (time(0, 1), time(8))], False),
        (MIDNIGHT, 23, 1, [(time(17), time(1))], True),
        (MIDNIGHT, 23, 1, [(time(17), DAY)], False),
        # The night that is an hour longer: the hour that comes twice is answered twice.
        (AUTUMN, 23, 3, [(time(20), time(2)), (time(2), time(8))], True),
        (AUTUMN, 23, 3, [(time(20), time(1)), (time(2), time(8))], False),
        # The night that is an hour shorter: nobody misses what is not there.
        (SPRING, 23, 4, [(time(20), time(2)), (time(3), time(8))], True),
        (SPRING, 23, 4, [(time(20), time(1)), (time(3), time(8))], False),
    ],
)
def test_hours_are_published_only_where_every_minute_is_answered(
    day: date, starts: int, ends: int, behind: list[tuple[time, time]], is_whole: bool
) -> None:
    now = datetime.combine(day - timedelta(days=5), time(17), tzinfo=UTC)
    priya = cast(now)["priya"]
    for begins, until in behind:
        _line(now, begins, until)

    given: dict[str, Any] = {
        "supporter": priya, "first_on": day, "last_on": day, "starts": time(starts),
        "ends": time(ends), "place": "Room 214", "minutes": 30, "request_key": ids.new_id(),
    }  # fmt: skip
    if is_whole:
        hours.publish_weekly(**given, by=priya, now=now)
    else:
        with pytest.raises(NotCovered):
            hours.publish_weekly(**given, by=priya, now=now)

    assert Shift.objects.count() == is_whole
