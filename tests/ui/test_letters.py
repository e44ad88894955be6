"""The one letter: the same outside for everything, the crisis lines at the very end."""

import re

from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from peersupport.core.ui.letters import personal_letter
from referrals import care_emails

# What a locked screen, or somebody behind one's back, must not be able to read.
REVEALING = [
    "support",
    "mental",
    "counsel",
    "referral",
    "crisis",
    "988",
    "visit",
    "talk",
    "therapy",
    "office hours",
    "urgent",
    "danger",
    "desk",
    "duty",
]


def _care_letters() -> list[tuple[str, str, str]]:
    """Every letter that counselors and the on-call line get."""
    found = [care_emails._letter("dee@school.example", is_line=line) for line in (False, True)]
    return [(each.subject, each.text, each.html) for each in found if each]


def _letters() -> list[tuple[str, str, str]]:
    return [
        *_care_letters(),
        personal_letter("ana@school.example", ["Something changed."], "https://x.example/a/"),
        personal_letter("ben@school.example", [], "https://x.example/b/"),
    ]


def test_every_letter_looks_the_same_from_outside() -> None:
    letters = _letters()

    assert {subject for subject, _text, _html in letters} == {"You have a message"}
    assert len({text[:140] for _subject, text, _html in letters}) == 1
    assert len({_seen(html)[:140] for _subject, _text, html in letters}) == 1


def test_letters_of_the_desk_say_nothing_in_their_own_words_either() -> None:
    """Between the neutral beginning and the crisis lines, which every letter of ours carries."""
    for _subject, text, html in _care_letters():
        for body in (text, _seen(html)):
            own = body.partition("In crisis")[0].lower()
            assert not [word for word in [*REVEALING, "soon", "student", "case"] if word in own]


def test_control_a_word_too_many_is_seen() -> None:
    _subject, text, _html = personal_letter("dee@school.example", ["An urgent one."], "https://x/")
    assert [word for word in REVEALING if word in text.partition("In crisis")[0].lower()]


def _seen(html: str) -> str:
    body = html.partition("<body")[2].partition(">")[2]
    return " ".join(strip_tags(body).split())


def test_the_preview_says_nothing() -> None:
    for subject, text, html in _letters():
        for word in REVEALING:
            assert word not in subject.lower()
            assert word not in text[:140].lower()
            assert word not in _seen(html)[:140].lower()


def test_the_crisis_lines_come_last(settings: Settings) -> None:
    settings.CRISIS_EXTRA = [("On-call counselor", "555-0100")]

    for _subject, text, html in _letters():
        for body in (text, _seen(html)):
            assert body.index("In crisis") > body.index("Sent to")
            assert "988" in body
            assert "On-call counselor: 555-0100" in body
            assert body.strip().endswith("In danger of life: call 911.")


def test_there_is_one_link() -> None:
    _subject, text, html = _letters()[-2]

    assert re.findall(r"https?://\S+", text) == ["https://x.example/a/"]
    assert re.findall(r'href="([^"]+)"', html) == ["https://x.example/a/"]
    assert "src=" not in html


def test_text_is_not_escaped_and_html_is() -> None:
    _subject, text, html = personal_letter("ana@school.example", ["It's <on>."], "https://x/?a&b")

    assert "It's <on>." in text
    assert "<on>" not in html
    assert "https://x/?a&amp;b" in html
