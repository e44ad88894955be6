"""What allauth asks of us: codes of six figures, and mail sent at once with a short time-out."""

import base64
import secrets
import smtplib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.http import HttpRequest

from peersupport.core.crypto import keyring


def new_code(length: int) -> str:
    """Return a fresh code of so many figures."""
    return f"{secrets.randbelow(10**length):0{length}d}"


class CouldNotSend(Exception):
    """The sign-in mail could not be handed over; nobody is signed in and nothing is lost."""


def send_now(to: str, subject: str, text: str) -> None:
    """Hand one sign-in mail to the mail server at once.

    The one direct path: somebody waits for the code. Raises CouldNotSend within seconds.
    """
    post = get_connection(timeout=settings.SIGN_IN_MAIL_TIMEOUT)
    try:
        EmailMessage(subject=subject, body=text, to=[to], connection=post).send()
    except (smtplib.SMTPException, OSError):
        raise CouldNotSend from None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Our answers to allauth's questions."""

    def generate_login_code(self) -> str:
        """Return six figures."""
        return new_code(6)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """There is no sign-up of its own: the code flow makes who may come in."""
        return False

    def get_login_stages(self) -> list[str]:
        """Return the steps of a sign-in: the code where it was asked for, then a second factor."""
        return [
            "allauth.account.stages.LoginByCodeStage",
            "accounts.stages.SecondFactorStage",
        ]

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing through flash messages: the pages themselves say what happened."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail beyond the code."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """We write the rows of factors ourselves (accounts/factors.py). Whatever of allauth's own
    should ever write one does not write it readable.
    """

    def encrypt(self, text: str) -> str:
        """Return the text sealed."""
        box = keyring().seal(text.encode(), purpose="allauth-factor", context="")
        return base64.b64encode(box).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a sealed text. Raises CannotOpen."""
        box = base64.b64decode(encrypted_text)
        return keyring().open(box, purpose="allauth-factor", context="").decode()
