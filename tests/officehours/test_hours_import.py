"""Hours kept elsewhere are taken over: from a spreadsheet and from calendars, all or nothing."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Person
from officehours import hours_files
from officehours.hours_files import read
from officehours.models import Assignment, Rule, Shift, SkippedDay
from peersupport.core import sheets
from peersupport.core.outbox.models import Outgoing
from program.models import Coverage
from program.services import add_holiday
from tests.journeys.story import stand_behind
from tests.people import cast, hours_of, sign_in

ZONE = ZoneInfo("America/New_York")
TODAY = date(2026, 11, 23)  # a Monday
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
GOOD = """E-mail;Weekday;Start;End;Room;How;From;Until
sol@school.example;Tuesdays;5:30pm;7:30pm;Room 214;in person;;
priya@school.example;2026-12-03;17:00;19:00;Room 9;"in person, zoom";;
Marcus@School.example;Fri;noon;1pm;;;2026-12-01;2027-05-28
"""


def _read(text: str, **more: Any) -> hours_files.Timetable:
    given: dict[str, Any] = {"today": TODAY, "zone": ZONE, "place": "Room 1", **more}
    return read(text.encode(), **given)


def test_a_spreadsheet_is_read_however_it_was_written() -> None:
    found = _read(GOOD)

    assert found.wrong == ()
    sol, priya, marcus = found.entries
    assert (sol.weekday, sol.starts, sol.ends, sol.place) == (
        1,
        time(17, 30),
        time(19, 30),
        "Room 214",
    )
    assert sol.first_on == date(2026, 11, 24)
    assert (priya.weekday, priya.first_on) == (None, date(2026, 12, 3))
    assert priya.ways == "in person,video"
    assert (marcus.email, marcus.place) == ("marcus@school.example", "Room 1")
    assert (marcus.first_on, marcus.last_on) == (date(2026, 12, 4), date(2027, 5, 28))
    assert (marcus.starts, marcus.ends) == (time(12), time(13))


def test_the_example_on_the_page_can_be_read() -> None:
    assert _read(hours_files.EXAMPLE).wrong == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",Tuesday,17:00,18:00,R", "address is missing"),
        ("a@b.example,,17:00,18:00,R", "day is missing"),
        ("a@b.example,Someday,17:00,18:00,R", "is no day"),
        ("a@b.example,2026-13-01,17:00,18:00,R", "is no day"),
        ("a@b.example,Tuesday,late,18:00,R", "is no time"),
        ("a@b.example,Tuesday,25:00,18:00,R", "is no time"),
        ("a@b.example,Tuesday,13pm,18:00,R", "is no time"),
        ("a@b.example,Tuesday,17:00,17:00,R", "are the same"),
        ("a@b.example,Tuesday,17:00,18:00," + "R" * 81, "longer than 80"),
        ("a@b.example,Tuesday,17:00,18:00,R,telepathy", "no way to meet"),
        ("a@b.example,Tuesday,17:00,18:00,R,video,7", "A talk lasts"),
    ],
)
def test_a_wrong_row_is_said_with_its_line(row: str, said: str) -> None:
    found = _read(f"email,day,start,end,place,ways,minutes\n\n{row}\n")

    assert [one.line for one in found.wrong] == [3]
    assert said in found.wrong[0].words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "email,day\na,b",
        "name\nSol",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT",
        "\0\0",
        "email,day,start,end\n",
    ],
)
def test_what_is_no_timetable_is_refused(text: str) -> None:
    with pytest.raises(sheets.Unreadable):
        _read(text)


def test_too_many_rows_are_refused() -> None:
    row = "a@b.example,Tuesday,17:00,18:00,R\n"
    with pytest.raises(sheets.Unreadable):
        _read("email,day,start,end,place\n" + row * (hours_files.MOST_ROWS + 1))


def _ics(*events: str) -> str:
    inner = "".join(
        f"BEGIN:VEVENT\r\nUID:u{n}\r\n{e}\r\nEND:VEVENT\r\n" for n, e in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{inner}END:VCALENDAR\r\n"


def _event(
    *more: str,
    start: str = "DTSTART;TZID=America/New_York:20260901T173000",
    end: str = "DTEND;TZID=America/New_York:20260901T193000",
) -> str:
    return "\r\n".join([start, end, "ORGANIZER:mailto:sol@school.example", *more])


def test_a_calendar_that_repeats_becomes_weekly_hours() -> None:
    found = _read(
        _ics(
            _event(
                "RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270528T035959Z",
                "EXDATE;TZID=America/New_York:20261126T173000",
                "LOCATION:Room 214",
                "SUMMARY:Ana and Sol",
                "ATTENDEE:mailto:ana@school.example",
            )
        )
    )

    assert found.wrong == ()
    tuesday, thursday = found.entries
    assert (tuesday.weekday, tuesday.first_on) == (1, date(2026, 11, 24))
    assert (thursday.weekday, thursday.first_on) == (3, date(2026, 11, 26))
    assert tuesday.last_on == date(2027, 5, 27)
    assert thursday.skipped == (date(2026, 11, 26),)
    assert tuesday.place == "Room 214"
    assert "ana" not in repr(found).lower()


def test_times_of_other_zones_are_the_programs_wall_time() -> None:
    late = _event(
        "RRULE:FREQ=WEEKLY;BYDAY=WE",
        start="DTSTART:20260902T013000Z",  # Tuesday evening in New York
        end="DTEND:20260902T023000Z",
    )
    (entry,) = _read(_ics(late)).entries
    assert (entry.weekday, entry.starts) == (1, time(21, 30))
    floating = _event(start="DTSTART:20261201T173000", end="DTEND:20261201T183000")
    (entry,) = _read(_ics(floating)).entries
    assert (entry.weekday, entry.first_on, entry.starts) == (None, date(2026, 12, 1), time(17, 30))


def test_a_count_ends_and_a_moved_day_is_that_day_alone() -> None:
    master = _event("RRULE:FREQ=WEEKLY;COUNT=14")
    moved = _event(
        "RECURRENCE-ID;TZID=America/New_York:20261124T173000",
        start="DTSTART;TZID=America/New_York:20261125T170000",
        end="DTEND;TZID=America/New_York:20261125T190000",
    ).replace("UID", "X-UID")
    text = _ics(master, moved).replace("UID:u1", "UID:u0")
    weekly, once = _read(text).entries
    assert weekly.last_on == date(2026, 12, 1)
    assert weekly.skipped == (date(2026, 11, 24),)
    assert (once.weekday, once.first_on) == (None, date(2026, 11, 25))


def _ahead(*more: str, **other: str) -> str:
    start = "DTSTART;TZID=America/New_York:20261201T173000"
    end = "DTEND;TZID=America/New_York:20261201T193000"
    return _event(*more, **{"start": start, "end": end, **other})


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (_event(start="DTSTART;VALUE=DATE:20261201", end="DTEND;VALUE=DATE:20261202"), "all day"),
        (_event("RRULE:FREQ=MONTHLY"), "every week"),
        (_event("RRULE:FREQ=WEEKLY;INTERVAL=2"), "every week"),
        (_event("RRULE:FREQ=WEEKLY;BYDAY=1TU"), "every week"),
        (_ahead(end="DTEND;TZID=America/New_York:20261201T173500"), "15 minutes"),
        (_ahead(end="SUMMARY:x"), "no end"),
        (_ahead().replace("ORGANIZER:mailto:sol@school.example", "SUMMARY:x"), "whose"),
        (_ahead("RDATE:20261203T170000"), "every week"),
        (_ahead("RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY"), "every week"),
        (_ahead("RRULE:FREQ=WEEKLY;UNTIL=soon"), "cannot read"),
        (_ahead("RRULE:FREQ=WEEKLY", "EXDATE:soon"), "cannot read"),
        (_ahead("RECURRENCE-ID:soon"), "cannot read"),
        (_ahead("RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T173000"), "a way we cannot read"),
        (_ahead(start="DTSTART:soon"), "cannot read"),
        (_ahead(end="DURATION:long"), "cannot read"),
        (_ahead(start="DTSTART;TZID=Mars/Base:20261201T173000"), "“Mars/Base”"),
    ],
)
def test_an_event_we_cannot_take_is_said_with_its_number(event: str, said: str) -> None:
    found = _read(_ics(_event("STATUS:CANCELLED"), event))
    assert [one.line for one in found.wrong] == [2]
    assert said in found.wrong[0].words


def test_what_is_over_stands_in_nobodys_way() -> None:
    """A calendar goes back years, with holidays and meetings that are no hours at all."""
    old = [
        _event(start="DTSTART;VALUE=DATE:20201224", end="DTEND;VALUE=DATE:20210102"),
        _event("RRULE:FREQ=MONTHLY;UNTIL=20240101T000000Z", start="DTSTART:20200901T173000Z",
               end="DTEND:20200901T193000Z"),
        _event(start="DTSTART:20200901T173000Z", end="SUMMARY:no end"),
    ]  # fmt: skip
    found = _read(_ics(*old, _ahead()))
    assert (len(found.entries), found.wrong, found.past) == (1, (), 3)


def test_a_day_left_out_as_a_whole_day_is_left_out() -> None:
    (weekly,) = _read(_ics(_ahead("RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20261208"))).entries
    assert weekly.skipped == (date(2026, 12, 8),)


def test_a_calendar_that_was_cut_off_is_refused() -> None:
    with pytest.raises(sheets.Unreadable, match="broken"):
        _read(_ics(_ahead(), _ahead())[:-60])


def _send(client: Client, text: str, name: str = "hours.csv", **more: str) -> Any:
    file = SimpleUploadedFile(name, text.encode())
    return client.post("/hours/program/import/", {"file": file, **more})


def _confirm(client: Client, shown: Any, **more: str) -> Any:
    page = shown.content.decode()
    fields = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page)[1]  # type: ignore[index]
        for name in ("parked", "seen")
    }
    return client.post("/hours/program/import/confirm/", {**fields, "is_agreed": "on", **more})


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    people = cast(evening)
    stand_behind(evening)
    return people


TWO = """email,day,start,end,place
sol@school.example,Tuesday,17:30,19:30,Room 214
priya@school.example,2026-12-03,17:00,19:00,Room 9
"""


def test_a_file_is_shown_then_published_and_again_doubles_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    with time_machine.travel(evening, tick=False):
        cora = sign_in(people["cora"])
        shown = _send(cora, TWO)
        assert shown.status_code == 200, shown.content.decode()
        assert not Rule.objects.exists()
        assert not Shift.objects.exists()
        assert not Outgoing.objects.exists()
        assert _confirm(cora, shown).status_code == 302
        assert Rule.objects.get().supporter == people["sol"]
        before = set(Shift.objects.values_list("pk", flat=True))
        assert len(before) == 3  # two Tuesdays, one Thursday
        assert Assignment.objects.filter(supporter=people["priya"]).count() == 1
        told = Outgoing.objects.filter(kind="hours-planned")
        assert set(told.values_list("recipient", flat=True)) == {
            people["sol"].pk,
            people["priya"].pk,
        }
        _confirm(cora, shown)
        again = _send(cora, TWO).content.decode()
        assert "There is nothing to do" in again
        assert set(Shift.objects.values_list("pk", flat=True)) == before
        assert Rule.objects.count() == 1


def test_of_a_file_with_one_wrong_line_nothing_is_published(
    people: dict[str, Person], evening: datetime
) -> None:
    with time_machine.travel(evening, tick=False):
        cora = sign_in(people["cora"])
        for line, said in {
            "ana@school.example,Tuesday,17:30,19:30,R": "Nobody who holds hours",
            "sol@school.example,Tuesday,18:00,19:00,R": "overlap",
            "sol@school.example,2026-11-20,18:00,19:00,R": "",
        }.items():
            answer = _send(cora, TWO + line + "\n")
            page = answer.content.decode()
            if said:
                assert answer.status_code == 400
                assert "Line 4" in page
                assert said in page
            assert not Rule.objects.exists()
        Coverage.objects.all().delete()
        answer = _send(cora, TWO)
        assert "Nobody stands behind" in answer.content.decode()
        assert not Shift.objects.exists()


def test_what_changed_since_the_preview_is_shown_again(
    people: dict[str, Person], evening: datetime
) -> None:
    with time_machine.travel(evening, tick=False):
        cora = sign_in(people["cora"])
        shown = _send(cora, TWO)
        add_holiday(
            name="Snow",
            first_on=date(2026, 11, 24),
            last_on=date(2026, 11, 24),
            by=people["cora"],
            now=evening,
        )
        answer = _confirm(cora, shown)
        assert answer.status_code == 409
        assert "Snow" in answer.content.decode()
        assert not Rule.objects.exists()
        assert _confirm(cora, answer).status_code == 302
        shown = _send(cora, TWO.replace("Tuesday", "Wednesday"))
        hours_of(people["sol"], datetime(2026, 11, 25, 22, 30, tzinfo=UTC))
        hours_of(people["sol"], datetime(2026, 12, 2, 22, 30, tzinfo=UTC))
        answer = _confirm(cora, shown)
        assert answer.status_code == 409
        assert "overlap" in answer.content.decode()


def test_a_preview_belongs_to_whoever_saw_it_and_asks_for_agreement(
    people: dict[str, Person], evening: datetime
) -> None:
    with time_machine.travel(evening, tick=False) as traveller:
        shown = _send(sign_in(people["cora"]), TWO)
        assert _confirm(sign_in(people["cora"]), shown, is_agreed="").status_code == 400
        page = _confirm(sign_in(people["cora"]), shown, parked="bm90aGluZw==")
        assert page.status_code == 400
        assert "too old or was incomplete" in page.content.decode()
        traveller.shift(3 * 3600)
        assert _confirm(sign_in(people["cora"]), shown).status_code == 400
        assert _send(sign_in(people["ida"]), TWO).status_code == 404
        assert not Rule.objects.exists()


def test_days_a_calendar_leaves_out_stay_out(people: dict[str, Person], evening: datetime) -> None:
    text = _ics(
        _event(
            "RRULE:FREQ=WEEKLY;BYDAY=TU",
            "EXDATE;TZID=America/New_York:20261124T173000",
            "LOCATION:https://zoom.example/j/1",
        )
    )
    with time_machine.travel(evening, tick=False):
        cora = sign_in(people["cora"])
        without = _send(cora, text, "cal.ics", whose="priya@school.example")
        assert "room is missing" in without.content.decode()
        shown = _send(cora, text.replace("https://zoom.example/j/1", "Room 3"), "cal.ics")
        assert _confirm(cora, shown).status_code == 302
        days = Shift.objects.values_list("local_date", flat=True)
        assert list(days) == [date(2026, 12, 1)]
        assert SkippedDay.objects.get().local_date == date(2026, 11, 24)


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04", b"BEGIN:VCALENDAR\nX"])
def test_a_broken_file_is_said(
    people: dict[str, Person], evening: datetime, content: bytes
) -> None:
    cora = sign_in(people["cora"])
    file = SimpleUploadedFile("x.csv", content)
    answer = cora.post("/hours/program/import/", {"file": file})
    assert answer.status_code == 400
    assert "There is a problem" in answer.content.decode()
    assert cora.post("/hours/program/import/", {}).status_code == 400
