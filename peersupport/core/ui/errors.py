"""Calm pages for when something is wrong. Each carries the numbers that answer now.

They are drawn without request context, database, session or person, since one of these may be
what is broken. Should even the templates be unusable, a page written here is sent.
"""

import sys

from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join

from peersupport.core.ui.context import bare
from peersupport.core.ui.crisis import Numbers, extra_lines, numbers
from peersupport.core.ui.packs import default_pack

SHOWN = frozenset({400, 403, 404, 405, 409, 413, 429, 500, 503})
_RETRY_SECONDS = "30"


def calm_page(request: HttpRequest | None, status: int) -> HttpResponse:
    """Return the page for a status. Never raises."""
    try:
        body: str = render_to_string(f"errors/{status}.html", bare(request))
    except Exception:
        body = _last_resort()
    response = HttpResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    if status == 503:
        response["Retry-After"] = _RETRY_SECONDS
    return response


def _last_resort() -> str:
    """Return a page that needs no template, nor the lines of the school if they fail."""
    try:
        known, extra = numbers(), extra_lines()
    except Exception:
        pack = default_pack()
        known, extra = Numbers(pack, pack.emergency, ()), []
    rows = [(known.main.href, known.talk)] if known.main else []
    rows += [(line.href, f"{line.label} {line.shown}") for line in extra]
    rows.append((known.emergency_href, known.danger.rstrip(".")))
    lines = format_html_join("", "<p><a href='{}'>{}</a></p>", rows)
    return format_html(
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>{}</title>"
        "<p>{}</p>{}"
        "<h1>{}</h1><p>{}</p><p><a href='/'>{}</a></p></html>",
        "Something is wrong here",
        "In crisis or not safe right now?",
        lines,
        "Something is wrong on our side",
        "It is not your fault. Wait a minute and try again.",
        "Go to the first page",
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be understood, or is too big."""
    too_big = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return calm_page(request, 413 if too_big else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that is not allowed."""
    return calm_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer for what is not there, or not for this person: both look the same."""
    return calm_page(request, 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page was open for too long, or that came from elsewhere."""
    return calm_page(request, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a failure of ours; one of the database says that it will pass."""
    error = sys.exc_info()[1]
    if isinstance(error, UnicodeDecodeError) or _is_nul(error):
        return calm_page(request, 400)
    if isinstance(error, OperationalError | InterfaceError):
        return calm_page(request, 503)
    return calm_page(request, 500)


def _is_nul(error: BaseException | None) -> bool:
    """Tell whether a database refused a text because of a NUL in it."""
    return isinstance(error, ValueError) and "NUL" in str(error)
