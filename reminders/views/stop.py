"""The page behind the link in every unasked letter. Looking at it changes nothing.

It works signed out and without cookies: mail programs post to it by themselves when somebody
presses their own "unsubscribe" (RFC 8058). The link says neither whose it is nor what it stops.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from peersupport.core.outbox.kinds import kind_of
from reminders.models import StopLink
from reminders.queries.stops import link_of
from reminders.services.stopping import follow

EVERYTHING = "everything"


def _page(request: HttpRequest, link: StopLink) -> HttpResponse:
    kind = kind_of(link.kind)
    context: dict[str, Any] = {
        "personal": True,
        "title": kind.title if kind else link.kind,
        "is_silent": link.person.is_silent,
        "is_stopped": not link.person.wants(link.kind),
    }
    response = render(request, "reminders/stop.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@csrf_exempt  # The token in the address is the permission, and it can only stop.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Show what can be stopped; stop it."""
    link = link_of(token)
    if link is None:
        raise Http404
    if request.method == "POST":
        follow(link=link, is_everything=request.POST.get("what") == EVERYTHING)
        link.person.refresh_from_db(fields=["is_silent", "muted"])
    return _page(request, link)
