"""The demo's own pages: the cast, signing in as anybody, the mailbox. Never outside the demo."""

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.proving import note_passed
from peersupport.core import clock, words
from peersupport.core.clock import local_date
from peersupport.core.outbox.demo_mailbox import read_all
from peersupport.portal.cast import CAST
from program.queries import facts
from referrals import care_sessions
from referrals.models import Counselor


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404


@require_safe
def cast(request: HttpRequest) -> HttpResponse:
    """Show who is who, with one button each."""
    _only_in_the_demo()
    return render(request, "demo/cast.html", {"cast": CAST})


@csrf_exempt  # anybody may sign in as anybody here: there is nothing to forge
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the cast."""
    _only_in_the_demo()
    address = request.POST.get("email", "").strip().lower()
    if "\0" in address:
        raise Http404
    person = Person.objects.filter(email=address, is_active=True).first()
    if person is None:
        raise Http404
    login(request, person, backend="accounts.backends.ActivePersonBackend")
    # One click is enough here, also for the staff of the cast: nothing in the demo is anybody's.
    note_passed(request, person, clock.now())
    response = redirect(_onward(request, "/"))
    care_sessions.leave(request, response)
    counselor = Counselor.objects.filter(email=address, state=Counselor.State.ACTIVE).first()
    if counselor is not None:
        care_sessions.begin(request, response, counselor, has_proved=True, now=clock.now())
    return response


def _onward(request: HttpRequest, otherwise: str) -> str:
    onward = request.POST.get("next", otherwise)
    is_ours = url_has_allowed_host_and_scheme(onward, {request.get_host()}, request.is_secure())
    return onward if is_ours else otherwise


@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Let whoever sits at the desk go on without a passkey: a bare address can have none."""
    _only_in_the_demo()
    response = redirect(_onward(request, "/care/"))
    if care_sessions.seat(request) is not None:
        care_sessions.renew(request, response, clock.now())
    return response


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show every message the demo sent, newest first."""
    _only_in_the_demo()
    to = request.GET.get("to") or None
    zone = facts().zone
    shown = [
        {
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
            "when": f"{words.dated(local_date(message.at, zone))}, "
            f"{words.time_of_day(message.at, zone)}",
        }
        for message in read_all(to)
    ]
    return render(request, "demo/mailbox.html", {"messages_sent": shown, "to": to or ""})


urlpatterns = [
    path("", cast, name="cast"),
    path("sign-in/", sign_in, name="sign-in"),
    path("mailbox/", mailbox, name="mailbox"),
    path("go-on/", prove, name="prove"),
]
