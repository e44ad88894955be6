"""Calm answers to bad requests, and the headers that keep private pages private."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from peersupport.core.ui.errors import calm_page

_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class CalmErrors:
    """Refuse what no page can use, draw the pages Django leaves empty, guard private answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        response = calm_page(request, 400) if _has_nul(request) else self.get_response(request)
        if response.status_code == 405 and not response.streaming and not response.content:
            response = _with_allow(calm_page(request, 405), response.get("Allow", ""))
        return _with_headers(request, response)


class OwnFormsOnly:
    """Refuse what another site sends in a reader's name, before any token is looked at.

    Browsers say where a request comes from. "same-site" is refused as well: another host of the
    school is not us, and its forms carry our cookies.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse an unsafe request from elsewhere, but to views that expect strangers."""
        if request.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            return None
        if getattr(view, "csrf_exempt", False):
            return None
        if request.headers.get("Sec-Fetch-Site", "same-origin") in ("cross-site", "same-site"):
            return calm_page(request, 403)
        return None


def _has_nul(request: HttpRequest) -> bool:
    """Tell whether the address holds a NUL: no text of ours does, and PostgreSQL fails on it."""
    query = request.META.get("QUERY_STRING", "").lower()
    return "\x00" in request.path_info or "%00" in query or "\x00" in query


def _with_allow(response: HttpResponse, allow: str) -> HttpResponse:
    if allow:
        response["Allow"] = allow
    return response


def _with_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Permissions-Policy", _POLICY)
    if _knew_a_person(request):
        kept = response.get("Cache-Control", "")
        if "no-store" not in kept and "private" not in kept:
            response["Cache-Control"] = "private, no-store"
    if response.get("Content-Type", "").startswith("text/html"):
        # The look comes from a cookie.
        patch_vary_headers(response, ["Cookie"])
    return response


def _knew_a_person(request: HttpRequest) -> bool:
    """Tell whether answering this request looked up a signed-in person.

    Looks only at what was found already: asking now would cost a query on pages for everybody.
    Before and after matters: signing in and signing out both answer a person.
    """
    before = getattr(request, "_cached_user", None)
    after = request.__dict__.get("user")
    found = [before]
    if after is not None and hasattr(type(after), "is_authenticated"):
        found.append(after)
    return any(user is not None and user.is_authenticated for user in found)
