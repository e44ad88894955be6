"""Who may open which page."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.factors import is_asked_of
from accounts.models import Person
from accounts.proving import has_passed, has_proved
from accounts.rules import GRANTS, Role
from peersupport.core import clock
from peersupport.core.actors import Actor, System

View = Callable[..., HttpResponse]

# How long after a page was rightly shown its form may still be sent.
_TO_FILL_IN = timedelta(minutes=10)


def signed_in(request: HttpRequest) -> Person:
    """Return the person of a request that a role was required for. Raises Http404 otherwise."""
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


def _by_way_of(request: HttpRequest, url_name: str, back: str = "") -> HttpResponse:
    """Lead to a page that asks something first, and back afterwards. Nothing sent is kept."""
    onward = request.get_full_path() if request.method in ("GET", "HEAD") else back
    response = redirect_to_login(onward, login_url=reverse(url_name))
    response["Cache-Control"] = "private, no-store"
    return response


def require_person(view: View) -> View:
    """Let in everybody who is signed in; others to the sign-in page, and back afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, Person):
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def require_role(*roles: Role) -> Callable[[View], View]:
    """Let in people with one of the roles; others see what a missing page shows.

    Signed out: to the sign-in page, and back afterwards. Staff whose session has passed no
    second factor: to the page for that, and back.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            person = request.user
            if not isinstance(person, Person):
                return redirect_to_login(request.get_full_path())
            if not any(person.has_role(role) for role in roles):
                if person.withheld & set(roles):
                    return _by_way_of(request, "accounts:second-factor", "/")
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def require_recent(minutes: int = 10, *, back: str = "accounts:account") -> Callable[[View], View]:
    """Let in whoever has shown within `minutes` that it is them; others are asked first.

    Stands under `require_role` or `require_person`. The page is asked for before any form is
    shown; what is sent without proof is not kept: the person is led by way of the proof to the
    page `back`, and fills in there. A form may be sent ten minutes longer than it is shown.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            within = timedelta(minutes=minutes)
            if request.method not in ("GET", "HEAD"):
                within += _TO_FILL_IN
            person = signed_in(request)
            if not has_passed(request, person) and is_asked_of(person):
                return _by_way_of(request, "accounts:second-factor", reverse(back))
            if not has_proved(request, person, within=within, now=clock.now()):
                return _by_way_of(request, "accounts:prove", reverse(back))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may_grant(by: Actor, role: Role) -> bool:
    """Return whether an actor may give or take a role."""
    if isinstance(by, System):
        return True
    if not isinstance(by, Person):
        return False
    return any(by.has_role(mine) and role in given for mine, given in GRANTS.items())


def may_set_tag_policy(by: Actor) -> bool:
    """Return whether an actor may choose which tags the program shows."""
    if isinstance(by, System):
        return True
    return isinstance(by, Person) and (
        by.has_role(Role.COORDINATOR) or by.has_role(Role.ADMINISTRATOR)
    )


def may_reset_factors(by: Person, person: Person) -> bool:
    """Return whether somebody may have a part in taking another's second factors away."""
    is_one = by.has_role(Role.ADMINISTRATOR) or by.has_role(Role.COORDINATOR)
    return is_one and by.pk != person.pk


def may_invite(by: Actor, role: Role) -> bool:
    """Return whether an actor may ask somebody to take a role. Students come by themselves."""
    return role != Role.STUDENT and may_grant(by, role)


def may_keep_roster(by: Actor) -> bool:
    """Return whether an actor may read and change the school's list of people."""
    if isinstance(by, System):
        return True
    return isinstance(by, Person) and (
        by.has_role(Role.COORDINATOR) or by.has_role(Role.ADMINISTRATOR)
    )
