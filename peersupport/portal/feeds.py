"""Somebody's own calendar, read by a secret address: neutral, and nothing of it is kept.

No session, no cookie, no name: the token in the path is all. Wrong, revoked and never made give
the same page that is missing. The logs know the path only as `calendar/<slug:token>.ics`.
"""

import hashlib
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.services.calendar import read_feed
from events.queries import calendars as events
from officehours.queries.pages import my_visits
from peersupport.core import clock, ical
from peersupport.core.crypto import keyring
from peersupport.core.ical import Entry


def _visit(visit_key: bytes, person: Person, starts: datetime, ends: datetime) -> Entry:
    """Return one visit as an entry: when, and a title that says nothing.

    Its name in the calendar is a mark that leads to no row: it is stable for one reader and tells
    two who compare nothing. A visit that is moved is another one, so its facts never change: they
    are dated by its own begin, and the same entry is the same bytes at every reading.
    """
    mark = keyring().mac(person.pk.bytes + visit_key, purpose="calendar-entry").hex()[:32]
    return Entry(mark, _("Appointment"), starts, ends, changed_at=starts)


def entries_of(person: Person, now: datetime) -> list[Entry]:
    """Return somebody's own booked times and what they have a place in, by time.

    All have the same title and nothing else that says what they are.
    """
    visits = [
        _visit(visit.id.bytes, person, visit.starts_at, visit.ends_at)
        for visit in my_visits(person, now)
        if visit.starts_at is not None and visit.is_live
    ]
    return sorted([*visits, *events.mine(person, now)], key=lambda e: (e.starts_at, e.uid))


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Return the calendar that a token opens, 304 if the reader has it, or what is missing.

    There is no Last-Modified: it would have to be kept when somebody booked or let go.
    """
    now = clock.now()
    person = read_feed(token=token, today=now.date())
    if person is None:
        raise Http404
    body = ical.written(entries_of(person, now), name=_("Appointments"))
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    early = get_conditional_response(request, etag=etag)
    response = early or HttpResponse(body, content_type=ical.TYPE)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    return response
