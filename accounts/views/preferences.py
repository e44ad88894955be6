"""Pages of one's own account: names, mail, and the switch that stops everything."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import contact, limits
from accounts.adapter import CouldNotSend
from accounts.forms.preferences import ContactForm, KindsForm, NamesForm
from accounts.forms.sign_in import CodeForm
from accounts.permissions import require_person, signed_in
from accounts.queries import preferences
from accounts.rules import Role
from accounts.services.preferences import (
    change_names,
    choose_kinds,
    set_contact,
    stop_everything,
)
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]


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
        "contact": ContactForm(),
        "awaited": contact.awaited(request, clock.now()),
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
def other_address(request: HttpRequest) -> HttpResponse:
    """Send a code to another address, or go back to the one of signing in."""
    person = signed_in(request)
    if request.POST.get("own"):
        contact.forget(request)
        set_contact(person=person, email="")
        messages.success(request, _("Mail goes to the address you sign in with."))
        return redirect("accounts:mail")
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _mail(request, 400, contact=form, form=form)
    email = form.cleaned_data["email"]
    if not (limits.may_ask(request, email) and limits.may_ask(request, person.email)):
        return render(request, "errors/429.html", status=429)
    try:
        contact.begin(request, email, clock.now())
    except CouldNotSend:
        contact.forget(request)
        form.add_error(None, _("We could not send the code just now. Try again in a minute."))
        return _mail(request, 503, contact=form, form=form)
    return redirect("accounts:contact-code")


@require_person
@require_http_methods(_GET_OR_POST)
def contact_code(request: HttpRequest) -> HttpResponse:
    """Take the code that went to another address."""
    person, now = signed_in(request), clock.now()
    email = contact.awaited(request, now)
    if not email:
        return redirect("accounts:mail")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not limits.may_try(request, email):
            return render(request, "errors/429.html", status=429)
        if contact.confirm(request, person, form.cleaned_data["code"], now):
            messages.success(request, _("Mail goes to the new address from now on."))
            return redirect("accounts:mail")
        if not contact.awaited(request, now):
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
