"""One's own second factors: see, set up, name, remove."""

import uuid
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, passkeys
from accounts.forms.factors import AppCodeForm, NameForm, NewPasskeyForm
from accounts.models import Person
from accounts.permissions import require_person, require_recent, signed_in
from accounts.proving import forget_passed, note_passed
from accounts.queries.factors import reset_about, ways_of
from accounts.services import factors as services
from accounts.services.resets import withdraw_reset
from accounts.views.onward import onward_of
from peersupport.core import clock
from peersupport.core.qr import qr

_GET_OR_POST = ["GET", "HEAD", "POST"]
_SECRET = "new-app"  # noqa: S105  where the secret of an app waits in the session until it is shown to work
_recent = require_recent(10, back="accounts:factors")


@require_http_methods(["GET", "HEAD"])
@require_person
@_recent
def mine(request: HttpRequest) -> HttpResponse:
    """Show what is set up."""
    person = signed_in(request)
    context = {
        "ways": ways_of(person),
        "has_apps": settings.AUTHENTICATOR_APPS,
        "has_passkeys": settings.PASSKEYS,
        "reset": reset_about(person, clock.now()),
        "is_staff": person.is_staff_member,
        "personal": True,
        "is_setting_up": True,
    }
    return render(request, "accounts/factors.html", context)


def _done(
    request: HttpRequest, person: Person, codes: list[str], said: str | Promise
) -> HttpResponse:
    """Keep this session and go on: by way of the recovery codes, if there are new ones.

    They stand in this one answer and nowhere else.
    """
    update_session_auth_hash(request, person)
    note_passed(request, person, clock.now())
    if codes:
        context = {"codes": codes, "onward": onward_of(request, reverse("accounts:factors"))}
        return render(
            request,
            "accounts/recovery_codes.html",
            {**context, "personal": True, "is_setting_up": True},
        )
    messages.success(request, str(said))
    return redirect(onward_of(request, reverse("accounts:factors")))


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def add_app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app: scan, then show a code."""
    person = signed_in(request)
    if not settings.AUTHENTICATOR_APPS:
        raise Http404
    if ways_of(person).has_app:
        return redirect("accounts:factors")
    secret = request.session.get(_SECRET)
    if request.method != "POST" or not secret:
        if not secret:
            secret = request.session[_SECRET] = services.new_secret()
        return _show_app(request, person, secret, AppCodeForm())
    form = AppCodeForm(request.POST)
    if form.is_valid():
        if not limits.may_prove(person.pk):
            return render(request, "errors/429.html", status=429)
        typed = form.cleaned_data["code"]
        try:
            codes = services.add_app(person=person, secret=secret, typed=typed, now=clock.now())
        except services.AlreadyThere:
            return redirect("accounts:factors")
        except services.WrongCode:
            form.add_error(
                "code",
                _("That code does not fit. Check the phone's clock, and type the next one."),
            )
        else:
            del request.session[_SECRET]
            return _done(request, person, codes, _("The app is set up."))
    return _show_app(request, person, secret, form)


def _show_app(
    request: HttpRequest, person: Person, secret: str, form: AppCodeForm
) -> HttpResponse:
    name = quote(f"{settings.SITE_NAME}:{person.email}")
    query = urlencode({"secret": secret, "issuer": settings.SITE_NAME}, quote_via=quote)
    address = f"otpauth://totp/{name}?{query}"
    context = {
        "form": form,
        "qr": qr(address),
        "address": address,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "onward": onward_of(request, reverse("accounts:factors")),
        "personal": True,
        "is_setting_up": True,
    }
    return render(request, "accounts/add_app.html", context, status=400 if form.errors else 200)


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Make a passkey. Needs a script, and says so."""
    person = signed_in(request)
    if not settings.PASSKEYS:
        raise Http404
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    works = passkeys.work_here(request)
    if request.method == "POST" and works and form.is_valid():
        try:
            credential = passkeys.made(request, form.cleaned_data["passkey"])
            codes = services.add_passkey(
                person=person,
                name=form.cleaned_data["name"],
                credential=credential,
                now=clock.now(),
            )
        except (passkeys.NotRight, services.AlreadyThere):
            form.add_error(None, _("That did not work. Nothing was changed. Try once more."))
        else:
            return _done(request, person, codes, _("The passkey is set up."))
    options = passkeys.ask_to_make(request, person) if works else None
    context = {
        "form": form,
        "options": options,
        # The demo opens by a number, under which no browser makes passkeys; it has a name too.
        "by_name": f"http://localhost:{request.get_port()}/demo/" if settings.DEMO else "",
        "onward": onward_of(request, reverse("accounts:factors")),
        "personal": True,
        "is_setting_up": True,
    }
    status = 400 if form.errors else 200
    return render(request, "accounts/add_passkey.html", context, status=status)


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def passkey(request: HttpRequest, ref: uuid.UUID) -> HttpResponse:
    """Give a passkey another name."""
    person = signed_in(request)
    found = services.passkey(person, ref)
    if found is None:
        raise Http404
    if request.method != "POST":
        form = NameForm(initial={"name": found.content["name"]})
        return _show_passkey(request, form, ref)
    form = NameForm(request.POST)
    if not form.is_valid():
        return _show_passkey(request, form, ref)
    services.rename_passkey(person=person, ref=ref, name=form.cleaned_data["name"])
    return redirect("accounts:factors")


def _show_passkey(request: HttpRequest, form: NameForm, ref: uuid.UUID) -> HttpResponse:
    context = {"form": form, "ref": ref, "personal": True, "is_setting_up": True}
    return render(request, "accounts/passkey.html", context, status=400 if form.errors else 200)


def _ask(request: HttpRequest, **context: object) -> HttpResponse:
    context = {"action": request.path, "no": reverse("accounts:factors"), **context}
    return render(
        request, "accounts/confirm.html", {**context, "personal": True, "is_setting_up": True}
    )


def _removed(request: HttpRequest, person: Person) -> HttpResponse:
    """Keep this session; without any factor left it has passed none."""
    update_session_auth_hash(request, person)
    if not ways_of(person).is_set_up:
        forget_passed(request)
    messages.success(request, _("It is removed."))
    return redirect("accounts:factors")


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def remove_passkey(request: HttpRequest, ref: uuid.UUID) -> HttpResponse:
    """Remove a passkey, once it is said to be meant."""
    person = signed_in(request)
    if services.passkey(person, ref) is None:
        raise Http404
    if request.method != "POST":
        return _ask(
            request,
            title=_("Remove this passkey?"),
            text=_("You can no longer sign in with it. Delete it on the device too."),
            yes=_("Remove it"),
        )
    services.remove_passkey(person=person, ref=ref, now=clock.now())
    return _removed(request, person)


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def remove_app(request: HttpRequest) -> HttpResponse:
    """Remove the app, once it is said to be meant."""
    person = signed_in(request)
    if request.method != "POST":
        return _ask(
            request,
            title=_("Remove the app?"),
            text=_("Its codes no longer work. To change to a new phone, set the app up again."),
            yes=_("Remove it"),
        )
    services.remove_app(person=person, now=clock.now())
    return _removed(request, person)


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def new_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, once it is said to be meant."""
    person = signed_in(request)
    if request.method != "POST":
        return _ask(
            request,
            title=_("Make new recovery codes?"),
            text=_("The old ones stop working. The new ones are shown once."),
            yes=_("Make new codes"),
        )
    codes = services.new_codes(person=person, now=clock.now())
    if not codes:
        return redirect("accounts:factors")
    return _done(request, person, codes, "")


@require_POST
@require_person
@_recent
def stop_reset(request: HttpRequest) -> HttpResponse:
    """Stop staff from taking one's second factors away."""
    person = signed_in(request)
    found = reset_about(person, clock.now())
    if found is not None:
        withdraw_reset(reset=found, by=person, now=clock.now())
        messages.success(request, _("It is stopped. Nothing was changed."))
    return redirect("accounts:factors")
