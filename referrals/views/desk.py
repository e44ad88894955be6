"""The desk: what waits, what one has, what was handed over. It refreshes by itself."""

import hashlib
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from peersupport.core import clock, words
from peersupport.core.datamap.registry import Words
from program.queries import facts
from referrals import rules
from referrals.models import Counselor
from referrals.permissions import require_counselor, require_lead, seated
from referrals.queries import desk as reads_of
from referrals.rules import CareRole
from referrals.services import chain, routing
from referrals.views.desk_words import closed, described, opened
from referrals.views.pages import show

_PARTS: tuple[tuple[str, Words], ...] = (
    ("danger", gettext_lazy("In danger")),
    ("held", gettext_lazy("Somebody else must take these")),
    ("handed", gettext_lazy("Handed to you")),
    ("waiting", gettext_lazy("Waits for an answer")),
    ("mine", gettext_lazy("Yours")),
    ("others", gettext_lazy("With colleagues")),
)


def _context(counselor: Counselor) -> dict[str, Any]:
    """Return what the list shows. What is new is routed first: nobody waits for the clock."""
    now = clock.now()
    routing.route_new(now=now)
    zone = facts().zone
    found = reads_of.desk(counselor, now, zone)
    parts = [
        {"name": name, "title": title, "cases": [described(one, now, zone) for one in cases]}
        for name, title in _PARTS
        if (cases := getattr(found, name))
    ]
    reads = found.reads_next
    is_now = reads is not None and reads <= now
    context = {
        "parts": parts,
        "unopenable": [closed(one, now, zone) for one in found.unopenable],
        "broken": [closed(one, now, zone) for one in found.broken],
        "unrouted": found.unrouted,
        "reads": "" if reads is None or is_now else words.moment_near(reads, now, zone),
        "is_read_now": is_now,
    }
    said = repr([*context.values(), [str(part["title"]) for part in parts]])
    version = hashlib.sha256(said.encode()).hexdigest()[:20]
    return {**context, "version": version}


@require_safe
@require_counselor
def desk(request: HttpRequest) -> HttpResponse:
    """Show everything that this counselor may see: by urgency, and by how long it waits."""
    return show(request, "desk", _context(seated(request)))


@require_safe
@require_counselor
def desk_list(request: HttpRequest) -> HttpResponse:
    """Return the list alone, or nothing if the page has it already. It keeps no desk open."""
    context = _context(seated(request))
    if request.GET.get("v") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "care/_desk.html", context)


@require_POST
@require_lead
def try_again(request: HttpRequest) -> HttpResponse:
    """Read once more what did not open: a key may have been brought back."""
    try:
        count = routing.try_again(by=seated(request), now=clock.now())
    except rules.NotAllowed:
        raise Http404 from None
    if count:
        said = ngettext("%d opens now.", "%d open now.", count) % count
        messages.success(request, said)
    else:
        messages.error(request, _("It still does not open."))
    return redirect("care:desk")


@require_safe
@require_counselor
def log(request: HttpRequest) -> HttpResponse:
    """Show what was opened: one's own, and for the lead everybody's, and if it is whole."""
    counselor, now, zone = seated(request), clock.now(), facts().zone
    rows = [opened(one, now, zone) for one in reads_of.openings(counselor)]
    is_lead = counselor.role == CareRole.LEAD
    faults = chain.verify(now=now) if is_lead else []
    ended = [{"id": one.pk, "code": one.code} for one in reads_of.ended(counselor)]
    context = {"rows": rows, "faults": len(faults), "ended": ended, "is_lead": is_lead}
    return show(request, "log", context)
