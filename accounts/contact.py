"""Proving another address for mail: a code goes there, and its typed figures come back.

What is waited for stays in the reader's own session, which is sealed under their cookie: an
address that nobody proved is written nowhere else.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.adapter import send_now
from accounts.models import Person
from accounts.services.preferences import set_contact

_KEY = "contact"
_LASTS = timedelta(minutes=15)
_TRIES = 5


def begin(request: HttpRequest, email: str, now: datetime) -> None:
    """Send a code to an address. Raises CouldNotSend."""
    code = f"{secrets.randbelow(10**6):06d}"
    until = (now + _LASTS).timestamp()
    request.session[_KEY] = {"email": email, "code": code, "until": until, "tries": 0}
    text = _(
        "Your code is %(code)s\n\n"
        "Type it on the page where you asked for it. It works once, for 15 minutes.\n"
        "If you did not ask for it, you need not do anything.\n"
    ) % {"code": code}
    send_now(email, _("Your code"), text)


def awaited(request: HttpRequest, now: datetime) -> str:
    """Return the address that waits for its code; empty if none does any more."""
    kept = request.session.get(_KEY)
    if not kept:
        return ""
    if now.timestamp() >= kept["until"] or kept["tries"] >= _TRIES:
        forget(request)
        return ""
    return str(kept["email"])


def confirm(request: HttpRequest, person: Person, typed: str, now: datetime) -> bool:
    """Take the address if the code is right. Few tries, then all is void."""
    email = awaited(request, now)
    if not email:
        return False
    kept = request.session[_KEY]
    if not hmac.compare_digest(str(kept["code"]).encode(), typed.encode("utf-8", "replace")):
        request.session[_KEY] = {**kept, "tries": kept["tries"] + 1}
        return False
    set_contact(person=person, email=email)
    forget(request)
    return True


def forget(request: HttpRequest) -> None:
    """Wait for no code any more."""
    request.session.pop(_KEY, None)
