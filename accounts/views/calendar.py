"""The page of one's own calendar address. The address is shown once, where it is made."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_person, require_recent, signed_in
from accounts.services.calendar import end_feed, feed_of, new_feed
from peersupport.core import words


@require_person
@require_recent(10, back="accounts:calendar")
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Show whether there is an address; make one, or another one, and show it this once."""
    person = signed_in(request)
    address = ""
    if request.method == "POST":
        address = f"{settings.PUBLIC_URL.rstrip('/')}/calendar/{new_feed(person=person)}.ics"
    feed = feed_of(person)
    context = {
        "personal": True,
        "address": address,
        "feed": feed,
        "used": words.day(feed.used_on) if feed and feed.used_on else "",
    }
    response = render(request, "accounts/calendar.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_person
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Take the address away."""
    end_feed(person=signed_in(request))
    messages.success(request, _("The address opens nothing any more."))
    return redirect("accounts:calendar")
