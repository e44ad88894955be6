"""Signing in by way of the school's own sign-on, and proving oneself there once more."""

from datetime import UTC, datetime, timedelta

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import campus, limits
from accounts.models import Person
from accounts.permissions import require_person, signed_in
from accounts.proving import has_passed, note_proved, note_vouched
from accounts.queries.factors import ways_of
from accounts.queries.standing import campus_link
from accounts.services.campus import welcome
from accounts.views.onward import onward_of
from accounts.views.prove import Way, register_way
from accounts.views.second_factor import BACKEND
from peersupport.core import clock

_WAITING = "campus"
# How far the provider's clock may be from ours.
_SLACK = timedelta(minutes=2)


def _lead(request: HttpRequest, purpose: str) -> HttpResponse:
    """Lead to the provider. A link, no form: browsers hold a form's whole chain of redirects
    against our policy, and a school's sign-on has stations that nobody can list beforehand.
    """
    if not limits.may_go_to_campus(request):
        return render(request, "errors/429.html", status=429)
    request.session[_WAITING] = {
        "for": purpose,
        "next": onward_of(request),
        "at": int(clock.now().timestamp()),
    }
    try:
        response = campus.lead_there(request, anew=purpose == "prove")
    except campus.CampusFailed as failed:
        return _failed(request, failed)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Lead to the school's sign-on."""
    if not campus.is_offered():
        raise Http404
    if request.user.is_authenticated:
        return redirect(onward_of(request))
    return _lead(request, "sign-in")


@require_safe
@require_person
def prove(request: HttpRequest) -> HttpResponse:
    """Have the school ask once more who it is: for whoever has no second factor of their own."""
    if not _may_prove_there(signed_in(request)):
        raise Http404
    return _lead(request, "prove")


@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Take whoever comes back from the school's sign-on."""
    if not campus.is_offered():
        raise Http404
    waiting = request.session.pop(_WAITING, None)
    if not isinstance(waiting, dict):
        return redirect("accounts:sign-in")
    try:
        arrival = campus.arrived(request)
    except campus.CampusFailed as failed:
        return _failed(request, failed)
    if waiting["for"] == "prove":
        return _proved(request, arrival, waiting)
    if request.user.is_authenticated:
        return redirect(waiting["next"])
    person = welcome(arrival=arrival, now=clock.now())
    if person is None:
        return _failed(request, campus.CampusFailed())
    return _let_in(request, person, arrival, waiting["next"])


def _let_in(
    request: HttpRequest, person: Person, arrival: campus.Arrival, onward: str
) -> HttpResponse:
    if arrival.has_second_factor:
        login(request, person, backend=BACKEND)
        note_vouched(request, person)
        return redirect(onward)
    response: HttpResponse = perform_login(request, Login(user=person, redirect_url=onward))
    if not isinstance(request.user, Person):
        request.session.cycle_key()  # a second factor is still to come
    elif person.is_staff_member and not has_passed(request, person):
        return redirect_to_login(onward, login_url=reverse("accounts:second-factor"))
    return response


def _proved(
    request: HttpRequest, arrival: campus.Arrival, waiting: dict[str, object]
) -> HttpResponse:
    """Note the proof, if the school really asked, after we sent them there, and it is them."""
    person = request.user
    link = campus_link(person) if isinstance(person, Person) else None
    asked_at = datetime.fromtimestamp(int(str(waiting["at"])), UTC)
    is_new = datetime.fromtimestamp(arrival.proved_at, UTC) >= asked_at - _SLACK
    if link is None or not isinstance(person, Person) or bytes(link.mark) != arrival.mark:
        return _failed(request, campus.CampusFailed())
    if not is_new:
        return _failed(request, campus.CampusFailed())
    request.session.cycle_key()
    note_proved(request, person, clock.now())
    return redirect(str(waiting["next"]))


def _failed(request: HttpRequest, failed: campus.CampusFailed) -> HttpResponse:
    """Show one calm page, whatever it was: it tells nobody who is known here."""
    is_away = isinstance(failed, campus.CampusAway)
    context = {"is_away": is_away, "campus": settings.OIDC_NAME, "personal": True}
    return render(request, "accounts/campus_failed.html", context, status=503 if is_away else 400)


def _may_prove_there(person: Person) -> bool:
    if not campus.is_offered() or ways_of(person).is_set_up:
        return False
    return campus_link(person) is not None


register_way(
    Way(
        label=_("Show it by signing in at your school once more"),
        url_name="accounts:campus-prove",
        is_for=_may_prove_there,
    )
)
