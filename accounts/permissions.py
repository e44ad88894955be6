"""Who may open which page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

from accounts.models import Person
from accounts.rules import GRANTS, Role
from peersupport.core.actors import Actor, System

View = Callable[..., HttpResponse]


def signed_in(request: HttpRequest) -> Person:
    """Return the person of a request that a role was required for. Raises Http404 otherwise."""
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


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

    Signed out: to the sign-in page, and back afterwards.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            person = request.user
            if not isinstance(person, Person):
                return redirect_to_login(request.get_full_path())
            if not any(person.has_role(role) for role in roles):
                raise Http404
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
