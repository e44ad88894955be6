"""Coverage: who answers when, and what happens when the program's zone changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from officehours.models import Shift
from officehours.services import hours
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from program import services
from program.rules import Span, Window, gaps
from tests.people import cast, sign_in

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
    data = {"label": "Night line", "phone": "555-0101", "starts": "00:00", "ends": "00:00"}

    assert cora.post("/program/coverage/", data).status_code == 302
    page = cora.get("/program/coverage/").content.decode()
    assert "Night line" in page
    address = page.split('action="/program/coverage/')[1].split('"')[0]
    assert cora.post(f"/program/coverage/{address}").status_code == 302
    assert "Night line" not in cora.get("/program/coverage/").content.decode()
    assert cora.post("/program/coverage/", {**data, "phone": "call me"}).status_code == 400


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
    assert hours.extend_horizon(rule=rule, now=later) == 1
    assert hours.extend_horizon(rule=rule, now=later) == 0

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
