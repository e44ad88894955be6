"""Class calendars as schools send them: zones, whole days, recurrence, tables, broken files."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from peersupport.core import sheets
from program.calendar_files import Ground, read
from program.calendar_rules import Entry, Kind

NEW_YORK = ZoneInfo("America/New_York")
GROUND = Ground(
    date(2026, 11, 24),
    NEW_YORK,
    classes=frozenset({"M1", "M2"}),
    rotations=frozenset({"Surgery B"}),
)


def _event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def _calendar(*events: str, head: str = "") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//school//EN", *([head] if head else [])]
    return "\r\n".join([*lines, *events, "END:VCALENDAR", ""]).encode()


def _one(*lines: str) -> Entry:
    found = read(_calendar(_event("UID:a", *lines)), GROUND)
    assert found.wrong == ()
    (entry,) = found.entries
    return entry


def _when(entry: Entry) -> tuple[date, date, time | None, time | None]:
    return entry.first_on, entry.last_on, entry.starts, entry.ends


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (["DTSTART;VALUE=DATE:20261211"], (11, 11, None, None)),
        (["DTSTART;VALUE=DATE:20261211", "DTEND;VALUE=DATE:20261212"], (11, 11, None, None)),
        (["DTSTART;VALUE=DATE:20261211", "DTEND;VALUE=DATE:20261214"], (11, 13, None, None)),
        (["DTSTART;VALUE=DATE:20261211", "DURATION:P2D"], (11, 12, None, None)),
        (["DTSTART:20261211T140000Z", "DTEND:20261211T170000Z"], (11, 11, 9, 12)),
        (["DTSTART:20261211T090000", "DTEND:20261211T120000"], (11, 11, 9, 12)),
        (["DTSTART:20261211T090000"], (11, 11, 9, 10)),
        (["DTSTART;TZID=America/Los_Angeles:20261211T060000", "DURATION:PT3H"], (11, 11, 9, 12)),
        (["DTSTART;TZID=Europe/London:20261212T020000", "DURATION:PT1H"], (11, 11, 21, 22)),
        (["DTSTART;TZID=Eastern Standard Time:20261211T090000", "DURATION:PT1H"],
         (11, 11, 9, 10)),
        (["DTSTART:20261211T220000", "DTEND:20261212T010000"], (11, 12, 22, 1)),
        # A whole day as Outlook writes it, in its own zone and in UTC.
        (["DTSTART:20261211T000000", "DTEND:20261212T000000"], (11, 11, None, None)),
        (["DTSTART:20261211T050000Z", "DTEND:20261213T050000Z"], (11, 12, None, None)),
    ],
)  # fmt: skip
def test_days_and_times(lines: list[str], when: tuple[int, int, int | None, int | None]) -> None:
    first, last, starts, ends = when

    found = _when(_one("SUMMARY:Anatomy exam", *lines))

    assert found == (
        date(2026, 12, first),
        date(2026, 12, last),
        None if starts is None else time(starts),
        None if ends is None else time(ends),
    )


def test_until_midnight_is_the_day_before() -> None:
    found = _one("SUMMARY:X", "DTSTART:20261211T200000", "DTEND:20261212T000000")
    assert _when(found) == (date(2026, 12, 11), date(2026, 12, 11), time(20), time(23, 59))


def _days(*lines: str) -> list[date]:
    found = read(_calendar(_event("UID:a", "SUMMARY:Quiz", *lines)), GROUND)
    assert found.wrong == ()
    return [entry.first_on for entry in found.entries]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["DTSTART;VALUE=DATE:20261207", "RRULE:FREQ=WEEKLY;COUNT=3"],
         [(2026, 12, 7), (2026, 12, 14), (2026, 12, 21)]),
        (["DTSTART:20261207T090000", "RRULE:FREQ=WEEKLY;UNTIL=20261221T235900Z"],
         [(2026, 12, 7), (2026, 12, 14), (2026, 12, 21)]),
        (["DTSTART;VALUE=DATE:20261207", "RRULE:FREQ=WEEKLY;UNTIL=20261221",
          "EXDATE;VALUE=DATE:20261214"], [(2026, 12, 7), (2026, 12, 21)]),
        (["DTSTART;VALUE=DATE:20261211", "RRULE:FREQ=MONTHLY;BYDAY=2FR;COUNT=2"],
         [(2026, 12, 11), (2027, 1, 8)]),
        (["DTSTART;TZID=America/New_York:20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=2",
          "EXDATE;TZID=America/New_York:20261207T090000"], [(2026, 12, 14)]),
        (["DTSTART;VALUE=DATE:20261215", "RRULE:FREQ=MONTHLY;BYMONTHDAY=15;COUNT=2"],
         [(2026, 12, 15), (2027, 1, 15)]),
        (["DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1;COUNT=2"],
         [(2026, 12, 28), (2027, 1, 29)]),
        # The days of a list beside a rule, or instead of one.
        (["DTSTART;VALUE=DATE:20261215", "RDATE;VALUE=DATE:20261217,20261219"],
         [(2026, 12, 15), (2026, 12, 17), (2026, 12, 19)]),
        (["DTSTART:20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20261209T090000"],
         [(2026, 12, 7), (2026, 12, 9), (2026, 12, 14)]),
        # Left out in UTC, and as a whole day although the series has times.
        (["DTSTART;TZID=America/New_York:20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=2",
          "EXDATE:20261214T140000Z"], [(2026, 12, 7)]),
        (["DTSTART:20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=2",
          "EXDATE;VALUE=DATE:20261214"], [(2026, 12, 7)]),
        # A series that began years ago: what is over is nobody's fault.
        (["DTSTART;VALUE=DATE:20190107", "RRULE:FREQ=YEARLY"],
         [(2027, 1, 7), (2028, 1, 7)]),
        (["DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY"], [(2028, 2, 29)]),
        # What is over is left out.
        (["DTSTART;VALUE=DATE:20261117", "RRULE:FREQ=WEEKLY;COUNT=3"],
         [(2026, 11, 24), (2026, 12, 1)]),
    ],
)  # fmt: skip
def test_what_repeats(lines: list[str], days: list[tuple[int, int, int]]) -> None:
    assert _days(*lines) == [date(*day) for day in days]


def test_nine_stays_nine_when_the_clocks_change() -> None:
    lines = ["DTSTART;TZID=America/New_York:20270307T090000", "RRULE:FREQ=WEEKLY;COUNT=2"]
    found = read(_calendar(_event("UID:a", "SUMMARY:Quiz", *lines)), GROUND).entries
    assert [(e.first_on, e.starts) for e in found] == [
        (date(2027, 3, 7), time(9)), (date(2027, 3, 14), time(9))
    ]  # fmt: skip


def test_one_moved_out_of_a_series_is_itself_and_keeps_its_key() -> None:
    series = _event(
        "UID:a", "SUMMARY:Quiz", "DTSTART:20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=2"
    )
    moved = _event("UID:a", "SUMMARY:Quiz", "RECURRENCE-ID:20261214T090000",
                   "DTSTART:20261215T100000", "DTEND:20261215T110000")  # fmt: skip

    before = read(_calendar(series), GROUND).entries
    after = read(_calendar(series, moved), GROUND).entries

    assert [e.first_on.day for e in after] == [7, 15]
    assert {e.key for e in before} == {e.key for e in after}


def test_one_called_off_out_of_a_series_is_left_out() -> None:
    series = _event(
        "UID:a", "SUMMARY:Quiz", "DTSTART:20261207T090000", "RRULE:FREQ=WEEKLY;COUNT=2"
    )
    off = _event("UID:a", "SUMMARY:Quiz", "RECURRENCE-ID:20261207T090000", "STATUS:CANCELLED",
                 "DTSTART:20261207T090000")  # fmt: skip

    assert [e.first_on.day for e in read(_calendar(series, off), GROUND).entries] == [14]


def test_a_time_the_clocks_leave_out_is_the_one_they_show() -> None:
    found = _one("SUMMARY:X", "DTSTART;TZID=America/New_York:20270314T023000", "DURATION:PT1H")
    assert (found.starts, found.ends) == (time(3, 30), time(4, 30))


def test_a_zone_the_file_explains_itself() -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Our school", "BEGIN:STANDARD", "DTSTART:20261101T020000",
            "TZOFFSETFROM:-0400", "TZOFFSETTO:-0800", "END:STANDARD", "END:VTIMEZONE"]  # fmt: skip
    event = _event("UID:a", "SUMMARY:Quiz", "DTSTART;TZID=Our school:20261215T060000")
    (found,) = read(_calendar("\r\n".join(zone), event), GROUND).entries
    assert found.starts == time(9)


def test_years_of_what_is_over_stand_in_nobodys_way() -> None:
    """A school's calendar goes back to its first class: nothing of that has to be put right."""
    old = [
        _event(f"UID:{n}", "SUMMARY:Exam", f"DTSTART;VALUE=DATE:{2016 + n % 10}0310")
        for n in range(900)
    ]
    endless = _event("UID:e", "SUMMARY:Camp", "DTSTART;VALUE=DATE:20180101",
                     "DTEND;VALUE=DATE:20181231")  # fmt: skip
    ahead = _event("UID:n", "SUMMARY:Exam", "DTSTART;VALUE=DATE:20261211")

    found = read(_calendar(*old, endless, ahead), GROUND)

    assert (len(found.entries), found.wrong, found.past) == (1, (), 901)


def _text(event: str) -> str:
    return _calendar(event).decode()


QUIZ = _event("UID:a", "SUMMARY:Quiz \u2013 Prüfung", "DTSTART;VALUE=DATE:20261215")


@pytest.mark.parametrize(
    "content",
    [
        _text(QUIZ).encode(),
        b"\xef\xbb\xbf" + _text(QUIZ).encode(),
        _text(QUIZ).encode("utf-16"),
        _text(QUIZ).encode("cp1252"),
        _text(QUIZ).replace("\r\n", "\n").encode(),
        _text(QUIZ).replace("SUMMARY:Quiz", "SUMMARY:Qu\r\n iz").encode(),
        _text(QUIZ.replace("END:VEVENT", "BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"
                           "END:VEVENT")).encode(),
        # Two calendars in one file, with the same event in both.
        2 * _text(QUIZ).encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "cp1252", "line ends", "folded", "alarm", "two"],
)  # fmt: skip
def test_calendars_are_read_however_they_were_saved(content: bytes) -> None:
    found = read(content, GROUND)
    assert [e.title for e in found.entries] == ["Quiz \u2013 Prüfung"]
    assert found.wrong == ()


def test_events_without_a_name_of_their_own_stay_several() -> None:
    events = [_event("SUMMARY:Quiz", f"DTSTART;VALUE=DATE:202612{day}") for day in (11, 18)]
    later = [events[0], events[1].replace("20261218", "20261219")]

    before, after = (read(_calendar(*each), GROUND).entries for each in (events, later))

    assert [e.first_on.day for e in after] == [11, 19]
    assert [e.key for e in before] == [e.key for e in after]


def test_cancelled_events_and_people_are_not_read() -> None:
    found = read(
        _calendar(
            _event("UID:a", "SUMMARY:Old", "STATUS:CANCELLED", "DTSTART;VALUE=DATE:20261211"),
            _event("UID:b", "SUMMARY:New", "DTSTART;VALUE=DATE:20261211",
                   "ATTENDEE:mailto:ana@school.example", "DESCRIPTION:about Ana"),
        ),
        GROUND,
    )  # fmt: skip
    assert [e.title for e in found.entries] == ["New"]
    assert "ana" not in repr(found).casefold()


@pytest.mark.parametrize(
    "lines",
    [
        ["SUMMARY:X"],
        ["DTSTART;VALUE=DATE:20261211"],
        ["SUMMARY:X", "DTSTART;VALUE=DATE:20261211", "DTEND;VALUE=DATE:20261201"],
        ["SUMMARY:X", "DTSTART;VALUE=DATE:20261211", "DTEND:20261211T100000"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RRULE:FREQ=HOURLY"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RRULE:FREQ=DAILY"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RRULE:FREQ=DAILY;BYMONTH=13"],
        ["SUMMARY:X", "DTSTART;VALUE=DATE:20261211", "DURATION:P200D"],
        ["SUMMARY:X", "DTSTART;VALUE=DATE:20361211"],
        ["SUMMARY:X", "DTSTART:nonsense"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RECURRENCE-ID:soon"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RRULE:FREQ=WEEKLY", "EXDATE:soon"],
        ["SUMMARY:X", "DTSTART;TZID=Mars/Base:20261211T090000"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RDATE;VALUE=PERIOD:20261217T090000/PT2H"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RECURRENCE-ID;RANGE=THISANDFUTURE:"
         "20261204T090000"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY"],
        ["SUMMARY:X", "DTSTART:20261211T090000", "RRULE:FREQ=WEEKLY;COUNT=99999999999"],
        ["SUMMARY:X", "DTSTART:00010101T090000", "RRULE:FREQ=DAILY"],
        # Without a step it would look for the 30th of February for ever.
        ["SUMMARY:X", "DTSTART:20261211T090000",
         "RRULE:FREQ=DAILY;INTERVAL=0;BYMONTH=2;BYMONTHDAY=30"],
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_number(lines: list[str]) -> None:
    good = _event("UID:g", "SUMMARY:Good", "DTSTART;VALUE=DATE:20261211")
    found = read(_calendar(good, _event("UID:a", *lines)), GROUND)
    assert [one.line for one in found.wrong] == [2]
    assert ("“X”: " in found.wrong[0].words) is ("SUMMARY:X" in lines)


def test_a_rule_that_never_comes_ends_by_itself() -> None:
    lines = [
        "SUMMARY:Quiz", "DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    ]  # fmt: skip
    (wrong,) = read(_calendar(_event("UID:a", *lines)), GROUND).wrong
    assert "never come" in wrong.words


@pytest.mark.parametrize(
    "content",
    [
        b"", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY", b"BEGIN:VCALENDAR\r\nEND:VEVENT",
        b"PK\x03\x04rest", b"\xff\xfe\x00", b"title\nExam\n", b"first\n2026-12-01\n",
        b"just words",
        b"title,first\n\"open,2026-12-01\n",
        # Cut off on its way: what is whole must not pass for all of it.
        _calendar(_event("SUMMARY:A", "DTSTART;VALUE=DATE:20261211"))[:-30],
        _calendar(_event("SUMMARY:A", "DTSTART;VALUE=DATE:20261211")) + b"BEGIN:VCALENDAR\r\n"
        b"BEGIN:VEVENT\r\nSUMMARY:B\r\nDTSTART;VALUE=DATE:20261212\r\n",
    ],
)  # fmt: skip
def test_broken_files_are_refused_in_plain_words(content: bytes) -> None:
    with pytest.raises(sheets.Unreadable, match=r"\w+ .*\."):
        read(content, GROUND)


def _table(*rows: str) -> bytes:
    return "\r\n".join(["title,kind,first,last,starts,ends,class,rotation", *rows]).encode()


def test_a_table() -> None:
    found = read(
        _table(
            "Anatomy practical,exam,2026-12-11,,9am,noon,m1,",
            "Dedicated,,3/1/2027,4/11/2027,,,M2,",
            "Shelf,,2027-01-29,,,,,surgery b",
            "White coat,,2026-01-29,,,,,",
        ),
        GROUND,
    )
    assert found.wrong == ()
    assert found.past == 1
    assert [(e.kind, e.class_name, e.rotation) for e in found.entries] == [
        (Kind.EXAM, "M1", ""), (Kind.STUDY, "M2", ""), (Kind.EXAM, "", "Surgery B")
    ]  # fmt: skip
    assert _when(found.entries[0])[2:] == (time(9), time(12))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",exam,2026-12-11,,,,,", "title is missing"),
        ("X,party,2026-12-11,,,,,", "no kind"),
        ("X,,tomorrow,,,,,", "no day"),
        ("X,,,,,,,", "first day is missing"),
        ("X,,2026-12-11,2026-12-01,,,,", "ends before"),
        ("X,,2026-12-11,2027-12-01,,,,", "four months"),
        ("X,,2026-12-11,,9am,,,", "not both"),
        ("X,,2026-12-11,,9am,8am,,", "ends before"),
        ("X,,2026-12-11,,soon,9am,,", "no time"),
        ("X,,2026-12-11,,,,M9,", "M1, M2"),
        ("X,,2032-12-11,,,,,", "two years"),
        ("X" * 121 + ",,2026-12-11,,,,,", "longer"),
    ],
)
def test_every_wrong_line_says_what_to_write(row: str, said: str) -> None:
    found = read(_table("Good,,2026-12-11,,,,,", row), GROUND)
    assert [one.line for one in found.wrong] == [3]
    assert said in found.wrong[0].words


def test_the_same_title_twice_is_two_and_stays_so() -> None:
    rows = ["Quiz,,2026-12-11,,,,,", "Quiz,,2026-12-18,,,,,"]
    first = [e.key for e in read(_table(*rows), GROUND).entries]
    later = [e.key for e in read(_table(rows[0], "Quiz,,2026-12-19,,,,,"), GROUND).entries]
    assert len(set(first)) == 2
    assert first == later
