"""Days away of counselors: who notes them, and that nothing is told, due or rung on them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from peersupport.core.audit.models import Entry
from program.models import Holiday
from program.queries import facts
from program.rules import Days, Window
from referrals import reading_rules, rules
from referrals.models import Counselor, DaysAway, Reading
from referrals.queries import ladder as ladder_reads
from referrals.queries import reading
from referrals.queries.duty import duty as duty_of
from referrals.services import duty
from referrals.services.ladder import ring_due
from tests.care import care_cast, sit_down
from tests.races.at_once import at_once
from tests.referrals.cases import reads
from tests.referrals.ladder_scene import (
    NEW_YORK,
    at,
    clear,
    hand_on,
    keys,
    ladder_cast,
    leave_out,
    on_call_line,
    referral,
    told,
)
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
TODAY = date(2026, 11, 23)
TUESDAY = at(11, 24, 10)
QUARTER = timedelta(minutes=15)


@acting_as("care")
def away(who: Counselor, first: date, last: date) -> DaysAway:
    """Let a counselor be away."""
    return DaysAway.objects.create(card=who.card, first_on=first, last_on=last)


# -- who notes them -------------------------------------------------------------------------------


def _post(client: Client, who: Counselor, first: str, last: str = "") -> Any:
    said = {"away-card": str(who.pk), "away-first_on": first, "away-last_on": last}
    return client.post("/care/duty/away/", said)


def test_each_notes_their_own_and_the_lead_everybodys(evening: datetime) -> None:
    cast = care_cast(evening)
    eli, dee = sit_down(cast["eli"], evening), sit_down(cast["dee"], evening)

    assert _post(eli, cast["eli"], "2026-11-24", "2026-11-26").status_code == 302
    assert _post(eli, cast["eli"], "2026-11-24", "2026-11-26").status_code == 302  # twice is once
    assert _post(eli, cast["dee"], "2026-11-24").status_code == 400  # not on their list
    assert _post(dee, cast["eli"], "2026-12-01").status_code == 302

    rows = DaysAway.objects.order_by("first_on").values_list("card__name", "first_on", "last_on")
    single = date(2026, 12, 1)
    assert list(rows) == [
        ("Eli", date(2026, 11, 24), date(2026, 11, 26)),
        ("Eli", single, single),
    ]
    assert Entry.objects.filter(verb="add days away").count() == 2
    page = eli.get("/care/duty/").content.decode()
    assert "Away Tuesday 24 November 2026 to Thursday 26 November 2026" in page

    row = DaysAway.objects.get(first_on=single)
    assert eli.post(f"/care/duty/away/{row.pk}/back/").status_code == 302
    mine = away(cast["dee"], single, single)
    assert eli.post(f"/care/duty/away/{mine.pk}/back/").status_code == 404
    assert eli.post(f"/care/duty/away/{row.pk}/back/").status_code == 404  # as one never there
    assert DaysAway.objects.filter(pk=mine.pk).exists()


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("", "", "First day away: choose a day."),
        ("2026-11-24", "2026-11-23", "Choose a day that is not before the first."),
        ("2026-11-20", "2026-11-22", "Choose days that are not over."),
        ("2036-11-20", "", "Choose a day within the next two years."),
        ("0001-01-01", "", "Choose a day within the next two years."),
        ("\0", "", "First day away: "),
    ],
)
def test_bad_days_are_said_beside_the_field(
    evening: datetime, first: str, last: str, said: str
) -> None:
    cast = care_cast(evening)
    page = _post(sit_down(cast["eli"], evening), cast["eli"], first, last)
    assert page.status_code == 400
    assert said in page.content.decode()
    assert not DaysAway.objects.exists()


def test_nobody_else_notes_days_whatever_a_form_says(evening: datetime) -> None:
    cast = care_cast(evening)
    days = {"first_on": TODAY, "last_on": TODAY, "now": evening}
    with pytest.raises(rules.NotAllowed):
        duty.add_away(card=cast["dee"].pk, by=cast["eli"], **days)  # type: ignore[arg-type]
    row = away(cast["dee"], TODAY, TODAY)
    with pytest.raises(rules.NotAllowed):
        duty.remove_away(away=row.pk, by=cast["eli"], now=evening)


def test_the_database_holds_days_in_order_and_once(evening: datetime) -> None:
    cast = care_cast(evening)
    with pytest.raises(IntegrityError), transaction.atomic():
        away(cast["eli"], TODAY, TODAY - timedelta(days=1))
    away(cast["eli"], TODAY, TODAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        away(cast["eli"], TODAY, TODAY)


@pytest.mark.django_db(transaction=True)
def test_two_who_note_the_same_days_at_once_note_them_once(evening: datetime) -> None:
    cast = care_cast(evening)
    days: dict[str, Any] = {"card": cast["eli"].pk, "first_on": TODAY, "last_on": TODAY}
    done = at_once(
        [
            lambda: duty.add_away(**days, by=cast["dee"], now=evening),
            lambda: duty.add_away(**days, by=cast["eli"], now=evening),
        ]
    )
    assert {getattr(one, "pk", one) for one in done} == {DaysAway.objects.get().pk}


def test_days_that_are_over_are_forgotten_after_a_week(evening: datetime) -> None:
    cast = care_cast(evening)
    away(cast["eli"], date(2026, 11, 10), date(2026, 11, 15))
    kept = away(cast["eli"], date(2026, 11, 10), date(2026, 11, 16))
    assert duty.forget_away(now=evening) == 1
    assert DaysAway.objects.get() == kept


def test_weekly_hours_have_a_first_and_a_last_day(evening: datetime) -> None:
    cast = care_cast(evening)
    eli = sit_down(cast["eli"], evening)
    said = {"card": str(cast["eli"].pk), "weekday": "1", "starts": "09:00", "ends": "17:00"}

    for first, last in (("2026-11-24", "2026-11-23"), ("", "2026-11-22"), ("2046-01-01", "")):
        page = eli.post("/care/duty/", {**said, "first_on": first, "last_on": last})
        assert page.status_code == 400
    done = eli.post("/care/duty/", {**said, "first_on": "2026-12-01", "last_on": "2026-12-01"})
    assert done.status_code == 302
    assert (
        "Tuesday, 9am to 5pm, Tuesday 1 December 2026" in eli.get("/care/duty/").content.decode()
    )
    row = Reading.objects.get()
    assert (row.first_on, row.last_on) == (date(2026, 12, 1), date(2026, 12, 1))
    days = {one.day: one for one in duty_of(evening, facts().zone).days}
    assert [day for day, one in days.items() if one.reads] == [date(2026, 12, 1)]


# -- what follows from them -----------------------------------------------------------------------


@pytest.mark.plane("web")
def test_students_are_told_no_time_on_days_away(evening: datetime) -> None:
    """As the web side reads them, which may not write any."""
    with acting_as("care"):
        cast = care_cast(evening)
        reads(cast["eli"].card, 1, 3)
        away(cast["eli"], date(2026, 11, 24), date(2026, 11, 24))
    windows = reading.windows(evening, NEW_YORK)
    assert reading_rules.next_reading(windows, evening, NEW_YORK) == at(11, 26, 9)
    plan = reading.plan(evening, NEW_YORK)
    assert plan.after(rules.Kind.STUDENT, evening, timedelta(hours=1)) == at(11, 26, 10)


def test_the_two_weeks_ahead_show_nobody(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["dee"].card, 1)
    reads(cast["eli"].card, 1)
    away(cast["eli"], date(2026, 11, 24), date(2026, 11, 24))
    days = {one.day: one for one in duty_of(evening, facts().zone).days}
    assert [one.name for one in days[date(2026, 11, 24)].reads] == ["Dee"]
    assert [one.name for one in days[date(2026, 12, 1)].reads] == ["Dee", "Eli"]


def test_one_absence_is_days_that_follow_one_another() -> None:
    days = [
        Days(date(2026, 11, 26), date(2026, 11, 27)),
        Days(date(2026, 11, 23), date(2026, 11, 25)),
        Days(date(2026, 11, 29), date(2026, 11, 29)),
    ]
    assert reading_rules.absence(days, date(2026, 11, 27)) == Days(
        date(2026, 11, 23), date(2026, 11, 27)
    )
    assert reading_rules.absence(days, date(2026, 11, 28)) is None
    assert reading_rules.absence([], date(2026, 11, 28)) is None


_day = st.integers(0, 13).map(lambda n: date(2026, 10, 26) + timedelta(days=n))
_days = st.lists(
    st.tuples(_day, st.integers(0, 4)).map(lambda d: Days(d[0], d[0] + timedelta(days=d[1]))),
    max_size=3,
)
_windows = st.lists(
    st.builds(
        Window,
        weekday=st.integers(0, 6),
        starts=st.integers(0, 23).map(time),
        ends=st.integers(0, 23).map(time),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(dee=_windows, eli=_windows, gone=_days, closed=_days, hours=st.integers(0, 14 * 24))
def test_read_is_what_somebody_reads_who_is_there_on_an_open_day(
    dee: list[Window], eli: list[Window], gone: list[Days], closed: list[Days], hours: int
) -> None:
    """Over the night in which the clocks go back, against the days written out."""
    moment = datetime(2026, 10, 26, 4, tzinfo=UTC) + timedelta(hours=hours, minutes=7)
    today = moment.astimezone(NEW_YORK).date()
    all_of_them = [*dee, *(replace(one, away=tuple(gone)) for one in eli)]
    windows = reading_rules.with_holidays(all_of_them, closed)

    def is_on(days: list[Days]) -> bool:
        return any(one.first <= today <= one.last for one in days)

    eli_there = not is_on(gone) and reading_rules.is_read_now(eli, moment, NEW_YORK)
    there = eli_there or reading_rules.is_read_now(dee, moment, NEW_YORK)
    assert reading_rules.is_read_now(windows, moment, NEW_YORK) == (there and not is_on(closed))
    begins = reading_rules.next_reading(windows, moment, NEW_YORK)
    assert begins is None or reading_rules.is_read_now(windows, begins, NEW_YORK)


# -- the ladder -----------------------------------------------------------------------------------


def _rings(first: datetime, *, urgency: str = "urgent", times: int = 4) -> list[set[Any]]:
    """Return whom each rung tells, one after the other."""
    found = []
    for number in range(times):
        ring_due(now=first + timedelta(minutes=30 * number))
        found.append(set(told()))
        clear()
    return found


def test_whoever_is_away_is_rung_by_no_rung() -> None:
    cast = ladder_cast()
    on_call_line()
    away(cast["dee"], TUESDAY.date(), TUESDAY.date())
    reads(cast["eli"].card, 1, starts="09:00", ends="12:00")
    referral(TUESDAY, urgency="urgent")
    assert _rings(TUESDAY) == [
        keys(cast["eli"]),
        keys(cast["eli"]),
        keys(cast["dee"]),  # the only lead: told though away, and not nobody
        {None},
    ]


def test_danger_at_night_rings_who_is_there_and_not_who_reads_next() -> None:
    cast = ladder_cast()
    night = at(11, 24, 23)
    away(cast["dee"], date(2026, 11, 24), date(2026, 11, 24))
    referral(night, kind="danger")
    ring_due(now=night)
    assert set(told()) == keys(cast["eli"])


def test_what_is_handed_to_somebody_away_the_lead_hears_at_once() -> None:
    cast = ladder_cast()
    away(cast["eli"], TUESDAY.date(), TUESDAY.date())
    row = referral(TUESDAY, urgency="urgent")
    hand_on(row, cast["eli"], TUESDAY)
    ring_due(now=TUESDAY)
    assert set(told()) == keys(cast["dee"])


@pytest.mark.parametrize("has_line", [True, False])
def test_where_everybody_is_away_somebody_is_told_all_the_same(*, has_line: bool) -> None:
    cast = ladder_cast()
    on_call_line() if has_line else None
    for one in cast.values():
        away(one, TUESDAY.date(), TUESDAY.date())
    row = referral(TUESDAY, kind="danger")
    leave_out(cast["dee"], row)
    ring_due(now=TUESDAY)
    assert set(told()) == keys(cast["eli"])


def test_the_ladder_knows_each_ones_hours_and_days() -> None:
    cast = ladder_cast()
    away(cast["eli"], date(2026, 11, 25), date(2026, 11, 26))
    with acting_as("owner"):
        Holiday.objects.create(
            name="Break", first_on=date(2026, 11, 27), last_on=date(2026, 11, 27)
        )
    known = {one.key: one for one in ladder_reads.known(at(11, 25, 8)).readers}
    assert known[cast["eli"].pk].is_away
    assert not known[cast["dee"].pk].is_away
    begins = reading_rules.next_reading(known[cast["eli"].pk].windows, at(11, 25, 8), NEW_YORK)
    assert begins == at(11, 30, 12)
