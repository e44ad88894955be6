"""States and words of campaigns: tables."""

import uuid
from datetime import UTC, datetime

import pytest

from reminders.library import LIBRARY
from reminders.rules import (
    MOST_BODY,
    MOST_SUBJECT,
    NAMES,
    STAFFING_NAMES,
    TRANSITIONS,
    Audience,
    Ref,
    State,
    Verb,
    fill_in,
    holds_markup,
    ref_from,
    unknown_places,
    verbs_of,
)


def test_the_states_are_these() -> None:
    assert {(str(a), str(v)): str(b) for (a, v), b in TRANSITIONS.items()} == {
        ("draft", "on"): "on",
        ("on", "pause"): "paused",
        ("paused", "resume"): "on",
        ("draft", "end"): "ended",
        ("on", "end"): "ended",
        ("paused", "end"): "ended",
    }
    assert verbs_of(State.ENDED) == []
    assert verbs_of(State.ON) == [Verb.PAUSE, Verb.END]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Next: {next_hours}, {today_link}", []),
        ("Dear {name}", ["{name}"]),
        ("{name} and {name}", ["{name}"]),
        ("{milestone.pk}", ["{milestone.pk}"]),
        ("{0} {} {next_hours!r:>99}", ["{0}", "{}", "{next_hours!r:>99}"]),
        ("{{next_hours}}", ["{", "}"]),
        ("one { alone", ["{"]),
        ("%(next_hours)s is only text", []),
    ],
)
def test_only_the_placeholders_may_stand_in_braces(text: str, unknown: list[str]) -> None:
    assert unknown_places(text) == unknown


def test_what_is_filled_in_is_not_read_again() -> None:
    values = {"milestone": "{crisis_line} & <b>", "crisis_line": "988"}

    assert fill_in("{milestone}, {crisis_line}", values) == "{crisis_line} & <b>, 988"


@pytest.mark.parametrize(
    ("text", "is_markup"),
    [
        ("<b>now</b>", True),
        ("<script>", True),
        ("</p>", True),
        ("<!-- -->", True),
        ("a&nbsp;b &#60;", True),
        ("3 < 4, and A & B", False),
        ("<3 to all", False),
    ],
)
def test_markup_is_seen(text: str, is_markup: bool) -> None:
    assert holds_markup(text) is is_markup


def test_a_reference_comes_back_as_it_was() -> None:
    at = datetime(2026, 12, 7, 17, tzinfo=UTC)
    ref = Ref(uuid.uuid4(), uuid.uuid4(), 3, at)

    assert ref_from(ref.packed()) == ref
    assert ref_from(b"") is None
    assert ref_from(b"x" * 40) is None


NOT_SAID = (
    "we noticed", "we have noticed", "struggling", "reach out", "you should", "don't worry",
    "good luck", "committed suicide", "epidemic", "stay positive", "you've got this", "!",
)  # fmt: skip


@pytest.mark.parametrize("key", LIBRARY)
def test_the_words_of_the_library_are_safe(key: str) -> None:
    """Domain report 5b: from people, with a time and a place, with nothing noticed."""
    one = LIBRARY[key]
    is_staffing = one.audience is Audience.SUPPORTERS
    words = f"{one.subject}\n{one.body}".casefold()

    assert [said for said in NOT_SAID if said in words] == []
    assert unknown_places(words, STAFFING_NAMES if is_staffing else NAMES) == []
    assert not holds_markup(words)
    assert len(str(one.subject)) <= MOST_SUBJECT
    assert len(one.body) <= MOST_BODY
    if is_staffing:
        assert "{gaps}" in one.body
    else:
        assert "from the students of peer support" in words
        assert "{next_hours}" in one.body
        assert "{today_link}" in one.body
