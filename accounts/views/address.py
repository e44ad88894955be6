"""Changing the e-mail address one signs in with."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import limits, mail_codes
from accounts.adapter import CouldNotSend
from accounts.forms.factors import NewAddressForm
from accounts.forms.sign_in import CodeForm
from accounts.permissions import require_person, require_recent, signed_in
from accounts.services.addresses import AddressTaken, change_address, is_free
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]
_PURPOSE = "address"
_recent = require_recent(10, back="accounts:address")


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the new address and send a code there. The answer is the same for every address."""
    form = NewAddressForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "personal": True}
    if request.method != "POST":
        return render(request, "accounts/address.html", context)
    if not form.is_valid():
        return render(request, "accounts/address.html", context, status=400)
    email = form.cleaned_data["email"]
    if not limits.may_ask(request, email):
        return render(request, "errors/429.html", status=429)
    try:
        mail_codes.send(request, purpose=_PURPOSE, to=email, may=is_free(email), now=clock.now())
    except CouldNotSend:
        form.add_error(None, _("We could not send the code just now. Try again in a minute."))
        return render(request, "accounts/address.html", context, status=503)
    return redirect("accounts:address-code")


@require_http_methods(_GET_OR_POST)
@require_person
@_recent
def code(request: HttpRequest) -> HttpResponse:
    """Take the code, and change the address."""
    person, now = signed_in(request), clock.now()
    email = mail_codes.waits_for(request, _PURPOSE, now)
    if not email:
        return redirect("accounts:address")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not limits.may_try(request):
            return render(request, "errors/429.html", status=429)
        typed = form.cleaned_data["code"]
        if mail_codes.is_right(request, purpose=_PURPOSE, typed=typed, now=now):
            try:
                change_address(person=person, email=email, now=now)
            except AddressTaken:
                return redirect("accounts:address")
            update_session_auth_hash(request, person)
            messages.success(request, _("From now on you sign in with the new address."))
            return redirect("accounts:account")
        if not mail_codes.waits_for(request, _PURPOSE, now):
            return redirect("accounts:address")
        form.add_error("code", _("That is not the code. Look at the newest e-mail from us."))
    context = {"form": form, "email": email, "personal": True}
    status = 400 if form.errors else 200
    return render(request, "accounts/address_code.html", context, status=status)
