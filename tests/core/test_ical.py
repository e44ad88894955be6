"""The corpus of calendars: whatever is put in comes out of three readers as it was meant.

The readers are the library that writes, a second one that shares no code with it (`ical`, the one
of Home Assistant), and a strict one of our own (calendar_reader.py).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from peersupport.core.ical import Entry, plain, written
from tests.core import calendar_reader

_NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
_NEW_YORK = ZoneInfo("America/New_York")
ENTRY = Entry("a1b2", "Yoga", _NOON, _NOON + timedelta(hours=1), _NOON - timedelta(days=3), 2)

# what somebody writes -> what it means in a calendar
CORPUS = {
    "plain": ("Yoga in the atrium", None),
    "commas, semicolons, backslashes": (r"a, b; c\d \n \\, \;", None),
    "colons and quotes": ('BEGIN:VEVENT "x": y', None),
    "CRLF and what would be a line of its own": (
        "Yoga\r\nATTENDEE:mailto:evil@x.example\r\nMETHOD:REQUEST",
        "Yoga ATTENDEE:mailto:evil@x.example METHOD:REQUEST",
    ),
    "an end that ends nothing": ("x\nEND:VEVENT\nEND:VCALENDAR", "x END:VEVENT END:VCALENDAR"),
    "every other way to break a line": (
        "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\rj",
        "a b c d e f g h i j",
    ),
    "NUL and control characters": ("a\x00b\x07c\x1b[31m\x7fd\x9f", "abc[31md"),
    "half a pair, and no character": ("a\ud800b\ufffec\uffff", "abc"),
    "a long line": ("x" * 500, None),
    "a space at the fold": (" ".join("ab" for _ in range(120)), None),
    "two octets at the fold": ("é" * 200, None),
    "three octets at the fold": ("x" + "語" * 200, None),
    "four octets at the fold": ("xy" + "𝒳" * 100, None),
    "emoji with joiners": ("🧘‍♀️👩🏽‍⚕️" * 30, None),
    "combining marks": ("e" + "\u0301" * 200, None),
    "right to left": ("יוגה, עם תה; \u200fשלום\u200f", None),
    "both directions": ("abc \u202eדגה\u202c def", None),
    "a tab": ("a\tb", None),
    "spaces around": ("  Yoga\t", "Yoga"),
    "no-break and wide spaces": ("a\xa0b\u3000c", None),
    "nothing": ("", ""),
}  # fmt: skip


def _three(entry: Entry) -> list[tuple[str, str, datetime, datetime]]:
    """Return title, place, begin and end as each of three readers finds them."""
    raw = written([entry], name="Events")
    (ours,) = calendar_reader.read(raw)
    (theirs,) = Calendar.from_ical(raw).walk("VEVENT")
    (other,) = IcsCalendarStream.calendar_from_ics(raw.decode()).events
    moment = "%Y%m%dT%H%M%SZ"
    return [
        (
            ours["SUMMARY"],
            ours.get("LOCATION", ""),
            datetime.strptime(ours["DTSTART"], moment).replace(tzinfo=UTC),
            datetime.strptime(ours["DTEND"], moment).replace(tzinfo=UTC),
        ),
        (
            str(theirs["summary"]),
            str(theirs.get("location", "")),
            theirs.decoded("dtstart"),
            theirs.decoded("dtend"),
        ),
        (other.summary or "", other.location or "", other.dtstart, other.dtend),
    ]


@pytest.mark.parametrize("name", CORPUS)
def test_words_come_out_as_they_were_meant(name: str) -> None:
    text, meant = CORPUS[name]
    meant = text if meant is None else meant

    for title, place, starts_at, ends_at in _three(replace(ENTRY, title=text, place=text)):
        assert (title, place) == (meant, meant)
        assert (starts_at, ends_at) == (ENTRY.starts_at, ENTRY.ends_at)


@given(st.text(st.characters(codec=None, categories=None), max_size=120))
@example("\\\r\n;,:\x00\u2028" * 12)
@settings(max_examples=150, deadline=None)
def test_any_words_at_all(text: str) -> None:
    raw = written([replace(ENTRY, title=text, place=text)])

    (entry,) = calendar_reader.read(raw)
    assert entry["SUMMARY"] == plain(text)
    (other,) = Calendar.from_ical(raw).walk("VEVENT")
    assert str(other["summary"]) == plain(text)


def _local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=_NEW_YORK)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("starts_at", "hours"),
    [
        (_local(2026, 11, 1, 1, 30), 1),  # the first half past one
        (_local(2026, 11, 1, 1, 30).replace(fold=1), 1),  # and the second
        (_local(2026, 10, 31, 23), 4),  # over the change in autumn
        (_local(2027, 3, 14, 1, 30), 1),  # over the change in spring
        (_local(2027, 3, 13, 22), 6),
        (_local(2026, 12, 31, 23, 30), 2),  # over midnight, and the year
        (_local(2026, 11, 24, 0), 24),
    ],
)
def test_times_are_instants_whatever_the_clocks_do(starts_at: datetime, hours: int) -> None:
    begin = starts_at.astimezone(UTC)
    ends_at = begin + timedelta(hours=hours)
    found = _three(replace(ENTRY, starts_at=starts_at, ends_at=ends_at.astimezone(_NEW_YORK)))

    for _title, _place, begins, ends in found:
        assert (begins, ends) == (begin, ends_at)


def test_an_entry_says_when_it_changed_and_how_often() -> None:
    (entry,) = calendar_reader.read(written([ENTRY]))

    assert entry["SEQUENCE"] == "2"
    assert entry["DTSTAMP"] == entry["LAST-MODIFIED"] == "20261121T170000Z"
    assert (entry["STATUS"], entry["CLASS"], entry["TRANSP"]) == ("CONFIRMED", "PRIVATE", "OPAQUE")


def test_a_cancelled_entry_takes_no_time() -> None:
    (entry,) = calendar_reader.read(written([replace(ENTRY, is_cancelled=True, sequence=3)]))

    assert (entry["STATUS"], entry["TRANSP"]) == ("CANCELLED", "TRANSPARENT")


def test_the_same_entries_are_the_same_bytes() -> None:
    assert written([ENTRY], name="x") == written([ENTRY], name="x")


def test_an_entry_is_small() -> None:
    """In UTC there is no table of zones: about 2,500 octets for one with all its years."""
    assert len(written([ENTRY])) < 400


def test_an_entry_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        replace(ENTRY, ends_at=ENTRY.starts_at)


@pytest.mark.parametrize(
    "broken",
    [
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR",  # the last line does not end
        b"BEGIN:VCALENDAR\r\nX-A:" + b"x" * 80 + b"\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:a, b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:a\\x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nSUMMARY:a\x0bb\r\nEND:VCALENDAR\r\n",
        b"no line at all\r\n",
    ],
)
def test_control_the_strict_reader_refuses(broken: bytes) -> None:
    with pytest.raises(calendar_reader.Wrong):
        calendar_reader.read(broken)


def test_control_what_the_library_lets_through() -> None:
    """Without `plain` the library writes characters at which other readers break the line."""
    from icalendar import Event

    event = Event()
    event.add("summary", "a\u2028ATTENDEE:x\x07")

    assert "\u2028" in event.to_ical().decode()
