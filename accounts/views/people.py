"""Giving and taking roles. Somebody is found by their whole address: there is no directory."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.sign_in import AddressForm
from accounts.models import Person
from accounts.permissions import may_grant, require_recent, require_role, signed_in
from accounts.queries.people import ROLE_NAMES, history, person_with, roles_of
from accounts.rules import LastAdministrator, NotAllowed, Role
from accounts.services import grant_role, revoke_role
from peersupport.core import clock, ids

_GET_OR_POST = ["GET", "HEAD", "POST"]


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_recent(back="accounts:people")
@require_http_methods(_GET_OR_POST)
def find(request: HttpRequest) -> HttpResponse:
    """Find one person by their whole address, which is sent and never stands in an address."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    form.fields["email"].label = _("Their whole e-mail address")
    if request.method == "POST" and form.is_valid():
        person = person_with(form.cleaned_data["email"])
        if person is not None:
            return redirect("accounts:person", person=person.pk)
        form.add_error("email", _("Nobody has an account with this address."))
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/people.html", {"form": form}, status=status)


def _found(person: object) -> Person:
    key = ids.parse(str(person))
    found = Person.objects.filter(pk=key).first() if key else None
    if found is None:
        raise Http404
    return found


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_recent(back="accounts:people")
@require_http_methods(["GET", "HEAD"])
def person(request: HttpRequest, person: object) -> HttpResponse:
    """Show the roles of one person, since when, and what may be changed."""
    found, by = _found(person), signed_in(request)
    mine = roles_of(found)
    rows = [
        {"role": role, "name": ROLE_NAMES[role], "has": str(role) in mine}
        for role in Role
        if may_grant(by, role)
    ]
    context = {"found": found, "rows": rows, "history": history(found)}
    return render(request, "accounts/person.html", context)


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_recent(back="accounts:people")
@require_POST
def change(request: HttpRequest, person: object) -> HttpResponse:
    """Give or take one role. In force at the person's next request."""
    found, by = _found(person), signed_in(request)
    try:
        role = Role(request.POST.get("role", ""))
    except ValueError:
        raise Http404 from None
    act = revoke_role if request.POST.get("take") else grant_role
    try:
        act(person=found, role=role, by=by, now=clock.now())
    except NotAllowed:
        messages.error(request, _("That role cannot be given or taken by you, or not to them."))
    except LastAdministrator:
        messages.error(request, _("The last administrator stays. Make another one first."))
    else:
        messages.success(request, _("Changed. It counts from their next page."))
    return redirect("accounts:person", person=found.pk)
