"""The feed of one's own times: valid, neutral, silent about who and when it was read."""

import logging
import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from accounts.models import CalendarFeed, Person
from accounts.services.calendar import end_feed, new_feed
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import clock, ids
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _booked(people: dict[str, Person], now: datetime) -> Any:
    hours = hours_of(people["priya"], now + timedelta(hours=1))
    return booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at),
        name="called-canary",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
    )


def _now() -> datetime:
    return clock.now().replace(second=0, microsecond=0)


def test_it_holds_my_own_time_and_says_nothing_about_it() -> None:
    now = _now()
    people = cast(now)
    visit = _booked(people, now)
    token = new_feed(person=people["ana"])

    answer = Client().get(f"/calendar/{token}.ics")

    assert answer["Content-Type"].startswith("text/calendar")
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event["summary"]) == "Appointment"
    assert event.decoded("dtstart") == visit.starts_at
    assert event.decoded("dtend") == visit.ends_at
    text = answer.content.decode()
    for word in ("Room", "Priya", "Ana", "canary", "school", "support", visit.pk.hex[:8]):
        assert word not in text
    other = Client().get(f"/calendar/{new_feed(person=people['ben'])}.ics")
    assert not Calendar.from_ical(other.content).walk("VEVENT")


def test_it_sets_no_cookie_and_answers_304() -> None:
    now = _now()
    people = cast(now)
    _booked(people, now)
    token = new_feed(person=people["ana"])

    first = Client().get(f"/calendar/{token}.ics")
    again = Client().get(f"/calendar/{token}.ics", headers={"if-none-match": first["ETag"]})

    assert (first.cookies, again.cookies) == ({}, {})
    assert (again.status_code, again.content) == (304, b"")
    assert "Cookie" not in first.get("Vary", "")
    assert first["Referrer-Policy"] == "no-referrer"
    booking.cancel(person=people["ana"], visit=_visit(), now=now)
    changed = Client().get(f"/calendar/{token}.ics", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert not Calendar.from_ical(changed.content).walk("VEVENT")


def _visit() -> Any:
    from officehours.models import Visit

    return Visit.objects.get()


def test_wrong_old_and_revoked_are_the_same_missing_page() -> None:
    ana = cast(_now())["ana"]
    old = new_feed(person=ana)
    new = new_feed(person=ana)
    assert Client().get(f"/calendar/{new}.ics").status_code == 200
    wrong = [Client().get(f"/calendar/{token}.ics") for token in (old, "x" * 43)]
    end_feed(person=ana)
    wrong.append(Client().get(f"/calendar/{new}.ics"))
    gone = new_feed(person=ana)
    Person.objects.filter(pk=ana.pk).update(is_active=False)
    wrong.append(Client().get(f"/calendar/{gone}.ics"))

    assert [answer.status_code for answer in wrong] == [404] * 4
    assert len({answer.content for answer in wrong}) == 1


def test_only_a_mark_is_kept_and_the_address_is_shown_once() -> None:
    ana = cast(_now())["ana"]
    client = sign_in(ana)

    shown = client.post("/accounts/calendar/").content.decode()
    found = re.search(r"/calendar/([\w-]{43})\.ics", shown)
    assert found
    assert Client().get(f"/calendar/{found[1]}.ics").status_code == 200
    assert found[1] not in client.get("/accounts/calendar/").content.decode()
    assert found[1].encode() not in bytes(CalendarFeed.objects.get().mark)
    client.post("/accounts/calendar/end/")
    assert not CalendarFeed.objects.exists()


def test_a_reading_leaves_the_day_and_only_the_first_of_a_day_writes(
    django_assert_num_queries: Any,
) -> None:
    ana = cast(_now())["ana"]
    token = new_feed(person=ana)

    for hour in (9, 15):
        with time_machine.travel(datetime(2026, 11, 24, hour, 7, tzinfo=clock.UTC), tick=False):
            Client().get(f"/calendar/{token}.ics")
    feed = CalendarFeed.objects.get()
    assert str(feed.used_on) == "2026-11-24"
    fields = {field.name for field in CalendarFeed._meta.local_fields}
    assert fields == {"id", "person", "mark", "used_on"}
    from accounts.services.calendar import read_feed

    with django_assert_num_queries(1):
        read_feed(token=token, today=date(2026, 11, 24))


def test_the_logs_do_not_know_the_token(caplog: pytest.LogCaptureFixture) -> None:
    token = new_feed(person=cast(_now())["ana"])

    with caplog.at_level(logging.DEBUG):
        Client().get(f"/calendar/{token}.ics")
        Client().get(f"/calendar/{token[:-1]}x.ics")

    for record in caplog.records:
        if not record.name.startswith("django.db"):
            assert token[:20] not in record.getMessage()
