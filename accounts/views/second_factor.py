"""The second step of a sign-in, and of staff whose session has not made it yet."""

from typing import Any

from allauth.account.stages import LoginStageController
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import limits, passkeys
from accounts.forms.factors import PasskeyForm, SecondCodeForm
from accounts.models import Person
from accounts.proving import has_passed, note_passed
from accounts.queries.factors import Ways, ways_of
from accounts.services.factors import spend_code
from accounts.stages import SecondFactorStage
from accounts.views.onward import onward_of
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]
BACKEND = "accounts.backends.ActivePersonBackend"


def show_ways(
    request: HttpRequest, purpose: str, person: Person, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Show a page that asks for a code or a passkey."""
    ways: Ways = context["ways"]
    form = context.setdefault("form", SecondCodeForm())
    if not ways.has_app:
        form.with_recovery_codes_only()
    offers = bool(ways.passkeys) and passkeys.work_here(request)
    options = passkeys.ask_to_use(request, purpose, person) if offers else None
    status = 400 if form.errors else 200
    return render(request, template, {**context, "options": options}, status=status)


def is_proved(request: HttpRequest, purpose: str, person: Person, form: SecondCodeForm) -> bool:
    """Return whether what was sent is a right code or the right answer of a passkey."""
    if "passkey" in request.POST:
        answer = PasskeyForm(request.POST)
        try:
            if not answer.is_valid():
                raise passkeys.NotRight
            passkeys.used(request, purpose, person, answer.cleaned_data["passkey"])
        except passkeys.NotRight:
            form.full_clean()
            form.errors.clear()
            form.add_error(None, _("That did not work. Try once more, or use a code."))
            return False
        return True
    if not form.is_valid():
        return False
    typed = form.cleaned_data["code"]
    if spend_code(person=person, typed=typed, now=clock.now()) is None:
        form.add_error(
            "code", _("That is not the code, or it was used already. Wait for the next.")
        )
        return False
    return True


@require_http_methods(_GET_OR_POST)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor: in the middle of a sign-in, or of staff who are signed in."""
    if isinstance(request.user, Person):
        person = request.user
        if has_passed(request, person):
            return redirect(onward_of(request))
        if not ways_of(person).is_set_up:
            return _lead(request)
        return _asked(request, person) or _passed(request, person)
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if stage is None or not isinstance(stage.login.user, Person):
        return redirect("accounts:sign-in")
    person = stage.login.user
    # If it was taken away in the meantime, there is nothing to ask for.
    is_set_up = ways_of(person).is_set_up
    if is_set_up and (answer := _asked(request, person)):
        return answer
    response: HttpResponse = stage.exit()  # this signs in, which changes the session's key
    if is_set_up:
        _note(request, person)
    return response


def _note(request: HttpRequest, person: Person) -> None:
    if request.user.is_authenticated:
        note_passed(request, person, clock.now())


def _lead(request: HttpRequest) -> HttpResponse:
    """Show staff who have set up nothing what to do."""
    context = {
        "onward": onward_of(request),
        "has_apps": settings.AUTHENTICATOR_APPS,
        "has_passkeys": settings.PASSKEYS,
        "personal": True,
        "is_setting_up": True,
    }
    return render(request, "accounts/second_factor_needed.html", context)


def _asked(request: HttpRequest, person: Person) -> HttpResponse | None:
    """Return the page that asks, or None once the answer is right."""
    context: dict[str, Any] = {
        "ways": ways_of(person),
        "onward": onward_of(request),
        "personal": True,
        "is_setting_up": True,
    }
    if request.method == "POST":
        if not limits.may_prove(person.pk):
            return render(request, "errors/429.html", status=429)
        context["form"] = form = SecondCodeForm(request.POST)
        if is_proved(request, "second", person, form):
            return None
    return show_ways(request, "second", person, "accounts/second_factor.html", context)


def _passed(request: HttpRequest, person: Person) -> HttpResponse:
    request.session.cycle_key()
    note_passed(request, person, clock.now())
    return redirect(onward_of(request))


@require_http_methods(_GET_OR_POST)
def with_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone, which is both factors: the device and what unlocks it."""
    onward = onward_of(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    works = passkeys.work_here(request)
    if request.method == "POST" and works:
        if not limits.may_answer(request):
            return render(request, "errors/429.html", status=429)
        try:
            if not form.is_valid():
                raise passkeys.NotRight
            person = passkeys.used(request, "sign-in", None, form.cleaned_data["passkey"])
        except passkeys.NotRight:
            form.errors.clear()
            form.add_error(
                None, _("That did not work. Try once more, or have a code sent to your e-mail.")
            )
        else:
            login(request, person, backend=BACKEND)
            note_passed(request, person, clock.now())
            return redirect(onward)
    options = passkeys.ask_to_use(request, "sign-in", None) if works else None
    context = {"form": form, "options": options, "onward": onward}
    status = 400 if form.errors else 200
    return render(request, "accounts/passkey_sign_in.html", context, status=status)
