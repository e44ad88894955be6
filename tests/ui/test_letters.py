"""The one letter: the same outside for everything, the crisis lines at the very end."""

import re

from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from peersupport.core.ui.letters import personal_letter

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
]


def _letters() -> list[tuple[str, str, str]]:
    return [
        personal_letter("ana@school.example", ["Something changed."], "https://x.example/a/"),
        personal_letter("ben@school.example", [], "https://x.example/b/"),
    ]


def test_every_letter_looks_the_same_from_outside() -> None:
    (one, one_text, one_html), (two, two_text, two_html) = _letters()

    assert one == two == "You have a message"
    assert one_text[:140] == two_text[:140]
    assert _seen(one_html)[:140] == _seen(two_html)[:140]


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
    _subject, text, html = _letters()[0]

    assert re.findall(r"https?://\S+", text) == ["https://x.example/a/"]
    assert re.findall(r'href="([^"]+)"', html) == ["https://x.example/a/"]
    assert "src=" not in html


def test_text_is_not_escaped_and_html_is() -> None:
    _subject, text, html = personal_letter("ana@school.example", ["It's <on>."], "https://x/?a&b")

    assert "It's <on>." in text
    assert "<on>" not in html
    assert "https://x/?a&amp;b" in html
