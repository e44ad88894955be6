"""The one letter for everything personal.

Mailboxes show the subject and the beginning of the text on locked screens and to whoever stands
behind. So both are the same for every letter and say nothing, and the crisis lines, which every
letter carries, come last.
"""

import secrets
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from peersupport.core.ui.crisis import Line, Numbers, extra_lines, numbers

# Stand for what is each reader's own while a letter is rendered once for many.
_TO, _LINK = (f"own{secrets.token_hex(12)}" for _each in range(2))
_KEPT = 16


@lru_cache(maxsize=_KEPT)
def _rendered(
    name: str,
    facts: tuple[tuple[str, str | tuple[str, ...]], ...],
    crisis: Numbers,
    lines: tuple[Line, ...],
    _language: str | None,
) -> tuple[str, str]:
    """Return text and HTML with marks for what is each reader's own.

    Rendering took as long as handing a letter over, and the next reader's differs in two places.
    """
    context = {
        **dict(facts),
        "to": _TO,
        "link": _LINK,
        "crisis": crisis,
        "crisis_lines": lines,
    }
    text = render_to_string(f"letters/{name}.txt", context).strip() + "\n"
    return text, render_to_string(f"letters/{name}.html", context)


def _own(name: str, to: str, link: str, **facts: str | tuple[str, ...]) -> tuple[str, str]:
    """Return text and HTML for one reader."""
    help_link = f"{settings.PUBLIC_URL.rstrip('/')}/help-now/"
    said = (*facts.items(), ("help_link", help_link))
    known = numbers()
    text, html = _rendered(name, said, known, tuple(extra_lines(known)), get_language())
    return (
        text.replace(_TO, to).replace(_LINK, link),
        html.replace(_TO, escape(to)).replace(_LINK, escape(link)),
    )


def personal_letter(to: str, lines: list[str], link: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of a letter to one person.

    `lines` are whole sentences that may stand in anybody's mailbox; `link` is the only link.
    """
    subject = _("You have a message")
    return subject, *_own("personal", to, link, subject=subject, lines=tuple(lines))


def open_letter(to: str, subject: str, text: str, stop_link: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of a letter to a whole class: plain, and open by nature.

    `text` is plain words with empty lines between paragraphs. `stop_link` leads to the page that
    ends such letters to this person.
    """
    return subject, *_own("open", to, stop_link, subject=subject, body=text)
