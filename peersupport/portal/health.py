"""`/healthz`: whether each part is well, in numbers that say nothing about anybody.

Each side answers for itself. The care side: database, broker, its clock and its messages. The web
side: all but those, and beside them how old the care side's clock is. That part does not make the
web side unwell: taking Today and the numbers away from students would mend nothing
(docs/decisions/0025-the-ladder.md). The demo answers for both.
"""

from datetime import date, datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.queries.line import oldest_old_offer
from peersupport.core import clock, daykey
from peersupport.core.datamap import queries as datamap
from peersupport.core.keyfiles import KeysUnusable
from peersupport.core.outbox import queries as outbox
from program.registry import Line, Values, register_lines
from referrals.queries import clock as care_clock
from referrals.queries.ladder import unreached

# A message of the care side that is due this long was not delivered, whatever the clock says.
DUE_STALE = timedelta(minutes=10)
FORGET_STALE = timedelta(hours=3)
# Lines of events are looked through every minute.
PLACES_STALE = timedelta(minutes=15)


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False


def _broker() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=0, timeout=2)
            return True
    except Exception:
        return False


def _key_late(now: datetime) -> int | None:
    """Return for how long this host has kept a day's key past its time; None if it has no key.

    Every host moves its own key on. The shared record of the last run says nothing about it.
    """
    try:
        return _seconds(daykey.gone_at(daykey.ratchet().day), now)
    except KeysUnusable:
        return None


def _outbox(now: datetime) -> dict[str, Any]:
    post = outbox.health(now)
    wrong = outbox.alarm(post, now)
    return {
        "ok": not wrong,
        "alarm": wrong,
        "last_drain_seconds": _seconds(post.last_drain_at, now),
        "last_tick_seconds": _seconds(post.tick_at, now),
        "last_audit_seconds": _seconds(post.audit_at, now),
        "repaired": post.repaired,
        "oldest_due_seconds": _seconds(post.oldest_due_at, now),
        "dead": post.dead,
    }


def _forgetting(now: datetime) -> dict[str, Any]:
    age, late = _seconds(datamap.last_run(now), now), _key_late(now)
    limit = FORGET_STALE.total_seconds()
    return {
        "ok": age is not None and age < limit and late is not None and late < limit,
        "last_run_seconds": age,
        "key_late_seconds": late,
    }


def _places(now: datetime) -> dict[str, Any]:
    """Return whether lines of events are moved: no offer stands long after its end."""
    late = _seconds(oldest_old_offer(now), now)
    is_well = late is None or late < PLACES_STALE.total_seconds()
    return {"ok": is_well, "late_seconds": None if is_well else late}


def _lines(values: Values, today: date) -> list[Line]:
    """Return a line of the school's facts if the lines of events stand; none while they move."""
    if _places(clock.now())["ok"]:
        return []
    said = _("Nobody is moved up: whoever looks after the server has to see to the worker")
    return [Line(_("Events"), _("Waiting for a place"), said, reverse("events:plan"), True, 61)]


def register() -> None:
    """Put what stands still into the index of the school's facts."""
    register_lines("places", _lines)


def _care_clock(now: datetime) -> dict[str, Any]:
    """Return whether the care side's clock goes, and reaches somebody with what is pressing."""
    found = _care_seen(now)
    is_unreached = unreached()
    return {**found, "ok": found["ok"] and not is_unreached, "unreached": is_unreached}


def _care_seen(now: datetime) -> dict[str, Any]:
    """Return what the web side may know of the care side: how old its clock is."""
    last = care_clock.last_round(now)
    return {"ok": care_clock.is_clock_well(now), "last_round_seconds": _seconds(last, now)}


def _care_outbox(now: datetime) -> dict[str, Any]:
    """Return how the care side's messages do. Each round of its clock delivers them."""
    post = outbox.health(now)
    due = _seconds(post.oldest_due_at, now)
    is_well = due is None or due < DUE_STALE.total_seconds()
    return {"ok": is_well, "oldest_due_seconds": due, "dead": post.dead}


def _parts(now: datetime) -> dict[str, dict[str, Any]]:
    """Return every part of this side but the database, of which it is known that it answers."""
    broker = {"ok": _broker()}
    if settings.PLANE == "care":
        return {"broker": broker, "clock": _care_clock(now), "outbox": _care_outbox(now)}
    own = {
        "broker": broker,
        "outbox": _outbox(now),
        "forgetting": _forgetting(now),
        "places": _places(now),
    }
    if settings.PLANE == "all":
        own["care_clock"] = _care_clock(now)
    return own


def report(now: datetime) -> dict[str, Any]:
    """Return the health of each part. The status is "ok" only if every part is well."""
    if not _database():
        return {"status": "failing", "database": {"ok": False}}
    parts = {"database": {"ok": True}, **_parts(now)}
    well = all(part["ok"] for part in parts.values())
    if settings.PLANE == "web":
        parts["care"] = _care_seen(now)  # said, and not counted
    return {"status": "ok" if well else "failing", **parts}


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part is well, 503 when not."""
    found = report(clock.now())
    return JsonResponse(found, status=200 if found["status"] == "ok" else 503)
