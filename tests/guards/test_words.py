"""Every word a reader sees goes through gettext; `make words` gathers them."""

import re
from pathlib import Path

import polib
import pytest

_ROOT = Path(__file__).resolve().parents[2]
_TEMPLATES = _ROOT / "templates"
# The page of all components is for whoever builds pages, and only there with DEBUG.
_NOT_FOR_READERS = {"ui/components.html", "_icons/LICENSE.txt"}
_TRANSLATED = re.compile(
    r"{%\s*comment.*?endcomment\s*%}|{#.*?#}"
    r"|{%\s*blocktrans(?:late)?\b.*?endblocktrans(?:late)?\s*%}",
    re.S,
)
_DJANGO = re.compile(r"{%.*?%}|{{.*?}}", re.S)
_SAID_BY_ATTRIBUTES = re.compile(r'\s(?:aria-label|alt|placeholder|title)="([^"]*)"')
_MARKUP = re.compile(r"<!--.*?-->|<[^>]*>|&\w+;", re.S)


def untranslated(source: str) -> list[str]:
    """Return the words of a template that stand in it as they are."""
    bare = _DJANGO.sub(" ", _TRANSLATED.sub(" ", source))
    found = [*_SAID_BY_ATTRIBUTES.findall(bare), *_MARKUP.sub("\n", bare).splitlines()]
    return [words.strip() for words in found if re.search(r"[^\W\d_]{2}", words.strip())]


def _readers_templates() -> list[str]:
    every = (path.relative_to(_TEMPLATES).as_posix() for path in _TEMPLATES.rglob("*.*"))
    return sorted(
        name for name in every if name.endswith((".html", ".txt")) and name not in _NOT_FOR_READERS
    )


@pytest.mark.parametrize("name", _readers_templates())
def test_a_template_holds_no_words_of_its_own(name: str) -> None:
    assert untranslated((_TEMPLATES / name).read_text()) == []


def test_words_that_were_forgotten_are_seen() -> None:
    """The control."""
    page = '<h1>{% translate "Fine" %}</h1><p class="x">Forgotten {{ who }}</p>'

    assert untranslated(page) == ["Forgotten"]
    assert untranslated('<nav aria-label="Main">{% comment %}note{% endcomment %}') == ["Main"]
    assert untranslated("{% blocktranslate %}So {{ it }} is{% endblocktranslate %}, 5:30") == []


_LITERAL = re.compile(r"{%\s*translate\s+\"([^\"]+)\"")


def test_the_catalog_is_not_far_behind() -> None:
    """A wording may change without it; whole new pages may not."""
    catalog = polib.pofile(str(_ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"))
    known = {entry.msgid for entry in catalog}
    said = {
        words
        for name in _readers_templates()
        for words in _LITERAL.findall((_TEMPLATES / name).read_text())
    }

    missing = said - known

    assert len(missing) <= len(said) // 5, f"Run `make words`. Missing, among others: {missing}"
