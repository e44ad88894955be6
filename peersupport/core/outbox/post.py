"""The connection to the mail server, and handing one letter over."""

import smtplib
from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

from peersupport.core.outbox import mime
from peersupport.core.outbox.kinds import Letter

_GO_ON = 354
_EOL = "\r\n"


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

    def hand_over(self, letter: Letter, mark: str, meanwhile: Callable[[], None]) -> None:
        """Hand one letter over. Returns once it is accepted, and raises if it is not.

        `meanwhile` is called once, before anything of the letter is on its way, while the server
        thinks about the envelope: what it does costs no time.
        """
        link = self._backend.connection if isinstance(self._backend, EmailBackend) else None
        if link is None:
            meanwhile()
            self._keep(letter, mark)
            return
        body = mime.build(letter, mark)
        sender, to = mime.envelope(settings.DEFAULT_FROM_EMAIL), mime.envelope(letter.to)
        try:
            _talk(link, sender, to, body, meanwhile)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
            self._clear(link)
            raise

    def _clear(self, link: smtplib.SMTP) -> None:
        """Let the server forget a refused envelope, so that the next letter begins anew."""
        try:
            link.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _keep(self, letter: Letter, mark: str) -> None:
        """For the demo's mailbox, files and tests: they keep messages, not bytes."""
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


def _talk(
    link: smtplib.SMTP, sender: str, to: str, body: bytes, meanwhile: Callable[[], None]
) -> None:
    """Say the envelope, then the letter. Raises the errors of smtplib's own `sendmail`.

    A server that takes several words at once (RFC 2920) is asked once for the whole envelope.
    """
    link.ehlo_or_helo_if_needed()
    size = f" SIZE={len(body)}" if link.has_extn("size") else ""
    words = [f"MAIL FROM:<{sender}>{size}", f"RCPT TO:<{to}>", "DATA"]
    is_quick = link.has_extn("pipelining")
    link.send(_EOL.join(words if is_quick else words[:1]) + _EOL)
    meanwhile()
    answers = [link.getreply() for _word in (words if is_quick else words[:1])]
    for word in () if is_quick else words[1:]:
        if not _is_taken(answers[-1]):
            break
        answers.append(link.docmd(word))
    _judge(link, sender, to, answers)
    # A line that is a dot alone would end the letter.
    link.send(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    code, said = link.getreply()
    if code != 250:
        raise smtplib.SMTPDataError(code, said)


def _is_taken(answer: tuple[int, bytes]) -> bool:
    return answer[0] // 10 == 25


def _judge(link: smtplib.SMTP, sender: str, to: str, answers: list[tuple[int, bytes]]) -> None:
    """Raise unless the whole envelope was taken."""
    is_waiting = len(answers) == 3 and answers[2][0] == _GO_ON
    if _is_taken(answers[0]) and _is_taken(answers[1]) and is_waiting:
        return
    if is_waiting:
        # It would take a letter to nobody: an empty one ends that.
        link.send(b".\r\n")
        link.getreply()
    if not _is_taken(answers[0]):
        raise smtplib.SMTPSenderRefused(*answers[0], sender)
    if not _is_taken(answers[1]):
        raise smtplib.SMTPRecipientsRefused({to: answers[1]})
    raise smtplib.SMTPDataError(*answers[2])
