"""What a mail server's answer means for a message: a class of error, and never its text.

Texts of answers hold addresses, so none is kept; the class stands in the message's row and on the
page of what could not be delivered (docs/decisions/0005-outbox.md).
"""

import re
import smtplib
import ssl
from enum import StrEnum

_GONE = 421  # "closing": about the server, whatever it answers
_FULL = 552  # a mailbox or a quota that is full: it empties again
_NEEDS_SIGN_IN = 530
# Enhanced codes of RFC 3463: who may send at all, and a mailbox that is full.
_POLICY, _MAILBOX_FULL = re.compile(rb"^\s*5\.7\."), re.compile(rb"^\s*5\.2\.2")


class Trouble(StrEnum):
    """Why a message was not accepted."""

    ADDRESS = "address"  # nobody has it: for good
    MESSAGE = "message"  # the server does not take these words: for good
    LATER = "later"  # a passing refusal of this one message
    SERVER = "server"  # it cannot be reached, breaks off, or is too slow
    REFUSING = "refusing"  # it refuses everybody: then it is about us
    CREDENTIALS = "credentials"  # it refuses who we are, or how we speak to it
    MADE = "made"  # the message itself could not be made
    KIND = "kind"  # nothing knows this kind of message


# What concerns every message alike. Such trouble stops the round; no message pays for it.
OURS = frozenset({Trouble.SERVER, Trouble.REFUSING, Trouble.CREDENTIALS})


def at_opening(error: Exception) -> Trouble:
    """Return the class of an error while the connection was opened."""
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return Trouble.CREDENTIALS
    refused = isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500
    return Trouble.CREDENTIALS if refused else Trouble.SERVER


def at_sending(error: Exception) -> Trouble:
    """Return the class of an error while one message was handed over."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
        return _of_recipient(*answers[0]) if answers else Trouble.LATER
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _of_sender(error.smtp_code)
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError):
        return Trouble.CREDENTIALS
    if isinstance(error, smtplib.SMTPDataError):
        if error.smtp_code == _GONE:
            return Trouble.SERVER
        return Trouble.MESSAGE if error.smtp_code >= 500 else Trouble.LATER
    return Trouble.SERVER if isinstance(error, smtplib.SMTPException | OSError) else Trouble.MADE


def _of_recipient(code: int, text: bytes | str) -> Trouble:
    said = text.encode(errors="replace") if isinstance(text, str) else text
    if code == _GONE:
        return Trouble.SERVER
    if code == _NEEDS_SIGN_IN:
        return Trouble.CREDENTIALS
    if code < 500 or code == _FULL or _MAILBOX_FULL.match(said):
        return Trouble.LATER
    # Not about the mailbox but about who may write to it: no reason to flag the address.
    return Trouble.MESSAGE if _POLICY.match(said) else Trouble.ADDRESS


def _of_sender(code: int) -> Trouble:
    if code == _GONE:
        return Trouble.SERVER
    if code == _FULL:  # the message is larger than the server takes
        return Trouble.MESSAGE
    return Trouble.CREDENTIALS if code >= 500 else Trouble.LATER
