"""Calendars of events: the public one, and the file of one event."""

import threading
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import signed_in
from events.queries import calendars as reads
from peersupport.core import clock, ical

# HTTP dates know whole seconds, and a change is seen a moment after its own time.
_SETTLED = timedelta(seconds=10)
_lock = threading.Lock()
# The last body this process has written, under its version. It is public: everybody's alike.
_last: list[tuple[str, bytes]] = []


def _body(version: str, rows: list[reads.Announced]) -> bytes:
    """Return the calendar of a version, written once by each process."""
    with _lock:
        if not _last or _last[0][0] != version:
            with translation.override(settings.LANGUAGE_CODE):  # one, whatever its reader speaks
                body = ical.written((row.entry() for row in rows), name=_("Events"))
            _last[:] = [(version, body)]
        return _last[0][1]


def _modified(now: datetime) -> datetime | None:
    """Return when something changed last, if no other change can still fall into that second."""
    changed = reads.changed_at()
    return changed if changed is not None and now - changed > _SETTLED else None


@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """Return the public calendar, or 304: it asks nothing about who reads it."""
    now = clock.now()
    rows = reads.announced(now)
    version = reads.version_of(rows)
    modified = _modified(now)
    seconds = int(modified.timestamp()) if modified is not None else None
    early = get_conditional_response(request, etag=f'"{version}"', last_modified=seconds)
    response = early or HttpResponse(_body(version, rows), content_type=ical.TYPE)
    response["ETag"] = f'"{version}"'
    if modified is not None:
        response["Last-Modified"] = ical.http_date(modified)
    response["Cache-Control"] = "public, no-cache"
    return response


def _file(entry: ical.Entry, name: str) -> HttpResponse:
    response = HttpResponse(ical.written([entry]), content_type=ical.TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


@require_safe
def one(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Return the file of one event, for somebody's own tap.

    A public event is the same for everybody. Any other is there for whoever has a place in it,
    and its file says neither what it is nor where.
    """
    announced = reads.public_file(event)
    if announced is not None:
        response = _file(announced, "event")
        response["Cache-Control"] = "public, no-cache"
        return response
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    own = reads.own_file(event, signed_in(request), clock.now())
    if own is None:
        raise Http404
    return _file(own, "appointment")
