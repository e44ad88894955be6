"""A cookie that says "this browser has signed in with that address before", and to us alone.

It signs nobody in. It gives the browser an allowance of its own for asking for codes, so that
whoever hammers an address cannot keep its owner out. It holds a random number and keyed marks of
up to three addresses, signed; it stays at sign-out, which is when it is needed, and goes with
"Exit this page".
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from peersupport.core.crypto import keyring

_HALF_A_YEAR = 180 * 24 * 3600
_SALT = "known-browser"
_MOST = 3


def _mark(email: str) -> str:
    return keyring().mac(email.lower().encode(), purpose="known-browser").hex()[:32]


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        kept = signing.loads(
            request.COOKIES.get(settings.KNOWN_COOKIE, ""), salt=_SALT, max_age=_HALF_A_YEAR
        )
        number, marks = kept
        return str(number), [str(mark) for mark in marks][:_MOST]
    except (signing.BadSignature, ValueError, TypeError):
        return "", []


def mark_of(request: HttpRequest, email: str) -> str:
    """Return what names this browser with an address it has signed in with, or nothing."""
    number, marks = _read(request)
    mark = _mark(email)
    return f"{number}|{mark}" if mark in marks else ""


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let this browser be known for an address whose code it has just typed."""
    number, marks = _read(request)
    mark = _mark(email)
    kept = [mark, *(one for one in marks if one != mark)][:_MOST]
    response.set_cookie(
        settings.KNOWN_COOKIE,
        signing.dumps([number or secrets.token_hex(8), kept], salt=_SALT, compress=True),
        max_age=_HALF_A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
