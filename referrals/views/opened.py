"""What is in a case: opened by POST alone, after a passkey, recorded before it is shown.

Reloading such a page asks to open again, and is recorded again; Back shows nothing of it.
"""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from peersupport.core import clock
from peersupport.core.crypto import CannotOpen
from peersupport.core.datamap.registry import Words
from referrals import rules
from referrals.content import Content, NotContent
from referrals.models import Opening, Referral
from referrals.permissions import require_counselor, require_proof, seated
from referrals.queries.desk import contact_of
from referrals.services import opening
from referrals.views.cases import calmly, context_of, find
from referrals.views.pages import show

_WAYS: dict[str, tuple[Words, str]] = {
    "phone": (_("Call"), "tel:"),
    "text": (_("Text"), "sms:"),
    "mail": (_("Write to"), ""),
}


def _reach(content: Content) -> list[dict[str, Any]]:
    """Return the safe ways in their order. What is no number is never made a link."""
    found = []
    for one in content.reach:
        word, scheme = _WAYS.get(one.way, (_("Reach at"), ""))
        found.append({"word": word, "value": one.value, "href": _link(scheme, one.value)})
    return found


def _link(scheme: str, value: str) -> str:
    is_number = bool(scheme) and set(value) <= set("0123456789+-() .")
    return scheme + "".join(value.split()) if is_number else ""


def _open(request: HttpRequest, case: uuid.UUID, what: str, page: str) -> HttpResponse:
    found = find(request, case)
    try:
        content = opening.open_case(
            referral=Referral(pk=case), counselor=seated(request), what=what, now=clock.now()
        )
    except (CannotOpen, NotContent):
        return cannot(request, found.case.code)
    context = {**context_of(request, found), "said": content, "reach": _reach(content)}
    return show(request, page, context)


def cannot(request: HttpRequest, code: str) -> HttpResponse:
    """Say that one does not open: its code, and what to do. Never a part of what is in it."""
    return show(request, "case_cannot", {"code": code}, status=409)


@require_POST
@require_counselor
@require_proof
@calmly
def open_case(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Open a case, and show what is in it."""
    return _open(request, case, Opening.What.CASE, "opened")


@require_POST
@require_counselor
@require_proof
@calmly
def chart(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Show what is in a case as plain text, to be copied into the service's own chart."""
    return _open(request, case, Opening.What.CHART, "chart")


@require_POST
@require_counselor
@require_proof
@calmly
def where(request: HttpRequest, case: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
    """Show where somebody in danger was, and a number: the student is told who looked."""
    found = find(request, case)
    row = contact_of(found, contact)
    if row is None:
        raise rules.NotAllowed
    try:
        place, number = opening.open_contact(
            contact=row, counselor=seated(request), now=clock.now()
        )
    except (CannotOpen, NotContent):
        return cannot(request, found.case.code)
    told = {"place": place, "number": number, "href": _link("tel:", number)}
    context = {**context_of(request, found), **told}
    return show(request, "where", context)
