"""The connection to the mail server, and handing one letter over."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

from peersupport.core.outbox import mime
from peersupport.core.outbox.kinds import Letter


class Post:
    """One connection, opened when it is needed."""

    def __init__(self) -> None:
        self._backend = get_connection()

    def open(self) -> None:
        """Open the connection unless it is open. Raises what smtplib and the socket raise."""
        self._backend.open()

    def close(self) -> None:
        """Drop the connection, even a broken one; the next letter opens a fresh one."""
        try:
            self._backend.close()
        except (smtplib.SMTPException, OSError):
            self._backend.connection = None  # type: ignore[attr-defined]

    def hand_over(self, letter: Letter, mark: str) -> None:
        """Hand one letter over. Returns once it is accepted, and raises if it is not."""
        link = self._backend.connection if isinstance(self._backend, EmailBackend) else None
        if link is not None:
            sender, to = mime.envelope(settings.DEFAULT_FROM_EMAIL), mime.envelope(letter.to)
            link.sendmail(sender, [to], mime.build(letter, mark))
            return
        # The demo's mailbox, files, and tests: they keep messages, not bytes.
        domain = mime.envelope(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2]
        mail = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            to=[letter.to],
            headers={
                "Message-ID": f"<{mark}@{domain}>",
                "Auto-Submitted": "auto-generated",
                **letter.headers,
            },
            connection=self._backend,
        )
        mail.attach_alternative(letter.html, "text/html")
        mail.send()
