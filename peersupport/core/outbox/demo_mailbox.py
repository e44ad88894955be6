"""The demo's mail: every message becomes a file, shown on the demo's mailbox page."""

import email
import email.policy
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as ParsedMessage
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from peersupport.core.clock import UTC
from peersupport.core.keyfiles import write_private

_MOST = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as the mailbox page shows it."""

    at: datetime
    to: str
    subject: str
    text: str
    html: str


class Backend(BaseEmailBackend):
    """Writes messages into the demo's mailbox; nothing leaves the machine."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store each message whole, under a name that sorts by time."""
        for message in email_messages:
            name = f"{time.time_ns():020d}-{secrets.token_hex(8)}.eml"
            write_private(Path(settings.MAIL_DIR) / name, message.message().as_bytes())
        return len(email_messages)


def _part(message: ParsedMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""


def read_all(to: str | None = None) -> list[Shown]:
    """Return the newest messages first, at most 500; only those to one address if given."""
    directory = Path(settings.MAIL_DIR)
    found: list[Shown] = []
    for path in sorted(directory.glob("*.eml"), reverse=True)[:_MOST]:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        recipient = str(message["To"])
        if to is not None and recipient.lower() != to.lower():
            continue
        at = datetime.fromtimestamp(int(path.name[:20]) / 1e9, tz=UTC)
        text, html = _part(message, "plain"), _part(message, "html")
        found.append(Shown(at, recipient, str(message["Subject"]), text, html))
    return found
