"""Showing once more that it is you, before a page on which much could be taken from you."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import limits, mail_codes
from accounts.adapter import CouldNotSend
from accounts.forms.factors import SecondCodeForm
from accounts.forms.sign_in import CodeForm
from accounts.models import Person
from accounts.permissions import require_person, signed_in
from accounts.proving import note_passed, note_proved
from accounts.queries.factors import ways_of
from accounts.views.onward import onward_of
from accounts.views.second_factor import is_proved, show_ways
from peersupport.core import clock
from peersupport.core.ui.forms import PlainForm


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to prove oneself, for people without a second factor.

    Its page takes `next`, calls `proving.note_proved` once the person has shown that it is
    really them, changes the session's key (`request.session.cycle_key()`), and goes on to `next`.
    """

    label: str | Promise
    url_name: str
    is_for: Callable[[Person], bool]


_others: dict[str, Way] = {}


def register_way(way: Way) -> None:
    """Offer another way. Registering the same address again replaces it."""
    _others[way.url_name] = way


@require_http_methods(["GET", "HEAD", "POST"])
@require_person
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of whoever has one, else for a code sent by mail."""
    person = signed_in(request)
    ways = ways_of(person)
    if not ways.is_set_up:
        return _by_mail(request, person)
    context = {"ways": ways, "onward": onward_of(request), "personal": True, "is_setting_up": True}
    if request.method != "POST":
        return show_ways(request, "prove", person, "accounts/prove.html", context)
    if not limits.may_prove(person.pk):
        return render(request, "errors/429.html", status=429)
    form = SecondCodeForm(request.POST)
    if not is_proved(request, "prove", person, form):
        return show_ways(
            request, "prove", person, "accounts/prove.html", {**context, "form": form}
        )
    request.session.cycle_key()
    note_passed(request, person, clock.now())
    return redirect(onward_of(request))


def _by_mail(request: HttpRequest, person: Person) -> HttpResponse:
    now = clock.now()
    if request.method != "POST":
        return _show_mail(request, person, CodeForm())
    if "send" in request.POST:
        return _send(request, person)
    form = CodeForm(request.POST)
    if form.is_valid():
        if not limits.may_try(request):
            return render(request, "errors/429.html", status=429)
        # A code that went to an address which is no longer theirs proves nothing.
        to = mail_codes.waits_for(request, "prove", now)
        typed = form.cleaned_data["code"]
        right = mail_codes.is_right(request, purpose="prove", typed=typed, now=now)
        if right and to == person.email:
            request.session.cycle_key()
            note_proved(request, person, now)
            return redirect(onward_of(request))
        form.add_error("code", _("That is not the code. Look at the newest e-mail from us."))
    return _show_mail(request, person, form)


def _send(request: HttpRequest, person: Person) -> HttpResponse:
    form: PlainForm = CodeForm()
    if not limits.may_ask(request, person.email):
        return render(request, "errors/429.html", status=429)
    try:
        mail_codes.send(request, purpose="prove", to=person.email, may=True, now=clock.now())
    except CouldNotSend:
        form = PlainForm({})
        form.add_error(None, _("We could not send the code just now. Try again in a minute."))
        return _show_mail(request, person, form, status=503)
    return _show_mail(request, person, form)


def _show_mail(
    request: HttpRequest, person: Person, form: PlainForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "email": person.email,
        "is_sent": bool(mail_codes.waits_for(request, "prove", clock.now())),
        "others": [way for way in _others.values() if way.is_for(person)],
        "onward": onward_of(request),
        "personal": True,
        "is_setting_up": True,
    }
    status = 400 if form.errors and status == 200 else status
    return render(request, "accounts/prove_by_mail.html", context, status=status)
