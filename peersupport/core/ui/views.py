"""Leaving fast, choosing light or dark, and the page of all components."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from peersupport.core.ui import gallery, leaving
from peersupport.core.ui.context import LOOK_COOKIE, look_of
from peersupport.core.ui.forms import PlainForm

_YEAR = 365 * 24 * 3600


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """End the session and lead to a harmless site.

    Not by a redirect: our policy lets forms go nowhere but here, and Chromium holds a redirect
    that answers a form to the same policy. So a blank page of ours moves on by itself.

    It asks for no token and survives a dead database: whatever else fails, leaving works.
    """
    context = {"exit_url": settings.EXIT_URL, "look": look_of(request)}
    if request.method != "POST":
        return render(request, "ui/leave.html", context)
    response = render(request, "ui/left.html", context)
    response["Referrer-Policy"] = "no-referrer"
    if request.headers.get("Sec-Fetch-Site") != "cross-site":
        response.delete_cookie(settings.KNOWN_COOKIE, samesite="Lax")
        drop_passing(response)
        leaving.end_all(request, response)
        if hasattr(request, "session"):  # the care side has none
            _end_session(request, response)
    return response


def drop_passing(response: HttpResponse) -> None:
    """Let the browser forget what it kept for a while only."""
    for name in settings.PASSING_COOKIES:
        response.delete_cookie(name, samesite="Strict")


def _end_session(request: HttpRequest, response: HttpResponse) -> None:
    try:
        logout(request)
    except DatabaseError:
        # The row stays until it ages out, but this browser loses its key to it.
        request.session.clear()
        request.session.modified = False
        response.delete_cookie(settings.SESSION_COOKIE_NAME, samesite="Lax")


class LookForm(PlainForm):
    """Light, dark, or as the device says."""

    look = forms.ChoiceField(
        label=_("Colors"),
        choices=[
            ("system", _("As your device is set")),
            ("light", _("Light")),
            ("dark", _("Dark")),
        ],
        widget=forms.RadioSelect,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def look(request: HttpRequest) -> HttpResponse:
    """Choose the look and keep it in a cookie of this browser."""
    if request.method != "POST":
        form = LookForm(initial={"look": look_of(request)})
        return render(request, "ui/theme.html", {"form": form})
    form = LookForm(request.POST)
    if not form.is_valid():
        return render(request, "ui/theme.html", {"form": form}, status=400)
    chosen = form.cleaned_data["look"]
    response = redirect("ui:theme")
    if chosen == "system":
        response.delete_cookie(LOOK_COOKIE)
    else:
        response.set_cookie(
            LOOK_COOKIE,
            chosen,
            max_age=_YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    messages.success(request, _("Your choice is kept in this browser."))
    return response


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component in every state: documentation and test target in one."""
    return render(request, "ui/components.html", gallery.everything())
