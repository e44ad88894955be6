"""What one browser keeps for a while: the key of a draft, and what a receipt has opened.

Both are cookies of this browser alone: HttpOnly, never sent from another site, gone when somebody
signs out or leaves. Nothing of them is in a session, an address or a log.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Person
from accounts.rules import Role
from peersupport.core import clock
from peersupport.core.crypto import CannotOpen, keyring
from referrals.queries.drafts import ACCOUNT, Answers, Gone, Handle, read
from referrals.queries.mine import Claim

_BYTES = 32
RECEIPT_SHOWN = timedelta(minutes=15)
_PURPOSE, _PLACE = "receipt|shown", "cookie"
View = Callable[..., HttpResponse]


def person_of(request: HttpRequest) -> Person | None:
    """Return whoever is signed in."""
    return request.user if isinstance(request.user, Person) else None


def student_of(request: HttpRequest) -> Person | None:
    """Return whoever is signed in, if they are a student: only they have an account to keep it."""
    person = person_of(request)
    return person if person is not None and person.has_role(Role.STUDENT) else None


def kept_nowhere(view: View) -> View:
    """Let nobody on the way, and no browser, keep a copy of these answers."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response

    return guarded


def _set(response: HttpResponse, name: str, raw: bytes, lasts: timedelta) -> None:
    response.set_cookie(
        name,
        base64.urlsafe_b64encode(raw).decode(),
        max_age=int(lasts.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _raw(request: HttpRequest, name: str) -> bytes:
    try:
        return base64.b64decode(request.COOKIES.get(name, ""), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def handle_of(request: HttpRequest) -> Handle | None:
    """Return the handle of what this browser began, if it keeps one."""
    raw = _raw(request, settings.DRAFT_COOKIE)
    return Handle(raw) if len(raw) == _BYTES else None


def keep_handle(response: HttpResponse, handle: Handle, lasts: timedelta) -> None:
    """Let this browser keep the key of a draft."""
    _set(response, settings.DRAFT_COOKIE, handle.secret, lasts)


def drop_handle(response: HttpResponse) -> None:
    """Let this browser forget the key of a draft."""
    response.delete_cookie(settings.DRAFT_COOKIE, samesite="Strict")


def begun(request: HttpRequest, now: datetime) -> tuple[Handle, Answers]:
    """Return what this browser began, to whom it belongs. Raises Gone.

    What is kept on an account shows itself to nobody else who sits at the same browser.
    """
    handle = handle_of(request)
    if handle is None:
        raise Gone
    answers = read(handle, now)
    person = person_of(request)
    if answers.keep == ACCOUNT and (person is None or person.pk != answers.person):
        raise Gone
    return handle, answers


def gone(request: HttpRequest) -> HttpResponse:
    """Say calmly that there is nothing here any more, and how to begin anew."""
    response = render(request, "referrals/gone.html", {"personal": True}, status=410)
    drop_handle(response)
    return response


def with_draft(view: View) -> View:
    """Give the view what this browser began; others see the calm page, whatever the reason."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            handle, answers = begun(request, clock.now())
            return view(request, handle, answers, *args, **kwargs)
        except Gone:
            return gone(request)

    return kept_nowhere(guarded)


def show_receipt(response: HttpResponse, referral: uuid.UUID, now: datetime) -> None:
    """Let this browser see one referral for a quarter of an hour."""
    until = (now + RECEIPT_SHOWN).timestamp()
    plain = json.dumps([referral.hex, until]).encode()
    _set(
        response,
        settings.RECEIPT_COOKIE,
        keyring().seal(plain, purpose=_PURPOSE, context=_PLACE),
        RECEIPT_SHOWN,
    )


def close_receipt(response: HttpResponse) -> None:
    """Let this browser see it no longer."""
    response.delete_cookie(settings.RECEIPT_COOKIE, samesite="Strict")


def _shown(request: HttpRequest, now: datetime) -> uuid.UUID | None:
    raw = _raw(request, settings.RECEIPT_COOKIE)
    if not raw:
        return None
    try:
        key, until = json.loads(keyring().open(raw, purpose=_PURPOSE, context=_PLACE))
    except CannotOpen:
        return None
    return uuid.UUID(key) if now.timestamp() < until else None


def claim_of(request: HttpRequest, now: datetime) -> Claim:
    """Return by what this request may ask for referrals: its account, its receipt, or neither."""
    student = student_of(request)
    return Claim(student.pk if student else None, _shown(request, now))
