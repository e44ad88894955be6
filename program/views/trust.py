"""The pledge that supporters sign, and the way for whoever was talked about."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock
from program.queries import facts
from program.queries.confidentiality import disclosures
from program.queries.settings import has_signed, pledge
from program.registry import value_of
from program.services import sign_pledge


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest) -> HttpResponse:
    """Show the pledge; sign it."""
    person, kept = signed_in(request), pledge(facts().values)
    if request.method == "POST":
        try:
            version = int(request.POST.get("version", ""))
        except ValueError:
            version = 0
        if sign_pledge(version=version, by=person, now=clock.now()):
            messages.success(request, _("Signed. Thank you."))
            return redirect(_after_signing())
        messages.warning(request, _("The words have just changed. Read them once more."))
        return redirect("program:pledge")
    context = {
        "personal": True,
        "pledge": kept,
        "is_signed": has_signed(person.pk, kept.version),
        "back": _after_signing(),
    }
    return render(request, "program/pledge.html", context)


def _after_signing() -> str:
    """Return where supporters work; this app does not know that part by import."""
    try:
        return reverse("hours:console")
    except NoReverseMatch:
        return "/"


@require_safe
def talked(request: HttpRequest) -> HttpResponse:
    """Say to everybody whom to tell if a supporter talked, and what happens then."""
    known = facts()
    context = {
        "named": value_of(known.values, "talked"),
        "disclosures": disclosures(known.values),
    }
    response = render(request, "program/talked.html", context)
    response["Cache-Control"] = "no-cache"
    return response
