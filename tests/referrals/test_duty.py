"""When counselors read: own hours by each, all by the lead, and the two weeks to come."""

from datetime import date, datetime, time

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from peersupport.core.audit.models import Entry
from program.models import Holiday
from program.queries import facts
from referrals import rules
from referrals.models import Counselor, Reading
from referrals.queries.duty import duty as duty_of
from referrals.services import duty
from tests.care import care_cast, counselor, sit_down
from tests.referrals.cases import reads
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
NINE, FIVE = time(9), time(17)


def _add(client: Client, who: Counselor, day: int = 0, **more: str) -> int:
    said = {"card": str(who.pk), "weekday": str(day), "starts": "09:00", "ends": "17:00", **more}
    return client.post("/care/duty/", said).status_code


def test_each_sets_their_own_and_the_lead_everybodys(evening: datetime) -> None:
    cast = care_cast(evening)
    eli, dee = sit_down(cast["eli"], evening), sit_down(cast["dee"], evening)

    assert _add(eli, cast["eli"]) == 302
    assert _add(eli, cast["dee"]) == 400  # not on their list
    assert _add(dee, cast["eli"], 1) == 302
    assert _add(dee, cast["dee"], 2) == 302

    hours = Reading.objects.order_by("weekday").values_list("card__name", "weekday")
    assert list(hours) == [("Eli", 0), ("Eli", 1), ("Dee", 2)]
    # Who set whose hours is recorded, and is no grant of a role.
    assert set(Entry.objects.values_list("thing", flat=True)) == {"reading"}


def test_nobody_else_sets_hours_whatever_a_form_says(evening: datetime) -> None:
    cast = care_cast(evening)
    hours = {"weekday": 0, "starts": NINE, "ends": FIVE, "now": evening}
    row = duty.add_hours(card=cast["dee"].pk, by=cast["dee"], **hours)  # type: ignore[arg-type]

    with pytest.raises(rules.NotAllowed):
        duty.add_hours(card=cast["dee"].pk, by=cast["eli"], **hours)  # type: ignore[arg-type]
    with pytest.raises(rules.NotAllowed):
        duty.remove_hours(hours=row.pk, by=cast["eli"], now=evening)
    cast["dee"].state = Counselor.State.ENDED
    with pytest.raises(rules.NotAllowed):
        duty.add_hours(card=cast["dee"].pk, by=cast["dee"], **hours)  # type: ignore[arg-type]


def test_the_same_hours_twice_are_there_once(evening: datetime) -> None:
    cast = care_cast(evening)
    eli = sit_down(cast["eli"], evening)
    assert [_add(eli, cast["eli"]), _add(eli, cast["eli"])] == [302, 302]
    assert Reading.objects.count() == 1


def test_hours_end_after_they_begin(evening: datetime) -> None:
    cast = care_cast(evening)
    page = sit_down(cast["eli"], evening).post(
        "/care/duty/",
        {"card": str(cast["eli"].pk), "weekday": "0", "starts": "17:00", "ends": "09:00"},
    )
    assert page.status_code == 400
    assert "Choose a time after the start." in page.content.decode()


def test_a_colleagues_hours_and_none_are_the_same(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["dee"].card, 0)
    row = Reading.objects.get()
    eli = sit_down(cast["eli"], evening)

    assert eli.post(f"/care/duty/{row.pk}/remove/").status_code == 404
    assert eli.post(f"/care/duty/{cast['eli'].pk}/remove/").status_code == 404
    assert sit_down(cast["dee"], evening).post(f"/care/duty/{row.pk}/remove/").status_code == 302
    assert not Reading.objects.exists()


def test_two_weeks_ahead_with_holidays_and_gaps(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["dee"].card, 1, starts="09:00", ends="12:00")
    reads(cast["eli"].card, 1, 3, starts="11:00", ends="17:00")
    holiday = date(2026, 11, 26)
    with acting_as("owner"):
        Holiday.objects.create(name="Thanksgiving", first_on=holiday, last_on=holiday)

    days = {one.day: one for one in duty_of(evening, facts().zone).days}

    assert len(days) == 14
    tuesday, thursday = days[date(2026, 11, 24)], days[holiday]
    assert [one.name for one in tuesday.reads] == ["Dee", "Eli"]
    assert [(g.start.hour, g.end.hour) for g in tuesday.gaps] == [(5, 14), (22, 5)]  # UTC
    assert (thursday.holiday, thursday.reads) == ("Thanksgiving", ())
    assert [one.name for one in days[date(2026, 12, 3)].reads] == ["Eli"]
    assert days[date(2026, 11, 25)].reads == ()

    page = sit_down(cast["eli"], evening).get("/care/duty/").content.decode()
    assert "Thanksgiving: <strong>nobody</strong>" in page
    assert "9am to noon Dee" in page


def test_whoever_has_left_reads_no_more(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, 0)
    Counselor.objects.filter(pk=cast["eli"].pk).update(state=Counselor.State.ENDED)

    found = duty_of(evening, facts().zone)

    assert [one.name for one in found.readers] == ["Dee"]
    assert not any(one.reads for one in found.days)


def test_many_hours_ask_no_more_queries(
    evening: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    care_cast(evening)
    for number in range(20):
        reads(counselor(f"C{number}", evening).card, *range(7))
    zone = facts().zone
    with django_assert_num_queries(4):
        assert len(duty_of(evening, zone).readers) == 22
