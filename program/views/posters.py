"""What is printed: a poster and cards, with today's facts. The sign for the door is elsewhere."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import require_role
from accounts.rules import Role
from peersupport.core import clock, words
from peersupport.core.qr import qr
from peersupport.core.ui.crisis import extra_lines
from program.queries import facts
from program.queries.confidentiality import consent
from program.registry import value_of

_PRINTERS = (Role.COORDINATOR, Role.ADMINISTRATOR, Role.STUDENT_LEAD)
# Two columns of five fit A4 and US Letter alike, at the size of a card of a purse.
_CARDS = range(10)


def _context() -> dict[str, Any]:
    now, known = clock.now(), facts()
    address = settings.PUBLIC_URL.rstrip("/") + "/"
    place = value_of(known.values, "place")
    return {
        "personal": True,
        "qr": qr(address),
        "address": address.partition("://")[2].rstrip("/"),
        "numbers": extra_lines(),
        "consent": consent(known.values),
        "place": place["room"] if place else "",
        "printed": words.dated(clock.local_date(now, known.zone)),
    }


@require_role(*_PRINTERS)
@require_safe
def poster(request: HttpRequest) -> HttpResponse:
    """Show the poster: what this is, what stays private, the way to Today, the numbers."""
    return render(request, "program/poster.html", _context())


@require_role(*_PRINTERS)
@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """Show a sheet of small cards to cut out."""
    return render(request, "program/cards.html", {**_context(), "cards": _CARDS})
