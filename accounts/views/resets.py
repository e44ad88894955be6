"""Taking away the second factors of somebody who has lost them: one asks, another agrees."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.forms.factors import WhoseForm
from accounts.permissions import require_recent, require_role, signed_in
from accounts.queries import factors as reads
from accounts.rules import NotAllowed, Role
from accounts.services import resets as services
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]
_staff = require_role(Role.ADMINISTRATOR, Role.COORDINATOR)
_recent = require_recent(10, back="accounts:resets")


@require_http_methods(_GET_OR_POST)
@_staff
@_recent
def resets(request: HttpRequest) -> HttpResponse:
    """Show what is asked for; ask for somebody."""
    person, now = signed_in(request), clock.now()
    form = WhoseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        whose = reads.with_address(form.cleaned_data["email"])
        try:
            if whose is None:
                form.add_error("email", _("Nobody has this address."))
            else:
                services.start_reset(person=whose, by=person, now=now)
                messages.success(request, _("Asked for. Another member of staff must agree."))
                return redirect("accounts:resets")
        except NotAllowed:
            form.add_error("email", _("Somebody else must ask for you."))
    context = {"form": form, "asked": reads.resets(person, now), "personal": True}
    status = 400 if form.errors else 200
    return render(request, "accounts/resets.html", context, status=status)


@require_http_methods(_GET_OR_POST)
@_staff
@_recent
def agree(request: HttpRequest, reset: uuid.UUID) -> HttpResponse:
    """Agree to what another has asked for, once it is said to be meant."""
    person, now = signed_in(request), clock.now()
    found = {each.key: each for each in reads.resets(person, now)}.get(reset)
    if found is None or found.is_mine or found.is_about_me:
        raise Http404
    if request.method != "POST":
        context = {
            "title": _("Take these second factors away?"),
            "text": _(
                "You have spoken with %(email)s and know that it is them. They will be signed "
                "out everywhere and set up a new one when they next sign in."
            )
            % {"email": found.email},
            "yes": _("Take them away"),
            "action": request.path,
            "no": reverse("accounts:resets"),
            "personal": True,
        }
        return render(request, "accounts/confirm.html", context)
    try:
        done = services.agree_to_reset(reset=reset, by=person, now=now)
    except NotAllowed:
        raise Http404 from None
    if done:
        messages.success(request, _("Done. They can sign in with a code and set up a new one."))
    return redirect("accounts:resets")


@require_http_methods(["POST"])
@_staff
@_recent
def withdraw(request: HttpRequest, reset: uuid.UUID) -> HttpResponse:
    """Stop a request."""
    try:
        services.withdraw_reset(reset=reset, by=signed_in(request), now=clock.now())
    except NotAllowed:
        raise Http404 from None
    return redirect("accounts:resets")
