"""The one gate for second factors: without one, a session has no staff powers."""

from functools import partial

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.lasting import keep
from accounts.models import Person
from accounts.proving import has_passed
from accounts.rules import STAFF
from peersupport.core import clock

_WAITING = frozenset(str(role) for role in STAFF)


def held_back(request: HttpRequest) -> Person | AnonymousUser:
    """Return who asks, without staff roles while this session has passed no second factor.

    Taking the roles away, instead of guarding pages, leaves no page, shared or new, on which
    they could be forgotten; and it holds whichever way in the session came by.
    """
    person = get_user(request)
    if isinstance(person, Person) and not keep(request, person, clock.now()):
        request.session.flush()
        return AnonymousUser()
    if isinstance(person, Person) and person.roles & _WAITING and not has_passed(request, person):
        person.withhold(_WAITING)
    return person


class SecondFactor(AuthenticationMiddleware):
    """Django's own middleware, with the gate in it. Still asks nothing until somebody does."""

    def process_request(self, request: HttpRequest) -> None:
        """Put the person on the request, looked up at the first question."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: held_back(request))  # type: ignore[assignment]
        request.auser = sync_to_async(partial(held_back, request))
