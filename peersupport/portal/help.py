"""Help now and Help a friend: for anybody, without the database, and again without a network.

A browser that runs scripts keeps both pages, with what they are drawn with, after the first
visit: `kept.js` is a worker whose reach is this folder alone. It asks for the pages without a
cookie, so what is kept is the same for everybody; signing out drops it ("storage").
"""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from peersupport.core import clock
from peersupport.core.ui.context import bare

PAGES = {
    "portal:help-now": "portal/help_now.html",
    "portal:help-friend": "portal/help_friend.html",
}
# What a page is drawn with: style sheets, the font, the icon. Not where its links lead.
_DRAWN_WITH = re.compile(r'<(?:link|script)\b[^>]*\s(?:href|src)="(/[^"]+)"')


def _page(request: HttpRequest, name: str) -> HttpResponse:
    response = render(request, PAGES[name], {"today": clock.now().date()})
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def help_now(request: HttpRequest) -> HttpResponse:
    """Show every number, for anybody, without touching the database."""
    return _page(request, "portal:help-now")


@require_safe
def help_friend(request: HttpRequest) -> HttpResponse:
    """Say how to help a friend, for anybody, without touching the database."""
    return _page(request, "portal:help-friend")


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Return the worker. It changes when a number or a word does, and browsers then keep anew."""
    shown = {**bare(None), "today": clock.now().date()}
    drawn = {reverse(name): render_to_string(path, shown) for name, path in PAGES.items()}
    whole = "\n".join(drawn.values())
    context = {
        "mark": hashlib.sha256(whole.encode()).hexdigest()[:16],
        "pages": list(drawn),
        "files": sorted(set(_DRAWN_WITH.findall(whole))),
    }
    response = render(request, "portal/kept.js", context, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response
