"""The page behind the link in a letter about a place. Looking at it changes nothing.

It works signed out: whoever has the letter may answer an offer and give the place back, and no
more. It says neither what the place is in nor whose it is: that stands behind signing in. Nor does
it lead there by address: the one of a private event is an invitation.
"""

from datetime import datetime

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from accounts.permissions import require_person
from events.models import Rsvp
from events.queries import refs
from events.queries.by_link import Standing, place_of
from events.rules import NotAllowedFrom, NotOpen
from events.services import places
from peersupport.core import clock, words
from peersupport.core.daykey import Forgotten
from program.queries import facts

TAKE, GIVE_BACK = "take", "give-back"


def _do(what: str, rsvp: Rsvp, now: datetime) -> None:
    """Do what a button said. Whoever was too late sees on the page how it stands."""
    try:
        if what == GIVE_BACK:
            places.decline(rsvp=rsvp.pk, now=now)
        holder = refs.holder_of(rsvp, now) if what == TAKE else None
        person = Person.objects.filter(pk=holder, is_active=True).first() if holder else None
        if person is not None:
            places.accept(event=rsvp.event_id, person=person, now=now)
    except (NotOpen, NotAllowedFrom, Forgotten):
        return


def _page(request: HttpRequest, rsvp: Rsvp, now: datetime) -> HttpResponse:
    found = place_of(rsvp, now)
    if found.standing is Standing.OVER:
        return _to_how_it_was(request, rsvp, now)
    until = words.moment_near(found.until, now, facts().zone) if found.until else ""
    context = {"personal": True, "standing": str(found.standing), "until": until}
    return render(request, "events/place.html", context)


def _to_how_it_was(request: HttpRequest, rsvp: Rsvp, now: datetime) -> HttpResponse:
    """Lead whoever it was to the two taps; nobody else learns by a letter which event it was."""
    if not isinstance(request.user, Person):
        return redirect_to_login(request.get_full_path())
    if request.user.pk != refs.holder_of(rsvp, now):
        raise Http404
    return redirect("events:how-was-it", rsvp.event_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, token: str) -> HttpResponse:
    """Show where somebody stands and what can be done; do it; afterwards, lead to how it was."""
    now = clock.now()
    rsvp = refs.rsvp_of(token, now)
    if rsvp is None:
        raise Http404
    if request.method == "POST":
        _do(request.POST.get("what", ""), rsvp, now)
        return redirect("events:place", token)
    # The address is told to no other site (settings); "no-referrer" would break our own forms.
    return _page(request, rsvp, now)


@require_safe
@require_person
def mine(request: HttpRequest) -> HttpResponse:
    """Lead whoever comes from a letter to what they planned, by way of signing in."""
    return redirect("events:list")
