"""Calendars: the public feed, the file of one event, and what one's own feed says of events."""

import threading
import time
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client

from accounts.models import Person
from accounts.services.calendar import new_feed
from events.models import Event, Invited, Rsvp
from events.rules import Going, State, Visibility
from events.views import calendars
from peersupport.core import clock, ical
from peersupport.portal import feeds
from tests.core import calendar_reader
from tests.events.scene import event, rsvp
from tests.people import cast, hours_of, sign_in
from tests.reminders.ground import put_in_class
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
PUBLIC = "/events/calendar.ics"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_body_kept() -> None:
    calendars._last.clear()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often a calendar is really written, and of how many entries."""
    count: list[int] = []
    real = ical.written

    def counting(entries: Any, *, name: str = "") -> bytes:
        known = list(entries)
        count.append(len(known))
        return real(known, name=name)

    monkeypatch.setattr(ical, "written", counting)
    return count


def _public(now: datetime, **more: Any) -> Event:
    return event(now, visibility=Visibility.PUBLIC, **more)


def _at(now: datetime, **headers: str) -> Any:
    with time_machine.travel(now, tick=False):
        return Client().get(PUBLIC, headers=headers)


def _entries(answer: Any) -> list[dict[str, str]]:
    return calendar_reader.read(answer.content)


# -- the public feed ------------------------------------------------------------------------------
def test_everybody_reads_what_is_public_and_nothing_else(evening: datetime) -> None:
    _public(evening, title="Yoga, gently", place="Atrium; east")
    event(evening, title="For students")
    event(evening, title="By address", visibility=Visibility.PRIVATE)
    event(evening, title="Discreet", is_sensitive=True)
    _public(evening, title="Not yet", state=State.DRAFT)

    answer = _at(evening)

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    (entry,) = _entries(answer)
    assert (entry["SUMMARY"], entry["LOCATION"]) == ("Yoga, gently", "Atrium; east")
    assert (entry["CLASS"], entry["STATUS"]) == ("PUBLIC", "CONFIRMED")
    assert answer.cookies == {}
    assert "Cookie" not in answer.get("Vary", "")
    assert answer["Cache-Control"] == "public, no-cache"


def test_a_cancelled_event_is_shown_as_such_for_thirty_days(evening: datetime) -> None:
    row = _public(evening, starts_at=evening + 50 * DAY)
    Event.objects.filter(pk=row.pk).update(
        state=State.CANCELLED, cancelled_at=evening, sequence=1, facts_at=evening
    )

    (entry,) = _entries(_at(evening + 29 * DAY))
    assert (entry["STATUS"], entry["SEQUENCE"], entry["UID"]) == ("CANCELLED", "1", str(row.pk))
    assert _entries(_at(evening + 30 * DAY)) == []


def test_the_facts_that_changed_have_a_new_date_and_the_same_name(evening: datetime) -> None:
    row = _public(evening)
    (before,) = _entries(_at(evening))
    Event.objects.filter(pk=row.pk).update(
        sequence=1, facts_at=evening + HOUR, starts_at=row.starts_at - HOUR
    )
    (after,) = _entries(_at(evening + HOUR))

    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("0", "1")
    assert (before["LAST-MODIFIED"], after["LAST-MODIFIED"]) == (
        "20261123T221000Z",
        "20261123T231000Z",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"place": "Elsewhere"},
        {"visibility": Visibility.STUDENTS},
        {"state": State.DRAFT},
        {"starts_at": datetime(2026, 11, 26, 20, tzinfo=clock.UTC)},
        {"sequence": 1},
    ],
)
def test_it_is_the_same_until_something_changes(
    change: dict[str, Any], evening: datetime, written: list[int]
) -> None:
    row = _public(evening)
    first = _at(evening + MINUTE)

    for minute in range(2, 5):
        again = _at(evening + minute * MINUTE, if_none_match=first["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
    assert _at(evening + HOUR).content == first.content
    assert written == [1]

    Event.objects.filter(pk=row.pk).update(**change)
    changed = _at(evening + HOUR, if_none_match=first["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert len(written) == 2


def test_who_knows_only_the_date_gets_304_until_something_changes(evening: datetime) -> None:
    """Also when what changed is gone by that, and says nothing of when."""
    row = _public(evening)
    fresh = _at(evening)
    assert "Last-Modified" not in fresh  # another change could still fall into this second

    first = _at(evening + MINUTE)
    assert parsedate_to_datetime(first["Last-Modified"]) == evening
    since = {"if_modified_since": first["Last-Modified"]}
    assert _at(evening + HOUR, **since).status_code == 304

    Event.objects.filter(pk=row.pk).delete()
    gone = _at(evening + 2 * HOUR, **since)
    assert (gone.status_code, _entries(gone)) == (200, [])


def test_five_hundred_take_one_query_with_and_without_the_body(
    evening: datetime, written: list[int], django_assert_num_queries: Any
) -> None:
    for number in range(3):
        _public(evening, starts_at=evening + number * HOUR)
    copies = [
        Event(**{**{f.attname: getattr(row, f.attname) for f in Event._meta.fields}, "id": None})
        for row in Event.objects.all()
    ]
    from peersupport.core import ids

    for _ in range(166):
        for copy in copies:
            copy.pk = ids.new_id()
        Event.objects.bulk_create(copies)

    with django_assert_num_queries(1):
        whole = _at(evening + MINUTE)
    with django_assert_num_queries(1):
        nothing = _at(evening + MINUTE, if_none_match=whole["ETag"])

    assert len(_entries(whole)) == 501
    assert nothing.status_code == 304
    assert written == [501]


def test_head_says_the_same_without_a_body(evening: datetime) -> None:
    _public(evening)
    with time_machine.travel(evening + MINUTE, tick=False):
        head, get = Client().head(PUBLIC), Client().get(PUBLIC)

    assert head.content == b""
    assert head["ETag"] == get["ETag"]


# -- one event ------------------------------------------------------------------------------------
def _file(client: Client, row: Event) -> Any:
    return client.get(f"/events/{row.pk}/calendar.ics")


def test_a_public_event_is_a_file_for_everybody(evening: datetime) -> None:
    row = _public(clock.now(), title="Yoga")

    answer = _file(Client(), row)

    (entry,) = _entries(answer)
    assert (entry["SUMMARY"], entry["UID"]) == ("Yoga", str(row.pk))
    assert entry["URL"].endswith(f"/events/{row.pk}/")
    assert answer["Content-Disposition"] == 'attachment; filename="event.ics"'


@pytest.mark.parametrize("is_sensitive", [False, True])
def test_any_other_is_a_neutral_file_for_whoever_may_see_it(is_sensitive: bool) -> None:
    now = clock.now()
    people = cast(now)
    row = event(now, title="Grief canary", place="Basement", is_sensitive=is_sensitive)
    rsvp(row, people["ana"], now)
    put_in_class(people["ben"], "M1")
    Invited.objects.create(event=row, class_name="M4")

    answer = _file(sign_in(people["ana"]), row)

    (entry,) = _entries(answer)
    assert (entry["SUMMARY"], entry["CLASS"]) == ("Appointment", "PRIVATE")
    assert answer["Content-Disposition"] == 'attachment; filename="appointment.ics"'
    assert "no-store" in answer["Cache-Control"]
    for word in ("canary", "Basement", str(row.pk), row.pk.hex, "school", "event"):
        assert word not in answer.content.decode()
    for other in ("ben", "ida"):
        assert _file(sign_in(people[other]), row).status_code == 404
    assert _file(Client(), row)["Location"].startswith("/accounts/sign-in/")


def test_a_draft_has_no_file_although_it_is_public() -> None:
    row = _public(clock.now(), state=State.DRAFT)

    assert _file(Client(), row).status_code == 302


# -- one's own feed -------------------------------------------------------------------------------
def _own(person: Person) -> list[dict[str, str]]:
    answer = Client().get(f"/calendar/{new_feed(person=person)}.ics")
    return calendar_reader.read(answer.content)


def _book(person: Person, supporter: Person, now: datetime) -> None:
    from officehours.services import booking
    from officehours.services.booking import Slot
    from peersupport.core import ids

    hours = hours_of(supporter, now + HOUR)
    booking.book(
        person=person,
        slot=Slot(hours.pk, hours.starts_at),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
    )


def test_ones_own_feed_joins_visits_and_events_under_one_title() -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    _book(people["ana"], people["priya"], now)
    public, hidden = _public(now, title="Yoga canary"), event(now, is_sensitive=True)
    for row in (public, hidden):
        rsvp(row, people["ana"], now)
    for state in (Going.WAITING, Going.LEFT, Going.DECLINED):
        rsvp(event(now, title="Not mine"), people["ana"], now, state, number=1)
    rsvp(public, people["ben"], now)

    entries = _own(people["ana"])

    assert [entry["SUMMARY"] for entry in entries] == ["Appointment"] * 3
    assert {entry["CLASS"] for entry in entries} == {"PRIVATE"}
    assert {name for entry in entries for name in entry} == set(entries[0])
    assert len({entry["UID"] for entry in entries}) == 3
    (ben,) = _own(people["ben"])
    assert ben["UID"] not in {entry["UID"] for entry in entries}
    (again,) = (e for e in _own(people["ana"]) if e["DTSTART"] == entries[0]["DTSTART"])
    assert again["UID"] == entries[0]["UID"]


def test_a_cancelled_one_is_shown_as_such_until_it_is_forgotten() -> None:
    now = clock.now().replace(microsecond=0)
    ana = cast(now)["ana"]
    row = event(now)
    rsvp(row, ana, now)
    (before,) = _own(ana)
    Event.objects.filter(pk=row.pk).update(
        state=State.CANCELLED, cancelled_at=now, sequence=1, facts_at=now
    )

    (after,) = _own(ana)
    assert (after["STATUS"], after["SEQUENCE"]) == ("CANCELLED", "1")
    assert after["UID"] == before["UID"]
    with time_machine.travel(row.forget_at, tick=False):
        assert _own(ana) == []


def test_the_file_and_the_feed_name_the_same_event_alike() -> None:
    now = clock.now()
    ana = cast(now)["ana"]
    row = event(now)
    rsvp(row, ana, now)

    (file,) = _entries(_file(sign_in(ana), row))
    assert _own(ana) == [file]


def test_ones_own_feed_asks_as_much_for_many_as_for_one(
    django_assert_max_num_queries: Any,
) -> None:
    now = clock.now()
    people = cast(now)
    _book(people["ana"], people["priya"], now)
    for number in range(12):
        rsvp(event(now, starts_at=now + DAY + number * HOUR), people["ana"], now)
    address = f"/calendar/{new_feed(person=people['ana'])}.ics"
    Client().get(address)

    with django_assert_max_num_queries(6):
        answer = Client().get(address)

    assert len(_entries(answer)) == 13


def test_ones_own_feed_is_304_until_something_changes() -> None:
    now = clock.now()
    ana = cast(now)["ana"]
    row = event(now)
    rsvp(row, ana, now)
    address = f"/calendar/{new_feed(person=ana)}.ics"
    first = Client().get(address)

    again = Client().get(address, headers={"if-none-match": first["ETag"]})
    Rsvp.objects.update(state=Going.LEFT)
    changed = Client().get(address, headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, _entries(changed)) == (200, [])


def _read_at_once(now: datetime) -> list[str]:
    """Let four people read their own feeds in four threads; return who got another's entries."""
    people = cast(now)
    mine: dict[str, str] = {}
    for number, who in enumerate(("ana", "ben", "priya", "sol")):
        row = event(now, starts_at=now + DAY + number * HOUR)
        rsvp(row, people[who], now)
        mine[f"/calendar/{new_feed(person=people[who])}.ics"] = row.starts_at.strftime("%H%M%S")
    wrong: list[str] = []
    barrier = threading.Barrier(len(mine))

    def read(address: str, begins: str) -> None:
        try:
            with acting_as("web"):
                barrier.wait(10)
                for _ in range(6):
                    entries = _entries(Client().get(address))
                    if [entry["DTSTART"][9:15] for entry in entries] != [begins]:
                        wrong.append(address)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=read, args=item) for item in mine.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return wrong


@pytest.mark.django_db(transaction=True)
def test_two_who_read_at_once_never_get_each_others_calendar() -> None:
    """With threads, as one process answers: nothing of one reader is left for the other."""
    assert _read_at_once(clock.now()) == []


@pytest.mark.django_db(transaction=True)
def test_control_one_object_for_all_readers_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that keeps its reader on itself, as such things are often written."""
    real, shared = feeds.entries_of, SimpleNamespace(person=None)

    def careless(person: Person, now: datetime) -> Any:
        shared.person = person
        time.sleep(0.005)
        return real(shared.person, now)

    monkeypatch.setattr(feeds, "entries_of", careless)

    assert _read_at_once(clock.now()) != []
