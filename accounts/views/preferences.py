"""Pages of one's own account: names, mail, and the switch that stops everything."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, mail_codes
from accounts.adapter import CouldNotSend
from accounts.forms.preferences import ContactForm, KindsForm, NamesForm
from accounts.forms.sign_in import CodeForm
from accounts.permissions import require_person, require_recent, signed_in
from accounts.queries import preferences
from accounts.rules import Role
from accounts.services.preferences import (
    change_names,
    choose_kinds,
    confirm_address,
    set_contact,
    stop_everything,
)
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]
_CONTACT = "contact"
_recent = require_recent(10, back="accounts:contact")


@require_person
@require_http_methods(_GET_OR_POST)
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own account, and change what to be called."""
    person = signed_in(request)
    names = {"called": person.called, "pronouns": person.pronouns}
    form = NamesForm(request.POST) if request.method == "POST" else NamesForm(initial=names)
    if request.method == "POST" and form.is_valid():
        change_names(person=person, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:account")
    context = {
        "form": form,
        "personal": True,
        "is_supporter": person.has_role(Role.SUPPORTER),
        "runs_program": person.has_role(Role.COORDINATOR) or person.has_role(Role.ADMINISTRATOR),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/account.html", context, status=status)


def _mail(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    person = signed_in(request)
    context = {
        "personal": True,
        "kinds": KindsForm(preferences.choices(person)),
        **more,
    }
    return render(request, "accounts/mail.html", context, status=status)


@require_person
@require_http_methods(_GET_OR_POST)
def mail(request: HttpRequest) -> HttpResponse:
    """Show what may be sent and where; keep which kinds are wanted."""
    person = signed_in(request)
    if request.method != "POST":
        return _mail(request)
    offered = preferences.choices(person)
    form = KindsForm(offered, request.POST)
    if not form.is_valid():
        return _mail(request, 400, kinds=form, form=form)
    wanted = set(form.cleaned_data["kinds"])
    choose_kinds(person=person, offered={choice.name for choice in offered}, wanted=wanted)
    messages.success(request, _("Saved."))
    return redirect("accounts:mail")


@require_person
@require_POST
def address_works(request: HttpRequest) -> HttpResponse:
    """Try an address again that did not accept mail."""
    confirm_address(person=signed_in(request))
    messages.success(request, _("We will try this address again."))
    return redirect("accounts:mail")


@require_person
@_recent
@require_http_methods(_GET_OR_POST)
def other_address(request: HttpRequest) -> HttpResponse:
    """Send a code to another address for mail, or go back to the one of signing in."""
    person = signed_in(request)
    if request.method == "POST" and request.POST.get("own"):
        set_contact(person=person, email="")
        messages.success(request, _("Mail goes to the address you sign in with."))
        return redirect("accounts:mail")
    form = ContactForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "personal": True}
    if request.method != "POST":
        return render(request, "accounts/contact.html", context)
    if not form.is_valid():
        return render(request, "accounts/contact.html", context, status=400)
    email = form.cleaned_data["email"]
    if not limits.may_ask(request, email):
        return render(request, "errors/429.html", status=429)
    try:
        mail_codes.send(request, purpose=_CONTACT, to=email, may=True, now=clock.now())
    except CouldNotSend:
        form.add_error(None, _("We could not send the code just now. Try again in a minute."))
        return render(request, "accounts/contact.html", context, status=503)
    return redirect("accounts:contact-code")


@require_person
@_recent
@require_http_methods(_GET_OR_POST)
def contact_code(request: HttpRequest) -> HttpResponse:
    """Take the code that went to another address."""
    person, now = signed_in(request), clock.now()
    email = mail_codes.waits_for(request, _CONTACT, now)
    if not email:
        return redirect("accounts:mail")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not limits.may_try(request):
            return render(request, "errors/429.html", status=429)
        typed = form.cleaned_data["code"]
        if mail_codes.is_right(request, purpose=_CONTACT, typed=typed, now=now):
            set_contact(person=person, email=email)
            messages.success(request, _("Mail goes to the new address from now on."))
            return redirect("accounts:mail")
        if not mail_codes.waits_for(request, _CONTACT, now):
            messages.warning(request, _("That was not the code, too often. Ask for a new one."))
            return redirect("accounts:mail")
        form.add_error("code", _("That is not the code. Look at the newest e-mail from us."))
    context = {"form": form, "email": email, "personal": True}
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/contact_code.html", context, status=status)


@require_person
@require_http_methods(_GET_OR_POST)
def stop(request: HttpRequest) -> HttpResponse:
    """Show the switch that stops everything; looking at the page changes nothing."""
    person = signed_in(request)
    if request.method != "POST":
        return render(request, "accounts/stop.html", {"personal": True})
    is_silent = request.POST.get("send") != "again"
    stop_everything(person=person, is_silent=is_silent)
    said = _("We send you nothing from now on.") if is_silent else _("We may send you mail again.")
    messages.success(request, said)
    return redirect("accounts:stop")
