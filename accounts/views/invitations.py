"""Pages of invitations: asking somebody, and being asked."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, sign_in
from accounts.adapter import CouldNotSend
from accounts.forms.invitations import ROLE_NAMES, InviteForm
from accounts.models import Invitation, Person
from accounts.permissions import require_recent, require_role, signed_in
from accounts.queries.invitations import open_invitation, open_invitations
from accounts.rules import NotAllowed, Role, TooMany
from accounts.services import invitations as services
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]
_staff = require_role(Role.ADMINISTRATOR, Role.COORDINATOR)
_recent = require_recent(30, back="accounts:invitations")


@require_http_methods(_GET_OR_POST)
@_staff
@_recent
def invitations(request: HttpRequest) -> HttpResponse:
    """Show who is invited; invite somebody."""
    person, now = signed_in(request), clock.now()
    form = InviteForm(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            services.invite(email=said["email"], role=Role(said["role"]), by=person, now=now)
        except TooMany:
            form.add_error(None, _("So many stand already, or this one was sent three times."))
        else:
            messages.success(request, _("Invited. The e-mail says nothing about why."))
            return redirect("accounts:invitations")
    standing = [(each, ROLE_NAMES[each.role]) for each in open_invitations(person, now)]
    context = {"form": form, "standing": standing, "personal": True}
    return render(
        request, "accounts/invitations.html", context, status=400 if form.errors else 200
    )


@require_POST
@_staff
@_recent
def again(request: HttpRequest, invitation: uuid.UUID) -> HttpResponse:
    """Send one more time, with a new link."""
    try:
        services.send_again(invitation=invitation, by=signed_in(request), now=clock.now())
        messages.success(request, _("Sent once more. The link before opens nothing now."))
    except TooMany:
        messages.error(request, _("It was sent three times. That is enough."))
    except NotAllowed:
        raise Http404 from None
    return redirect("accounts:invitations")


@require_POST
@_staff
@_recent
def withdraw(request: HttpRequest, invitation: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    try:
        services.withdraw(invitation=invitation, by=signed_in(request), now=clock.now())
    except NotAllowed:
        raise Http404 from None
    return redirect("accounts:invitations")


@require_http_methods(_GET_OR_POST)
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Show what somebody is asked; on their yes have the address proved, then give the role.

    Opening the page does nothing: mail scanners open every link.
    """
    row = open_invitation(token=token, now=clock.now())
    if row is None:
        raise Http404
    person = request.user if isinstance(request.user, Person) else None
    if request.method != "POST":
        return _shown(request, row, person)
    if person is None:
        return _prove(request, row)
    try:
        services.accept(token=token, person=person, now=clock.now())
    except NotAllowed:
        return _shown(request, row, person, refused=True)
    messages.success(request, _("Welcome. What you may do here now is on your pages."))
    return redirect("/")


def _prove(request: HttpRequest, row: Invitation) -> HttpResponse:
    """Send a code to the invited address, and lead back here afterwards."""
    if not limits.may_ask(request, row.email):
        return render(request, "errors/429.html", status=429)
    try:
        sign_in.begin(request, row.email, request.path, is_invited=True)
    except CouldNotSend:
        return render(request, "errors/503.html", status=503)
    return redirect("accounts:code")


def _shown(
    request: HttpRequest, row: Invitation, person: Person | None, *, refused: bool = False
) -> HttpResponse:
    context = {
        "role": ROLE_NAMES[Role(row.role)],
        "is_other": person is not None and person.email != row.email,
        "is_them": person is not None and person.email == row.email,
        "is_refused": refused,
        "personal": True,
    }
    status = 409 if refused else 200
    return render(request, "accounts/invited.html", context, status=status)
