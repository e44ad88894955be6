"""Codes by mail for people who are signed in: to prove themselves, or that an address is theirs.

One code at a time waits in the (sealed) session, for one purpose, for a quarter of an hour and
a few tries.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.adapter import send_now
from peersupport.core.crypto import keyring

_WAITING = "mail-code"
_LASTS = timedelta(minutes=15)
_TRIES = 5


def _mark(purpose: str, to: str, code: str) -> str:
    return keyring().mac(f"{purpose}|{to}|{code}".encode(), purpose="mail-code").hex()


def send(request: HttpRequest, *, purpose: str, to: str, may: bool, now: datetime) -> None:
    """Send a code to an address and wait for it. Raises CouldNotSend.

    Where the address may not be used (`may` is False), one mail goes out as well, and says so to
    its owner alone; what waits then can be met by nothing.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    if may:
        text = _(
            "Your code is %(code)s\n\n"
            "Type it on the page where you asked for it. It works once, for 15 minutes.\n"
            "If you did not ask for it, you need not do anything.\n"
        ) % {"code": code}
    else:
        text = _(
            "Somebody asked for a code for this address, but it cannot be used there.\n"
            "If it was you: it belongs to an account already. You can sign in with it.\n"
        )
    send_now(to, _("Your sign-in code"), text)
    request.session[_WAITING] = {
        "for": purpose,
        "to": to,
        "mark": _mark(purpose, to, code) if may else "",
        "at": int(now.timestamp()),
        "tries": 0,
    }


def waits_for(request: HttpRequest, purpose: str, now: datetime) -> str:
    """Return the address a code was sent to for this purpose, or nothing."""
    waiting = request.session.get(_WAITING)
    if not isinstance(waiting, dict) or waiting.get("for") != purpose:
        return ""
    age = now.timestamp() - waiting["at"]
    return str(waiting["to"]) if 0 <= age <= _LASTS.total_seconds() else ""


def is_right(request: HttpRequest, *, purpose: str, typed: str, now: datetime) -> bool:
    """Return whether this is the code, which it can be once. After a few tries it is void."""
    to = waits_for(request, purpose, now)
    if not to:
        return False
    waiting = request.session[_WAITING]
    mark = _mark(purpose, to, typed)
    if hmac.compare_digest(mark.encode(), str(waiting["mark"]).encode()):
        del request.session[_WAITING]
        return True
    waiting["tries"] += 1
    if waiting["tries"] >= _TRIES:
        del request.session[_WAITING]
    request.session.modified = True
    return False
