"""Calendars of events: the public one, and the file of one event."""

import threading
import uuid
from dataclasses import dataclass
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

# HTTP dates know whole seconds, and clocks of two hosts are not quite the same.
_SETTLED = timedelta(seconds=10)


@dataclass(slots=True)
class _Known:
    """What this process knows of the public calendar: public itself, and the same for all."""

    version: str
    since: datetime  # when this process saw the version first: it is of then or older
    body: bytes | None = None


_lock = threading.Lock()
_last: list[_Known] = []


def _known(version: str, now: datetime) -> _Known:
    with _lock:
        if not _last or _last[0].version != version:
            _last[:] = [_Known(version, now)]
        return _last[0]


def _body(known: _Known, rows: list[reads.Announced]) -> bytes:
    """Return the calendar of a version, written once by each process."""
    with _lock:
        if known.body is None:
            with translation.override(settings.LANGUAGE_CODE):  # whatever its reader speaks
                known.body = ical.written((row.entry() for row in rows), name=_("Events"))
        return known.body


@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """Return the public calendar, or 304: it asks nothing about who reads it. One query.

    Whoever knows the date alone gets one once it is certain which version it stands for.
    """
    now = clock.now()
    rows = reads.announced(now)
    known = _known(reads.version_of(rows), now)
    etag, is_settled = f'"{known.version}"', now - known.since > _SETTLED
    seconds = int(known.since.timestamp()) if is_settled else None
    early = get_conditional_response(request, etag=etag, last_modified=seconds)
    response = early or HttpResponse(_body(known, rows), content_type=ical.TYPE)
    response["ETag"] = etag
    if is_settled:
        response["Last-Modified"] = ical.http_date(known.since)
    response["Cache-Control"] = "public, no-cache"
    return response


def _file(entry: ical.Entry, name: str) -> HttpResponse:
    response = HttpResponse(ical.written([entry]), content_type=ical.TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


@require_safe
def one(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Return the file of one event, for somebody's own tap.

    A public event is the same for everybody. Any other is there for whoever may see it, and its
    file says neither what it is nor where.
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
