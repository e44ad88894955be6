"""`/healthz`: whether each part is well, in numbers that say nothing about anybody."""

from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from peersupport.core import clock, daykey
from peersupport.core.datamap import queries as datamap
from peersupport.core.keyfiles import KeysUnusable
from peersupport.core.outbox import queries as outbox

DRAIN_STALE = timedelta(minutes=2)
FORGET_STALE = timedelta(hours=3)


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


def report(now: datetime) -> dict[str, Any]:
    """Return the health of each part. The status is "ok" only if every part is well."""
    if not _database():
        parts: dict[str, Any] = {"database": {"ok": False}}
        return {"status": "failing", **parts}
    post = outbox.health(now)
    last_forget = datamap.last_run(now)
    drain_age = _seconds(post.last_drain_at, now)
    forget_age = _seconds(last_forget, now)
    key_late = _key_late(now)
    forgets = forget_age is not None and forget_age < FORGET_STALE.total_seconds()
    key_moves = key_late is not None and key_late < FORGET_STALE.total_seconds()
    parts = {
        "database": {"ok": True},
        "broker": {"ok": _broker()},
        "outbox": {
            "ok": drain_age is not None and drain_age < DRAIN_STALE.total_seconds(),
            "last_drain_seconds": drain_age,
            "oldest_due_seconds": _seconds(post.oldest_due_at, now),
            "dead": post.dead,
        },
        "forgetting": {
            "ok": forgets and key_moves,
            "last_run_seconds": forget_age,
            "key_late_seconds": key_late,
        },
    }
    well = all(part["ok"] for part in parts.values())
    return {"status": "ok" if well else "failing", **parts}


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part is well, 503 when not."""
    found = report(clock.now())
    return JsonResponse(found, status=200 if found["status"] == "ok" else 503)
