"""Who stands behind the supporters at each minute: days away, substitutes, a yes, the order."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from officehours.models import Shift
from officehours.services import hours
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox.models import Outgoing
from program import emails, services
from program.models import Away, Coverage
from program.queries import behind, coverage_gaps
from program.rules import Days, Window, gaps
from program.services.coverage import AskedEnough, NothingToAnswer
from tests.people import cast, sign_in
from tests.roles import acting_as

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)
FIRST = date(2026, 10, 31)  # the clocks go back in the night to 1 November

_days = st.integers(0, 3).map(lambda n: FIRST + timedelta(days=n))
_walls = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
_windows = st.builds(
    Window,
    weekday=st.none() | st.integers(0, 6),
    starts=_walls,
    ends=_walls,
    until=st.none() | _days,
    since=st.none() | _days,
    away=st.lists(
        st.tuples(_days, st.integers(0, 2)).map(lambda p: Days(p[0], p[0] + timedelta(days=p[1]))),
        max_size=2,
    ).map(tuple),
)


def _answers(window: Window, at: datetime) -> bool:
    """Return whether somebody answers at an instant, as one would say it: no intervals."""
    local = at.astimezone(NEW_YORK)
    if any(days.first <= local.date() <= days.last for days in window.away):
        return False
    for begins in (local.date(), local.date() - timedelta(days=1)):
        if window.weekday is not None and begins.weekday() != window.weekday:
            continue
        if window.since and begins < window.since:
            continue
        if window.until and begins > window.until:
            continue
        ends = begins if window.ends > window.starts else begins + timedelta(days=1)
        start = datetime.combine(begins, window.starts, tzinfo=NEW_YORK).astimezone(UTC)
        end = datetime.combine(ends, window.ends, tzinfo=NEW_YORK).astimezone(UTC)
        if start <= at < end:
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(st.lists(_windows, max_size=3))
def test_gaps_say_the_same_as_every_minute(windows: list[Window]) -> None:
    start = datetime(2026, 10, 31, 12, tzinfo=UTC)
    end = start + timedelta(days=2)

    missing = gaps(windows, start, end, NEW_YORK)

    at = start
    while at < end:
        is_gap = any(gap.start <= at < gap.end for gap in missing)
        assert is_gap == (not any(_answers(window, at) for window in windows)), at
        at += 15 * MINUTE


def _named(now: datetime, label: str = "Dee", **more: Any) -> Coverage:
    what: dict[str, Any] = {
        "kind": "person", "phone": "555-0101", "weekday": None, "starts": time(0), "ends": time(0),
        "until": None, **more,
    }  # fmt: skip
    return services.add_coverage(label=label, by=SYSTEM, now=now, **what)


def _labels(now: datetime) -> list[str]:
    return [one.label for one in behind(now, NEW_YORK)]


def _bare(now: datetime) -> bool:
    return bool(coverage_gaps(now, now + timedelta(hours=1), NEW_YORK))


@pytest.mark.django_db
@pytest.mark.anydb
def test_who_is_away_does_not_answer_and_a_substitute_does(evening: datetime) -> None:
    row, today = _named(evening), evening.astimezone(NEW_YORK).date()
    both: dict[str, Any] = {
        "coverage": row.pk,
        "first_on": today,
        "last_on": today,
        "by": SYSTEM,
        "now": evening,
    }
    services.add_away(instead="", instead_phone="", **both)
    assert _labels(evening) == []
    assert _bare(evening)

    services.remove_away(away=Away.objects.get().pk, by=SYSTEM, now=evening)
    for _ in range(2):  # twice is once
        services.add_away(instead="Eli", instead_phone="555-0102", **both)
    assert Away.objects.count() == 1
    assert [(one.label, one.phone) for one in behind(evening, NEW_YORK)] == [("Eli", "555-0102")]
    assert not _bare(evening)
    assert _labels(evening + timedelta(days=1)) == ["Dee"]

    with acting_as("worker"):
        assert services.forget_away(now=evening + timedelta(days=7)) == 0
        assert services.forget_away(now=evening + timedelta(days=8)) == 1


@pytest.mark.django_db
@pytest.mark.anydb
def test_the_order_to_call_is_the_rung(evening: datetime) -> None:
    _named(evening, "Line", rung=3, kind="line")
    _named(evening, "Team", rung=2, kind="team")
    _named(evening, "Zed", rung=1)

    assert _labels(evening) == ["Zed", "Team", "Line"]


def _token(now: datetime) -> str:
    letter = emails.compose(Outgoing.objects.filter(kind=emails.AGREE).get(), now)
    assert letter is not None
    assert letter.to == "dee@school.example"
    found = re.search(r"/program/agree/([^/]+)/", letter.text)
    assert found is not None
    return found[1]


@pytest.mark.django_db
@pytest.mark.anydb
def test_only_a_yes_counts_and_a_letter_is_answered_once(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        row = _named(evening, email="dee@school.example")
        assert "dee@school.example" not in str(Coverage.objects.values().get())
        assert _bare(evening)
        assert _labels(evening) == []
        address = f"/program/agree/{_token(evening)}/"
        page = Client().get(address)
        assert "May supporters call you?" in page.content.decode()
        assert "no-store" in page["Cache-Control"]
        row.refresh_from_db()
        assert row.answer == "asked"  # a mail scanner opens every link

        assert "Thank you" in Client().post(address, {"answer": "yes"}).content.decode()
        assert not _bare(evening)
        row.refresh_from_db()
        assert (row.answer, row.mark) == ("accepted", None)
        assert row.review_on == evening.astimezone(NEW_YORK).date() + timedelta(days=365)
        assert Client().get(address).status_code == 404
        assert Client().post(address, {"answer": "no"}).status_code == 404
        with pytest.raises(AskedEnough):  # asking again would take the yes away
            services.ask_coverage(
                coverage=row.pk, email="x@school.example", by=SYSTEM, now=evening
            )


@pytest.mark.django_db
@pytest.mark.anydb
def test_a_no_is_heard_and_nobody_is_asked_for_ever(evening: datetime) -> None:
    row = _named(evening, email="dee@school.example")
    services.answer_coverage(token=_token(evening), is_yes=False, now=evening)
    assert _bare(evening)
    Outgoing.objects.all().delete()
    again: dict[str, Any] = {
        "coverage": row.pk,
        "email": "dee@school.example",
        "by": SYSTEM,
        "now": evening,
    }
    services.ask_coverage(**again)
    first = _token(evening)
    Outgoing.objects.all().delete()
    services.ask_coverage(**again)
    with pytest.raises(NothingToAnswer):  # the newer letter stands
        services.answer_coverage(token=first, is_yes=True, now=evening)
    with pytest.raises(AskedEnough):
        services.ask_coverage(**again)
    late = evening + timedelta(days=15)
    with pytest.raises(NothingToAnswer):
        services.answer_coverage(token=_token(evening), is_yes=True, now=late)
    outgoing = Outgoing.objects.filter(kind=emails.AGREE).get()
    assert emails.compose(outgoing, late) is None


@pytest.mark.django_db
@pytest.mark.anydb
def test_a_yes_is_looked_at_again_after_a_year_and_holds_meanwhile(evening: datetime) -> None:
    people = cast(evening)
    row = _named(evening, answered_by="Cora")
    later = evening + timedelta(days=366)
    with time_machine.travel(later, tick=False):
        assert not _bare(later)
        cora = sign_in(people["cora"])
        assert (
            "Ask once more whether it still holds: Dee" in cora.get("/program/").content.decode()
        )
        said = {"spoke-answered_by": "Ida"}
        assert cora.post(f"/program/coverage/{row.pk}/spoke/", said).status_code == 302
        assert "Ask once more" not in cora.get("/program/").content.decode()


@pytest.mark.django_db
@pytest.mark.anydb
def test_pages_say_what_is_wrong_and_lose_nothing(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        row, cora = _named(evening), sign_in(cast(evening)["cora"])
        here = f"/program/coverage/{row.pk}/"
        wrong: list[tuple[str, dict[str, str], str]] = [
            ("", {"kind": "line", "label": "", "phone": "1"}, "There is a problem"),
            ("spoke/", {}, "There is a problem"),
            ("ask/", {"ask-email": "nobody"}, "There is a problem"),
            ("away/", {"away-first_on": "2020-01-01"}, "within the next two years"),
            ("away/", {"away-first_on": "2026-12-02", "away-last_on": "2026-12-01"}, "not before"),
            ("away/", {"away-first_on": "2026-12-02", "away-instead": "Eli"}, "Write the number"),
            ("away/", {"away-first_on": "2026-12-02", "away-instead_phone": "555-1"}, "Write who"),
        ]
        for address, data, said in wrong:
            answer = cora.post(here + address, data)
            assert answer.status_code == 400, address
            assert said in answer.content.decode(), (address, data)
        assert not Away.objects.exists()
        changed = {
            "kind": "team", "label": "Team", "phone": "555-0109", "weekday": "2", "rung": "2",
            "starts": "08:00", "ends": "17:00", "first_on": "", "until": "",
        }  # fmt: skip
        answer = cora.post(here, changed)
        assert answer.status_code == 400
        assert "They said yes to other hours." in answer.content.decode()
        assert cora.post(here, {**changed, "answered_by": "Ida"}).status_code == 302
        row.refresh_from_db()
        assert (row.label, row.weekday, row.rung, row.answer) == ("Team", 2, 2, "verified")
        assert row.answered_by == "Ida"
        # Another number is no new arrangement.
        assert cora.post(here, {**changed, "phone": "555-0110"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.anydb
def test_other_hours_need_another_yes(evening: datetime) -> None:
    row = _named(evening)
    what: dict[str, Any] = {
        "coverage": row.pk, "label": "Dee", "phone": "555-0101", "weekday": None, "first_on": None,
        "until": None, "kind": "person", "rung": 1, "starts": time(0), "ends": time(0),
        "by": SYSTEM, "now": evening,
    }  # fmt: skip
    services.change_coverage(**{**what, "label": "Dr. Dee"})
    assert _labels(evening) == ["Dr. Dee"]
    services.change_coverage(**{**what, "ends": time(23)})
    assert _labels(evening) == []
    services.change_coverage(**{**what, "ends": time(22)})
    services.note_yes(coverage=row.pk, answered_by="Cora", by=SYSTEM, now=evening)
    assert _labels(evening) == ["Dee"]


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.parametrize(
    "wrong",
    [{"rung": 0}, {"rung": 4}, {"answered_on": None}, {"first_on": date(2027, 1, 1),
      "until": date(2026, 1, 1)}],
)  # fmt: skip
def test_the_database_holds_what_an_entry_is(evening: datetime, wrong: dict[str, Any]) -> None:
    row = _named(evening)
    with pytest.raises(IntegrityError), transaction.atomic():
        Coverage.objects.filter(pk=row.pk).update(**wrong)
    for away in ({"instead": "Eli"}, {"instead_phone": "1"}, {"last_on": date(2026, 1, 1)}):
        what = {"coverage": row, "first_on": date(2026, 2, 1), "last_on": date(2026, 2, 1), **away}
        with pytest.raises(IntegrityError), transaction.atomic():
            Away.objects.create(**what)


@pytest.mark.django_db
@pytest.mark.anydb
def test_no_hours_on_days_away_and_published_ones_are_named(evening: datetime) -> None:
    people = cast(evening)
    row = _named(evening)
    away: dict[str, Any] = {
        "coverage": row.pk,
        "instead": "",
        "instead_phone": "",
        "by": SYSTEM,
        "now": evening,
    }
    tuesday = date(2026, 11, 24)
    common: dict[str, Any] = {
        "supporter": people["priya"], "last_on": None, "starts": time(17), "ends": time(19),
        "place": "Room 214", "minutes": 30, "by": people["priya"], "now": evening,
    }  # fmt: skip
    services.add_away(first_on=tuesday, last_on=tuesday, **away)

    _rule, refused = hours.publish_weekly(first_on=tuesday, request_key=ids.new_id(), **common)

    assert len(refused) == 1
    (shift,) = Shift.objects.all()
    assert shift.local_date == tuesday + timedelta(days=7)
    with time_machine.travel(evening, tick=False):
        cora = sign_in(people["cora"])
        said = "Published hours that nobody stands behind"
        assert said not in cora.get("/program/").content.decode()
        services.add_away(first_on=shift.local_date, last_on=shift.local_date, **away)
        assert said in cora.get("/program/").content.decode()
