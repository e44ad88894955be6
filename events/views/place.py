"""The page behind the link in a letter about a place. Looking at it changes nothing.

It works signed out: whoever has the letter may give the place back. It says neither what the
place is in nor whose it is; when and where stands behind signing in.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.models import Rsvp
from events.queries import refs
from events.queries.by_link import Standing, place_of
from peersupport.core import clock, words
from program.queries import facts


def _found(token: str) -> Rsvp:
    rsvp = refs.rsvp_of(token, clock.now())
    if rsvp is None:
        raise Http404
    return rsvp


@never_cache
@require_safe
def place(request: HttpRequest, token: str) -> HttpResponse:
    """Show where somebody stands and what can be done; afterwards, lead to how it was."""
    now, rsvp = clock.now(), _found(token)
    found = place_of(rsvp, now)
    if found.standing is Standing.OVER:
        return redirect(refs.page_of(rsvp.event_id, "how-was-it/"))
    until = words.moment_near(found.until, now, facts().zone) if found.until else ""
    context = {
        "personal": True,
        "standing": str(found.standing),
        "until": until,
        "mine": refs.mine(),
    }
    response = render(request, "events/place.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response
