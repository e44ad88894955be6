"""Who may open which page of the care side, and who may see which referral."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from peersupport.core import clock
from referrals.care_sessions import seat
from referrals.models import Counselor
from referrals.rules import CareRole

View = Callable[..., HttpResponse]


def seated(request: HttpRequest) -> Counselor:
    """Return the counselor of a request that one was required for. Raises Http404 otherwise."""
    found = seat(request)
    if found is None:
        raise Http404
    return found.counselor


def _by_way_of(request: HttpRequest, name: str) -> HttpResponse:
    """Lead to a page that asks something first, and back afterwards. Nothing sent is kept."""
    onward = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("care:desk")
    return redirect(f"{reverse(name)}?{urlencode({'next': onward})}")


def require_counselor(view: View) -> View:
    """Let in counselors of the care side; others to its sign-in page, and back afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if seat(request) is None:
            return _by_way_of(request, "care:sign-in")
        return view(request, *args, **kwargs)

    return guarded


def require_lead(view: View) -> View:
    """Let in the lead counselor; other counselors see what a missing page shows."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = seat(request)
        if found is None:
            return _by_way_of(request, "care:sign-in")
        if found.counselor.role != CareRole.LEAD:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def require_proof(view: View) -> View:
    """Let in whoever used a passkey within five minutes; others are asked for it first.

    Stands under `require_counselor` or `require_lead`, on everything that opens something sealed.
    A session that began with a recovery code has no passkey in it: it opens nothing.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = seat(request)
        if found is None or not found.has_proved(clock.now()):
            return _by_way_of(request, "care:prove")
        return view(request, *args, **kwargs)

    return guarded
