"""Whatever a calendar holds, it is read or refused in words: never a fault of ours."""

from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from officehours import hours_files
from peersupport.core import agendas, sheets
from program.calendar_files import Ground, read

NEW_YORK = ZoneInfo("America/New_York")
TODAY = date(2026, 11, 24)
_VALUES = [
    "20261201T170000", "20261201T170000Z", "20261201", "20200101T000000", "00010101T000000",
    "99991231T235959", "soon", "", "20261201T170000/PT2H", "20261332T250000",
]  # fmt: skip
_TIMED = ["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"]
_KINDS = ["", ";VALUE=DATE", ";TZID=America/New_York", ";TZID=Mars/Base", ";RANGE=THISANDFUTURE",
          ";VALUE=PERIOD"]  # fmt: skip
_RULES = [
    "FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=0;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYDAY=TU,2TH",
    "FREQ=YEARLY;COUNT=-1", "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO", "FREQ=HOURLY", "", "x",
    "FREQ=WEEKLY;UNTIL=20270101", "FREQ=WEEKLY;UNTIL=00010101T000000Z", "FREQ=WEEKLY;COUNT=0",
    "COUNT=3", "FREQ=DAILY;BYWEEKNO=54", "FREQ=WEEKLY;INTERVAL=99999999",
]  # fmt: skip
_times = st.builds("{}{}:{}".format, *map(st.sampled_from, (_TIMED, _KINDS, _VALUES)))
_rules = st.sampled_from(_RULES).map("RRULE:{}".format)
_others = st.sampled_from([
    "SUMMARY:Exam", "SUMMARY:", "UID:a", "UID:", "DURATION:PT2H", "DURATION:-P1D", "DURATION:x",
    "STATUS:CANCELLED", "ORGANIZER:mailto:sol@school.example", "LOCATION:Room 214", "GARBAGE",
    "X-A;B=C:D", "BEGIN:VALARM", "END:VALARM", "END:VEVENT", "BEGIN:VTIMEZONE",
])  # fmt: skip
_event = st.lists(st.one_of(_times, _times, _rules, _others), max_size=9)


def _file(events: list[list[str]]) -> bytes:
    lines = ["BEGIN:VCALENDAR"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


@settings(max_examples=300, deadline=2000)
@given(st.lists(_event, min_size=1, max_size=3))
def test_a_calendar_is_read_or_refused(events: list[list[str]]) -> None:
    content = _file(events)
    whose = {"place": "Room 9", "whose": "sol@school.example"}
    with suppress(sheets.Unreadable):
        found = read(content, Ground(TODAY, NEW_YORK))
        assert all(entry.last_on >= TODAY for entry in found.entries)
        assert all(one.words for one in found.wrong)
    with suppress(sheets.Unreadable):
        hours = hours_files.read(content, today=TODAY, zone=NEW_YORK, **whose)
        assert all(one.words for one in hours.wrong)


@settings(max_examples=100, deadline=2000)
@given(st.integers(0, 400))
def test_a_file_that_was_cut_off_is_never_taken_for_a_whole_one(length: int) -> None:
    event = ["UID:{}", "SUMMARY:Exam", "DTSTART:20261201T170000", "DTEND:20261201T190000"]
    whole = _file([event, event, event])
    cut = whole[: min(length, len(whole) - len("END:VCALENDAR\r\n") - 1)]
    with pytest.raises(sheets.Unreadable):
        agendas.events(cut)
