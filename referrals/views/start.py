"""The first page: what this is, who reads it and when; and what to do when there is danger."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from peersupport.core import clock
from program.queries import facts
from referrals.queries.clock import is_clock_well
from referrals.queries.drafts import Gone
from referrals.queries.mine import mine
from referrals.rules import KEPT
from referrals.views.browser import begun, kept_nowhere, student_of
from referrals.views.said import listed, may_take, reading_words


@kept_nowhere
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Say what this is, before anybody is asked anything; and show one's own."""
    now = clock.now()
    zone = facts().zone
    read = reading_words(now, zone)
    student = student_of(request)
    try:
        begun(request, now)
        is_begun = True
    except Gone:
        is_begun = False
    own = [listed(one, now, zone) for one in mine(student.pk, now)] if student else []
    context = {
        "personal": student is not None or is_begun,
        "read": read,
        "may_take": may_take(read),
        # Nobody is reminded now: whoever cannot wait must know before they write.
        "is_clock_well": is_clock_well(now),
        "kept_days": KEPT.days,
        "is_begun": is_begun,
        "is_student": student is not None,
        "own": own,
    }
    return render(request, "referrals/start.html", context)


@kept_nowhere
@require_safe
def in_danger(request: HttpRequest) -> HttpResponse:
    """Stop here: who answers at this minute, before any form."""
    return render(request, "referrals/now.html", {"personal": True})
