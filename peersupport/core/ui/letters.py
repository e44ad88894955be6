"""The one letter for everything personal.

Mailboxes show the subject and the beginning of the text on locked screens and to whoever stands
behind. So both are the same for every letter and say nothing, and the crisis lines, which every
letter carries, come last.
"""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from peersupport.core.ui.crisis import extra_lines, numbers


def personal_letter(to: str, lines: list[str], link: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of a letter to one person.

    `lines` are whole sentences that may stand in anybody's mailbox; `link` is the only link.
    """
    subject = _("You have a message")
    context = {
        "to": to,
        "lines": lines,
        "link": link,
        "subject": subject,
        "crisis": numbers(),
        "crisis_lines": extra_lines(),
        "help_link": f"{settings.PUBLIC_URL.rstrip('/')}/help-now/",
    }
    text = render_to_string("letters/personal.txt", context).strip() + "\n"
    html = render_to_string("letters/personal.html", context)
    return subject, text, html


def open_letter(to: str, subject: str, text: str, stop_link: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of a letter to a whole class: plain, and open by nature.

    `text` is plain words with empty lines between paragraphs. `stop_link` leads to the page that
    ends such letters to this person.
    """
    context = {
        "to": to,
        "subject": subject,
        "body": text,
        "stop_link": stop_link,
        "crisis": numbers(),
        "crisis_lines": extra_lines(),
    }
    plain = render_to_string("letters/open.txt", context).strip() + "\n"
    html = render_to_string("letters/open.html", context)
    return subject, plain, html
