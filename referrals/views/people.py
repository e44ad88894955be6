"""Who is on the care side: asked, compared in person, confirmed and ended by the lead."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peersupport.core import clock
from peersupport.core.states import NotAllowedFrom
from referrals import rules
from referrals.forms.people import AddressForm, PersonForm
from referrals.permissions import require_lead, require_proof, seated
from referrals.queries import counselors as queries
from referrals.queries.counselors import PersonRow
from referrals.rules import CareRole
from referrals.services import counselors
from referrals.services.counselors import Invited
from referrals.views.pages import show

_GET_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
@require_lead
def people(request: HttpRequest) -> HttpResponse:
    """Show everybody."""
    return show(request, "people", {"people": queries.people(clock.now())})


def _found(counselor: uuid.UUID) -> PersonRow:
    row = queries.person(counselor, clock.now())
    if row is None:
        raise Http404
    return row


@require_safe
@require_lead
def person(request: HttpRequest, counselor: uuid.UUID) -> HttpResponse:
    """Show one of them, and what the lead may do."""
    row = _found(counselor)
    other = CareRole.COUNSELOR if row.role == CareRole.LEAD else CareRole.LEAD
    context = {"row": row, "other_role": other, "is_me": row.id == seated(request).pk}
    return show(request, "person", context)


@require_http_methods(_GET_OR_POST)
@require_lead
@require_proof
def add(request: HttpRequest) -> HttpResponse:
    """Ask somebody to join: the code is shown once, here."""
    form = PersonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            asked = counselors.ask_to_join(
                name=said["name"],
                email=said["email"],
                role=CareRole(said["role"]),
                by=seated(request),
                now=clock.now(),
            )
        except rules.AlreadyThere:
            form.add_error("email", _("Somebody with this address is here, or was asked."))
        except rules.NotAllowed:
            raise Http404 from None
        else:
            return _show_code(request, asked)
    return show(request, "person_add", {"form": form})


def _show_code(request: HttpRequest, asked: Invited) -> HttpResponse:
    context = {"row": _found(asked.counselor.pk), "code": asked.code}
    return show(request, "code", context)


@require_POST
@require_lead
@require_proof
def new_code(request: HttpRequest, counselor: uuid.UUID) -> HttpResponse:
    """Make another code for somebody who has not joined; it is shown once, here."""
    try:
        asked = counselors.ask_again(counselor=counselor, by=seated(request), now=clock.now())
    except (rules.NotAllowed, NotAllowedFrom):
        raise Http404 from None
    return _show_code(request, asked)


def _done(request: HttpRequest, act: Callable[[], Any], words: str) -> HttpResponse:
    """Do something to somebody and go back to the list; say so if it could not be done."""
    try:
        act()
    except rules.LastLead:
        messages.error(request, _("The last lead stays. Make somebody else a lead first."))
    except NotAllowedFrom:
        messages.info(request, _("Somebody was there first. Look at what stands here now."))
    except rules.NotAllowed:
        raise Http404 from None
    else:
        messages.success(request, words)
    return redirect("care:people")


@require_http_methods(_GET_OR_POST)
@require_lead
@require_proof
def confirm(request: HttpRequest, counselor: uuid.UUID, passkey: uuid.UUID) -> HttpResponse:
    """Compare a passkey's letters with those on its owner's screen, in person; then confirm."""
    row = _found(counselor)
    key = next((each for each in row.waiting if each.id == passkey), None)
    if key is None:
        raise Http404
    if request.method != "POST":
        return show(request, "confirm", {"row": row, "key": key})
    return _done(
        request,
        lambda: counselors.confirm(passkey=key.id, by=seated(request), now=clock.now()),
        _("Confirmed. They can sign in now."),
    )


@require_http_methods(_GET_OR_POST)
@require_lead
@require_proof
def end(request: HttpRequest, counselor: uuid.UUID) -> HttpResponse:
    """Ask, then end somebody at once."""
    row = _found(counselor)
    if row.state == "ended":
        raise Http404
    if request.method != "POST":
        return show(request, "end", {"row": row})
    return _done(
        request,
        lambda: counselors.end_counselor(counselor=row.id, by=seated(request), now=clock.now()),
        _("Done. They are out, everywhere."),
    )


@require_http_methods(_GET_OR_POST)
@require_lead
@require_proof
def change_address(request: HttpRequest, counselor: uuid.UUID) -> HttpResponse:
    """Write another address for somebody, or say that theirs is right."""
    row = _found(counselor)
    if row.state not in ("joined", "active"):
        raise Http404
    is_post = request.method == "POST"
    form = AddressForm(request.POST if is_post else None, initial={"email": row.email})
    if is_post and form.is_valid():
        email, by = form.cleaned_data["email"], seated(request)
        try:
            is_another = counselors.change_address(
                counselor=row.id, email=email, by=by, now=clock.now()
            )
        except rules.AlreadyThere:
            form.add_error("email", _("Somebody with this address is here, or was asked."))
        except (rules.NotAllowed, NotAllowedFrom):
            raise Http404 from None
        else:
            new = _("Saved. They sign in anew.")
            messages.success(request, new if is_another else _("Saved. We try it again."))
            return redirect("care:person", row.id)
    return show(request, "address", {"form": form, "row": row})


@require_POST
@require_lead
@require_proof
def change_role(request: HttpRequest, counselor: uuid.UUID) -> HttpResponse:
    """Make somebody a lead, or a counselor again."""
    try:
        role = CareRole(request.POST.get("role", ""))
    except ValueError:
        raise Http404 from None
    return _done(
        request,
        lambda: counselors.change_role(
            counselor=counselor, role=role, by=seated(request), now=clock.now()
        ),
        _("Done. They sign in anew."),
    )
