"""Somebody's own calendar, read by a secret address: neutral, and nothing of it is kept.

No session, no cookie, no name: the token in the path is all. Wrong, revoked and never made give
the same page that is missing. The logs know the path only as `calendar/<slug:token>.ics`.
"""

import hashlib
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from accounts.models import Person
from accounts.services.calendar import read_feed
from officehours.queries.pages import my_visits
from peersupport.core import clock
from peersupport.core.crypto import keyring


def _event(visit_key: bytes, person: Person, starts: datetime, ends: datetime) -> Event:
    """Return one entry: when, and a title that says nothing.

    Its name in the calendar is a mark that leads to no row: it is stable for one reader and tells
    two who compare nothing.
    """
    event = Event()
    mark = keyring().mac(person.pk.bytes + visit_key, purpose="calendar-entry").hex()[:32]
    event.add("uid", mark)
    event.add("summary", _("Appointment"))
    event.add("dtstart", starts.astimezone(clock.UTC))
    event.add("dtend", ends.astimezone(clock.UTC))
    # Required; the start itself, so that the same entry is the same bytes at every reading.
    event.add("dtstamp", starts.astimezone(clock.UTC))
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def written(person: Person, now: datetime) -> bytes:
    """Return the calendar of somebody's own booked times that are still to come or just over."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Calendar//EN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Appointments"))
    calendar.add("refresh-interval;value=duration", "PT1H")
    for visit in my_visits(person, now):
        if visit.starts_at is not None and visit.is_live:
            event = _event(visit.id.bytes, person, visit.starts_at, visit.ends_at)
            calendar.add_component(event)
    return bytes(calendar.to_ical())


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Return the calendar that a token opens, 304 if the reader has it, or what is missing."""
    now = clock.now()
    person = read_feed(token=token, today=now.date())
    if person is None:
        raise Http404
    body = written(person, now)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    return response
